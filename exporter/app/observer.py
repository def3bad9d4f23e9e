"""The observer process: events in from the relays, records and metrics out."""

import asyncio
import gc
import logging
import os
import platform
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import setproctitle
import uvicorn
import uvicorn.lifespan.off  # what a server would load when it starts, as are the next two
import uvicorn.loops.asyncio
import uvicorn.protocols.http.httptools_impl
import uvloop

from exporter import __version__
from exporter.admin.app import app as admin_pages
from exporter.admin.live import About
from exporter.app import export, keys, questions, upkeep
from exporter.app.control import Control
from exporter.catalog import LOSS_REASONS
from exporter.dialect import table
from exporter.errors import SidecarError
from exporter.giving_way import GivingWay, giving_way
from exporter.observe.client import Clients
from exporter.observe.exchange import Exchange
from exporter.observe.observation import Sink
from exporter.observe.recorder import Recorder
from exporter.pipeline import Pipeline
from exporter.settings import Settings
from exporter.sinks.keeper import Keeper
from exporter.sinks.limits import KnownLimits
from exporter.sinks.prometheus import Page
from exporter.sinks.records import Records
from exporter.sinks.sampling import Sampling
from exporter.sinks.store import Store
from exporter.tap.intake import Intake
from exporter.tokens.choice import Rule, Tokenizers

_log = logging.getLogger("tokentide")

_TICK_SECONDS: Final = 0.25
_LOOK_SECONDS: Final = 0.01
_SETTLE_SECONDS: Final = 10.0
_RELAY_SECONDS: Final = 5.0
"""How long after the drain limit a relay may still tell something."""


def main(line: int, listening: int, loaded: Callable[[str], None]) -> None:
    """Runs the observer on the control line and the listening socket of these numbers.

    `loaded` is told the name of each shipped vocabulary that it uses.
    """
    control = Control(line)
    listener = socket.socket(fileno=listening)
    options = control.options()
    setproctitle.setproctitle("tokentide-observer")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    settings = Settings(**options["settings"])  # type: ignore[arg-type]  # written by our own supervisor
    try:
        uvloop.run(_observe(settings, str(options["tap"]), listener, control, loaded))
    except SidecarError as error:
        _log.critical("%s", error)
        raise SystemExit(error.exit_code) from None


async def _observe(
    settings: Settings, tap: str, listener: socket.socket, control: Control, loaded: Callable[[str], None]
) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    control.on_dismissed(ended)
    kept = export.sampling(settings.otlp)
    limits = questions.known_limits(settings)
    store = _store(settings, kept, limits)
    exporting = export.begin(settings, store, kept)
    with (
        ThreadPoolExecutor(1, "parquet") as conversions,
        GivingWay(1, "tokenizer") as counting,
        ThreadPoolExecutor(1, "upkeep") as rounds,
    ):
        keeper = upkeep.keeper(settings, os.environ, rounds)
        records = _records(settings, conversions, keeper)
        tokenizers = _tokenizers(settings, store, loaded)
        pipeline = _pipeline(settings, tokenizers, (store, *exporting.sinks), store, records, counting)
        _publish(settings, store, records, pipeline)
        _publish_uploads(store, keeper)
        server = await loop.create_unix_server(lambda: Intake(pipeline), tap)
        pages = _serve_admin(settings, store, listener)
        ticking = loop.create_task(_keep_ticking(store, records, pipeline, keeper))
        asking = questions.begin(settings, store, limits)
        gc.collect()
        gc.freeze()
        control.tell({}, ready=True)
        await ended.wait()
        await _settle(pipeline, settings.drain_seconds + _RELAY_SECONDS)
        for each in asking:
            each.stop()
        server.close()
        ticking.cancel()
        records.close()
        if keeper is not None:
            keeper.close(time.monotonic_ns())
        await asyncio.to_thread(exporting.stop)
        pages.should_exit = True


def _store(settings: Settings, kept: Sampling, limits: KnownLimits) -> Store:
    return Store(
        provider=settings.provider,
        isl_threshold=settings.isl_threshold,
        osl_threshold=settings.osl_threshold,
        models=settings.max_models,
        prefix_blocks=settings.prefix.remembered,
        clients=settings.max_clients,
        sampling=kept,
        limits=limits,
    )


def _records(settings: Settings, conversions: ThreadPoolExecutor, keeper: Keeper | None) -> Records:
    records = Records(
        settings.records,
        settings.instance,
        time.time_ns() // 1000,
        conversions,
        rotate_seconds=settings.rotate_seconds,
        rotate_bytes=settings.rotate_bytes,
        backlog_full=lambda: keeper is not None and keeper.backlog > settings.upload.backlog_bytes,
    )
    records.recover()
    return records


