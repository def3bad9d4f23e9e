"""What can be said of images and Compose without a container engine."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from replay import options as replay_options
from scripted_engine.__main__ import options as engine_options

from analyzer.cli.options import parser as analyzer_parser
from exporter.settings import ENV_PREFIX, Settings

ROOT = Path(__file__).parents[2]
IMAGES = sorted((ROOT / "deploy" / "images").glob("*.Dockerfile"))
COMPOSE = ROOT / "deploy" / "compose"
COMPOSE_FILE = COMPOSE / "compose.yaml"
SENT = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, continued lines joined, comments left out."""
    lines = [line for line in dockerfile.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines() if line]


def last(dockerfile: Path, name: str) -> str:
    return [rest for word, rest in instructions(dockerfile) if word == name][-1]


def environment(dockerfile: Path) -> dict[str, str]:
    """The ENV instructions of a Dockerfile."""
    words = [word for name, rest in instructions(dockerfile) if name == "ENV" for word in shlex.split(rest)]
    return dict(word.split("=", 1) for word in words)


def compose() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
    return told


def setting(variable: str) -> str:
    return variable.removeprefix(ENV_PREFIX).lower()


def test_each_program_has_an_image() -> None:
    assert {image.stem for image in IMAGES} == {"exporter", "analyzer", "demo"}


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.stem)
class TestImage:
    def test_copies_only_what_exists_and_is_sent_to_the_builder(self, image: Path) -> None:
        copied = [rest.split()[:-1] for name, rest in instructions(image) if name == "COPY" and "--from" not in rest]
        sources = {source for sources in copied for source in sources}
        assert sources <= SENT
        assert [source for source in sources if not (ROOT / source).exists()] == []

    def test_installs_the_pinned_versions(self, image: Path) -> None:
        installs = [rest for name, rest in instructions(image) if name == "RUN" and ".[" in rest]
        assert len(installs) == 1
        assert "-c constraints.txt --build-constraint constraints.txt" in installs[0]

    def test_runs_as_somebody_other_than_root(self, image: Path) -> None:
        assert int(last(image, "USER")) > 0

    def test_starts_a_command_that_exists(self, image: Path) -> None:
        (program,) = json.loads(last(image, "ENTRYPOINT"))
        assert program in {*SCRIPTS, "python"}

    def test_is_slim_and_built_in_two_stages(self, image: Path) -> None:
        bases = [rest.split()[0] for name, rest in instructions(image) if name == "FROM"]
        assert bases == ["python:3.11-slim"] * 2

    def test_sets_only_settings_that_the_sidecar_knows(self, image: Path) -> None:
        told = {setting(name): value for name, value in environment(image).items() if name.startswith(ENV_PREFIX)}
        assert set(told) <= set(Settings.model_fields)
        Settings.model_validate({"upstream": "http://engine:8000"} | told)


def test_the_image_of_the_sidecar_publishes_the_ports_it_listens_on() -> None:
    image = ROOT / "deploy" / "images" / "exporter.Dockerfile"
    told = environment(image)
    ports = [told[f"{ENV_PREFIX}{name}"].rpartition(":")[2] for name in ("LISTEN", "ADMIN", "HEALTH")]
    assert last(image, "EXPOSE").split() == ports
    assert f":{ports[2]}/healthz" in last(image, "HEALTHCHECK")
    assert told[f"{ENV_PREFIX}RECORDS"] == last(image, "VOLUME")


def test_compose_follows_the_specification() -> None:
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*command, COMPOSE_FILE], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_schema_of_compose_files_finds_a_mistake(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE_FILE.read_text().replace("depends_on:", "depend_on:", 1))
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", wrong]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_what_compose_mounts_and_builds_exists() -> None:
    told = compose()
    for name, service in told["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            exists = (COMPOSE / source).exists() if source.startswith(".") else source in told["volumes"]
            assert exists, f"{name} mounts {source}"
        if build := service.get("build"):
            assert (COMPOSE / build["context"]).resolve() == ROOT
            assert (ROOT / build["dockerfile"]).is_file()
        for other in service.get("depends_on", []):
            assert other in told["services"]


def test_compose_gives_the_sidecar_only_settings_that_it_accepts() -> None:
    service = compose()["services"]["sidecar"]
    settings = Settings.model_validate({setting(name): value for name, value in service["environment"].items()})
    assert settings.upstream == "http://engine:8000"
    assert int(service["stop_grace_period"].removesuffix("s")) > settings.drain_seconds


def test_compose_starts_the_programs_with_options_that_they_accept() -> None:
    services = compose()["services"]
    assert engine_options(services["engine"]["command"][1:]).port == 8000
    assert replay_options(services["load"]["command"][1:]).url == "http://sidecar:8080"
    assert analyzer_parser().parse_args(services["report"]["command"]).out == Path("/reports")
    for name in ("engine", "load"):
        assert (ROOT / services[name]["command"][0].lstrip("/")).is_file()


def test_compose_publishes_nothing_beyond_the_loopback_address() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 4
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_prometheus_accepts_its_configuration() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    checked = subprocess.run(
        [promtool, "check", "config", COMPOSE / "prometheus" / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_prometheus_scrapes_the_port_of_the_metrics() -> None:
    told = yaml.safe_load((COMPOSE / "prometheus" / "prometheus.yml").read_text())
    admin = environment(ROOT / "deploy" / "images" / "exporter.Dockerfile")[f"{ENV_PREFIX}ADMIN"]
    (job,) = told["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"sidecar:{admin.rpartition(':')[2]}"]}]


def test_grafana_finds_the_boards_and_prometheus() -> None:
    provisioning = COMPOSE / "grafana" / "provisioning"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "tokentide.yaml").read_text())["providers"]
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
    services = compose()["services"]
    assert f"../../dashboards/generated:{provider['options']['path']}:ro" in services["grafana"]["volumes"]
    assert source["url"] == "http://prometheus:9090"
    assert source["isDefault"]
    assert list((ROOT / "dashboards" / "generated").glob("*.json"))
