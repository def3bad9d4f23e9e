"""The documents are true where that is cheap to hold: links, commands, names, figures and generated pages."""

import argparse
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.cli.options import parser as analyzer_parser
from analyzer.profiles import ProfileSettings
from analyzer.settings import Settings as AnalyzerSettings
from exporter import cli
from exporter.catalog import METRICS
from exporter.dialect.base import Usage
from exporter.observe.observation import Content, Observation
from exporter.observe.recorder import Recorder
from exporter.settings import Settings as SidecarSettings

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
PACKAGES = ("exporter", "analyzer", "dashboards")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"```sh\n(.*?)```", re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(
    r"(?:exporter|analyzer|dashboards|deploy|examples|tests|docs)/[\w./-]+\.(?:py|sql|md|toml|ya?ml|json|parquet|svg|png|txt)"
)
METRIC = re.compile(r"\b(?:tokentide_[a-z0-9_]+|gen_ai_[a-z0-9_]+_(?:seconds|usage))\b")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)


def commands(page: Path) -> list[str]:
    """The shell lines of a page, continuation lines joined, comments left out."""
    text = "".join(FENCE.findall(page.read_text())).replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page get."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        assert place.exists(), f"{target} does not exist"
        assert not anchor or anchor in anchors(place), f"{target} has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_that_is_named_exists(page: Path) -> None:
    for words in CODE.findall(prose(page)):
        if PATH.fullmatch(words):
            assert (ROOT / words).exists() or (page.parent / words).exists(), f"{words} does not exist"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_metric_that_is_named_is_in_the_catalogue(page: Path) -> None:
    families = {metric.prometheus for metric in METRICS}
    for name in METRIC.findall(page.read_text()):
        family = re.sub(r"_(total|bucket|count|sum|info)$", "", name)
        assert {name, family} & families, f"there is no metric {name}"


SPOKEN = [(named(page), command) for page in PAGES for command in commands(page)]


@pytest.mark.parametrize(("page", "command"), SPOKEN)
def test_every_command_that_a_page_tells_to_type_is_one_that_exists(page: str, command: str) -> None:
    words = shlex.split(command, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words.pop(0)
    program = words[0]
    parsers: dict[str, Callable[[], argparse.ArgumentParser]] = {
        "tokentide-exporter": cli.parser,
        "tokentide-analyzer": analyzer_parser,
    }
    if Path(program).name in parsers:
        try:
            parsers[Path(program).name]().parse_args(words[1:])
        except SystemExit as ended:
            assert ended.code == 0, f"{page} says: {command}"  # noqa: PT017 - 0 is --help and --version
    elif program == "make":
        targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        asked = [word for word in words[1:] if "=" not in word]
        assert set(asked) <= set(targets), f"the Makefile has no target {asked}"
    elif Path(program).name.startswith("python") and words[1].endswith(".py"):
        assert (ROOT / words[1]).exists(), f"{page} names {words[1]}, which does not exist"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_settings_file_on_a_page_can_be_used(page: Path) -> None:
    for text in re.findall(r"```toml\n(.*?)```", page.read_text(), flags=re.DOTALL):
        values = tomllib.loads(text)
        if text.startswith("# sidecar.toml\n"):
            assert SidecarSettings.model_validate(values)
        elif text.startswith("# profile.toml\n"):
            assert ProfileSettings.model_validate(values)
        else:
            assert text.startswith("# analyzer.toml\n"), "a settings file says on its first line whose it is"
            assert AnalyzerSettings.model_validate(values)


def test_the_generated_references_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_dependency_has_its_sentence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for requirements in [*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()]:
        wanted += requirements
    text = (ROOT / "docs" / "adr" / "0005-dependencies.md").read_text()
    for requirement in wanted:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert name is not None
        assert name.group() == "tokentide" or f"`{name.group()}`" in text, f"{requirement} has no sentence"


def test_no_dependency_is_explained_that_is_not_there() -> None:
    text = (ROOT / "docs" / "adr" / "0005-dependencies.md").read_text()
    project = (ROOT / "pyproject.toml").read_text()
    explained = re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)
    assert explained
    for name in explained:
        assert re.search(rf'"{re.escape(name)}["><=\[~!]', project), f"{name} is no dependency"


def test_the_tree_names_every_part_and_no_other() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    tree = page[page.index("exporter/     ") : page.index("## Who may import whom")]
    blocks = re.split(r"^(?=\w+/ )", tree, flags=re.MULTILINE)
    for block in blocks:
        top = block.partition("/")[0]
        assert (ROOT / top).is_dir(), f"{top}/ does not exist"
        if top not in {"exporter", "analyzer"}:
            continue
        parts = {path.stem for path in (ROOT / top).glob("*.py")} | {
            path.name for path in (ROOT / top).iterdir() if path.is_dir() and any(path.iterdir())
        }
        for part in parts - {"__init__", "__pycache__"}:
            assert re.search(rf"\b{part}\b", block), f"the tree does not name {top}/{part}"


@pytest.mark.parametrize("name", ["architecture.md", "life-of-a-request.md"])
def test_every_name_of_the_code_on_a_page_is_in_the_code(name: str) -> None:
    text = "\n".join(file.read_text() for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    for words in CODE.findall(prose(ROOT / "docs" / name)):
        last = re.fullmatch(r"(?:\w+\.)+([A-Za-z_]+)", words)
        if last is None or words.endswith((".md", ".py", ".toml", ".json")):
            continue
        module = any((ROOT / package).rglob(f"{last.group(1)}.py") for package in PACKAGES)
        assert module or re.search(rf"(def|class) {last.group(1)}\b", text), f"there is no {words}"


def test_the_example_of_the_life_of_a_request_is_what_the_recorder_measures() -> None:
    million = 1_000_000
    contents = tuple(
        Content(at * million, 0, "answer", "word ", tokens) for at, tokens in ((200, 1), (220, 1), (260, 2))
    )
    seen = Observation(
        request_id="example",
        trace=None,
        operation="chat",
        upstream="127.0.0.1:8000",
        wall_us=0,
        concurrency=1,
        received=0,
        sent=0,
        first_byte=150 * million,
        ended=261 * million,
        prompt=None,
        contents=contents,
        usage=Usage(input_tokens=10, output_tokens=4),
        continuous=False,
        output_token_ids=0,
        streamed=True,
        http_status=200,
        outcome="completed",
    )
    record = Recorder("docs", "full").measure(seen, None).record
    assert (record.ttft_us, record.ttst_us, record.e2e_us) == (200_000, 20_000, 260_000)
    assert (record.tpot_us, record.itl_p50_us, record.itl_max_us) == (20_000, 20_000, 20_000)
    assert (record.chunk_gaps_us, record.chunk_tokens) == ((20_000, 40_000), (1, 1, 2))
    page = (ROOT / "docs" / "life-of-a-request.md").read_text()
    for row in ("| 1st content | 200 | 1 |", "| 2nd content | 220 | 1 |", "| 3rd content | 260 | 2 |"):
        assert row in page
    assert "TTFT is 200, TTST 20, the chunk gaps are 20 and 40." in page
    assert "TPOT is 60 / 3 = 20, E2E is 260." in page