def _tokenizers(settings: Settings, store: Store, loaded: Callable[[str], None]) -> Tokenizers:
    rules = [Rule(rule.models, rule.vocabulary, rule.sha256) for rule in settings.tokenizers]
    return Tokenizers(rules, store.tokenizer_took, _log.warning, settings.tokenizer_cache, loaded)


def _pipeline(
    settings: Settings,
    tokenizers: Tokenizers,
    sinks: tuple[Sink, ...],
    store: Store,
    records: Records,
    counting: ThreadPoolExecutor,
) -> Pipeline:
    clients = (
        Clients(settings.client_id, keys.read(Path(settings.client_key_file), "client_key_file"))
        if settings.client_id
        else None
    )
    loop = asyncio.get_running_loop()
    return Pipeline(
        lambda: Exchange(table.find, clients=clients),
        Recorder(settings.instance, settings.timeline, prefixes=keys.prefix_hashes(settings.prefix)),
        tokenizers.counter,
        records,
        sinks,
        store,
        counting,
        loop.call_soon_threadsafe,
        settings.own_counts,
    )


def _publish(settings: Settings, store: Store, records: Records, pipeline: Pipeline) -> None:
    """Tells the store where the figures are that others keep."""
    store.set_numbers("tokentide_build_info", {(__version__, platform.python_version()): 1})
    thresholds = (str(settings.isl_threshold), str(settings.osl_threshold))
    store.set_numbers(
        "tokentide_config_info",
        {(settings.instance, " ".join(engine.url for engine in settings.engines), *thresholds): 1},
    )
    store.read_numbers("tokentide_records_written", lambda: {(): records.written})
    lost = dict.fromkeys(LOSS_REASONS, 0)
    store.read_numbers(
        "tokentide_records_lost", lambda: {(reason,): n for reason, n in {**lost, **records.lost}.items()}
    )
    store.read_numbers("tokentide_recorder_lag_seconds", lambda: {(): _lag(records)})
    store.read_numbers(
        "tokentide_tokenizer_backlog_bytes", lambda: {(name,): n for name, n in pipeline.backlog.items()}
    )


def _publish_uploads(store: Store, keeper: Keeper | None) -> None:
    if keeper is not None and keeper.uploading:
        store.read_numbers("tokentide_record_uploads", lambda: {(result,): n for result, n in keeper.uploads.items()})
        store.read_numbers("tokentide_upload_backlog_bytes", lambda: {(): keeper.backlog})


def _lag(records: Records) -> float:
    oldest = records.oldest_pending
    return max(0.0, time.time() - oldest / 1e6) if oldest is not None else 0.0


def _serve_admin(settings: Settings, store: Store, listener: socket.socket) -> uvicorn.Server:
    """Serves the admin pages from a thread with a loop of its own, so that rendering delays no event."""
    render = Page(store.snapshot).render

    def rendered(accept: str) -> tuple[bytes, str]:
        with giving_way():
            return render(accept)

    pages = admin_pages(rendered, store.snapshot, About(__version__, settings.instance))
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    how = uvicorn.Config(
        pages, http="httptools", ws="none", loop="asyncio", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(how)
    threading.Thread(target=server.run, args=([listener],), name="admin", daemon=True).start()
    return server


async def _keep_ticking(store: Store, records: Records, pipeline: Pipeline, keeper: Keeper | None) -> None:
    told: set[str] = set()
    while True:
        for reason in set(records.lost) - told:
            told.add(reason)
            _log.warning("Records are lost: %s. %s Further losses are counted only.", reason, records.problem or "")
        store.set_in_flight(pipeline.in_flight())
        records.tick(time.monotonic_ns())
        if keeper is not None:
            keeper.tick(time.monotonic_ns())
        await asyncio.sleep(_TICK_SECONDS)


async def _settle(pipeline: Pipeline, relay_seconds: float) -> None:
    """Lets what the relays tell last reach the sinks.

    They have ended when the supervisor asks, so that the end of each connection is there to be read. When the
    supervisor is gone, they drain beside us, for at most `relay_seconds`.
    """
    await _until(lambda: not pipeline.attended, relay_seconds)
    await _until(lambda: not pipeline.busy, _SETTLE_SECONDS)


async def _until(over: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if over() or time.monotonic() > end:
            return
