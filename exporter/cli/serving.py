"""The commands `serve` and `check`: start the sidecar, or say what would keep it from working."""

import argparse
import contextlib
import logging
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

import setproctitle

from exporter.app import keys, plan, upkeep
from exporter.app.check import findings, notes
from exporter.app.headers import header_values
from exporter.errors import BadSettings, Unusable
from exporter.proxy import tls
from exporter.settings import Settings, host_port, load
from exporter.supervisor import health, probe
from exporter.supervisor.children import Plan
from exporter.supervisor.health import Condition
from exporter.supervisor.loop import Supervisor

_SERVE_OPTIONS = ("upstream", "listen", "admin", "health", "records", "workers", "instance", "timeline")
_LONGEST_SOCKET: Final = 107


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands to those of the program."""
    serve = commands.add_parser("serve", help="run the sidecar", description="Runs the sidecar until SIGTERM.")
    _settings_options(serve)
    serve.set_defaults(run=_serve)
    check = commands.add_parser("check", help="check the settings", description="Checks settings and the engine.")
    _settings_options(check)
    check.set_defaults(run=_check)


def _settings_options(parser: argparse.ArgumentParser) -> None:
    hints = {"upstream": "URL", "records": "DIR", "workers": "N", "instance": "NAME", "timeline": "MODE"}
    for name in _SERVE_OPTIONS:
        field = Settings.model_fields[name]
        default = "" if name in {"upstream", "instance"} else f" (default {field.default})"
        parser.add_argument(f"--{name}", metavar=hints.get(name, "HOST:PORT"), help=f"{field.description}{default}")
    parser.add_argument("--settings", metavar="FILE", type=Path, help="TOML file with any of the settings")


def _load(given: argparse.Namespace) -> Settings:
    return load({name: getattr(given, name) for name in _SERVE_OPTIONS}, given.settings)


def _check(given: argparse.Namespace) -> int:
    settings = _load(given)
    target = settings.upload.target
    trials = (
        (f"records can be written to {settings.records}", lambda: _usable_folder(settings.records)),
        ("certificates can be used", lambda: _usable_certificates(settings)),
        ("keys can be used", lambda: keys.prefix_hashes(settings.prefix)),
        ("addresses are free", lambda: _free_addresses(settings)),
        *([("the key for client ids can be used", lambda: _usable_key(settings))] if settings.client_id else []),
        *([(f"{target} can be reached", lambda: upkeep.try_bucket(settings, os.environ))] if target else []),
        ("headers for OTLP have values", lambda: _usable_headers(settings)),
    )
    found = list(findings(settings, probe.once, trials))
    for finding in found:
        print(finding)  # noqa: T201 - the command's own output
    return 0 if all(finding.good for finding in found) else BadSettings.exit_code


def _serve(given: argparse.Namespace) -> int:
    settings = _load(given)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    setproctitle.setproctitle("tokentide-supervisor")
    _usable_folder(settings.records)
    _usable_certificates(settings)
    keys.prefix_hashes(settings.prefix)
    _usable_key(settings)
    runtime = runtime_folder()
    stop = threading.Event()
    try:
        relays, observer, condition = _plans(settings, runtime, stop)
        _announce(settings)
        return Supervisor(relays, observer, condition, settings.drain_seconds).run()
    finally:
        stop.set()
        shutil.rmtree(runtime, ignore_errors=True)


def runtime_folder() -> Path:
    """A new folder for the tap's socket, whose path the system allows 107 bytes: in /tmp where TMPDIR is too long."""
    longest = len(os.fsencode(tempfile.gettempdir())) + len("/tokentide-xxxxxxxx/tap.sock")
    place = "/tmp" if longest > _LONGEST_SOCKET else None  # noqa: S108 - the folder's name is a new one
    return Path(tempfile.mkdtemp(prefix="tokentide-", dir=place))


def _plans(settings: Settings, runtime: Path, stop: threading.Event) -> tuple[tuple[Plan, ...], Plan, Condition]:
    tap = str(runtime / "tap.sock")
    relays = tuple(_child(each) for each in plan.relays(settings, tap))
    observer = _child(plan.observer(settings, tap))
    urls = {engine.name: engine.url for engine in settings.engines}
    condition = Condition(relays_wanted=settings.workers, upstreams=urls)
    health.listen(*host_port(settings.health), condition, shared=settings.share_port)
    probing = (condition, urls, settings.connect_timeout_seconds, stop)
    threading.Thread(target=probe.keep_probing, args=probing, name="probe", daemon=True).start()
    return relays, observer, condition


def _child(process: plan.ProcessPlan) -> Plan:
    return Plan(process.name, (sys.executable, "-m", process.module), process.options, process.listener)


def _free_addresses(settings: Settings) -> None:
    with contextlib.ExitStack() as bound:
        for name in ("listen", "admin", "health"):
            bound.enter_context(plan.listen(name, getattr(settings, name), shared=settings.share_port))


def _usable_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Unusable(f"The records folder {folder} cannot be written: {error.strerror or error}.") from None


def _usable_key(settings: Settings) -> None:
    if settings.client_id:
        keys.read(Path(settings.client_key_file), "client_key_file")


def _usable_certificates(settings: Settings) -> None:
    tls.for_clients(tls.Files(settings.tls.certificate, settings.tls.key))
    engine = settings.upstream_tls
    files = tls.Files(engine.certificate, engine.key, engine.ca)
    tls.for_engine(files, wanted=any(each.url.startswith("https:") for each in settings.engines))


def _usable_headers(settings: Settings) -> None:
    if settings.otlp.endpoint:
        header_values(settings.otlp.headers)


def _announce(settings: Settings) -> None:
    log = logging.getLogger("tokentide")
    scheme = "https" if settings.tls.certificate else "http"
    log.info("Relaying %s://%s to %s.", scheme, settings.listen, ", ".join(engine.url for engine in settings.engines))
    for note in notes(settings):
        log.warning("%s.", note.sentence)
    log.info("Metrics on http://%s/metrics, live figures on /live.", settings.admin)
    log.info("Health on http://%s/healthz and /readyz; records in %s.", settings.health, settings.records)
