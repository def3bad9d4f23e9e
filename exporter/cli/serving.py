"""The command `serve`: start the sidecar."""

import argparse
import logging
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

import setproctitle

from exporter.app import keys, plan, usable
from exporter.app.files import allow_files
from exporter.app.notes import notes
from exporter.cli import options
from exporter.settings import Settings, host_port
from exporter.supervisor import health, probe
from exporter.supervisor.children import Plan
from exporter.supervisor.health import Condition
from exporter.supervisor.loop import Supervisor

_LONGEST_SOCKET: Final = 107


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to those of the program."""
    serve = commands.add_parser("serve", help="run the sidecar", description="Runs the sidecar until SIGTERM.")
    options.add(serve)
    serve.set_defaults(run=_serve)


def _serve(given: argparse.Namespace) -> int:
    settings = options.settings(given)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    setproctitle.setproctitle("tokentide-supervisor")
    allow_files()
    usable.folder(settings.records)
    usable.certificates(settings)
    keys.prefix_hashes(settings.prefix)
    usable.client_key(settings)
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
    command = (sys.executable, "-m", process.module)
    return Plan(process.name, command, process.options, process.listener)


def _announce(settings: Settings) -> None:
    log = logging.getLogger("tokentide")
    scheme = "https" if settings.tls.certificate else "http"
    log.info("Relaying %s://%s to %s.", scheme, settings.listen, ", ".join(engine.url for engine in settings.engines))
    for note in notes(settings):
        log.warning("%s.", note.sentence)
    log.info("Metrics on http://%s/metrics, live figures on /live.", settings.admin)
    log.info("Health on http://%s/healthz and /readyz; records in %s.", settings.health, settings.records)
