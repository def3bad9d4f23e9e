"""The relay process from its first socket to its last: listen, relay, drain."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from exporter.errors import Unusable
from exporter.memory import give_back
from exporter.proxy.arriving import Arrivals, queued
from exporter.proxy.downstream import Downstream
from exporter.proxy.meter import Meter
from exporter.proxy.outbox import Outbox
from exporter.proxy.ports import Limits
from exporter.proxy.relay import Relay, address
from exporter.proxy.routes import Route, Routes, Rule
from exporter.proxy.tls import Files, for_clients, for_engine, reload
from exporter.proxy.upstream import Pool
from exporter.tap.link import keep_connected, keep_flushing
from exporter.tap.mailbox import Mailbox

if TYPE_CHECKING:
    from exporter.proxy.usage import UsageAsking

_log = logging.getLogger("tokentide")

_BACKLOG = 4096
_FLUSH_SECONDS = 0.1
_SWEEP_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0
"""How long an ending relay waits for the observer's next acknowledgement."""
_LAST_SECONDS = 4.0
"""How long after the drain limit a relay may still wait; the supervisor kills it after five."""


@dataclass(frozen=True, slots=True)
class UpstreamOptions:
    """One engine: its name and URL, and the path prefix or the models that it is for."""

    name: str
    url: str
    prefix: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """What a relay process needs to know; plain values, so that it loads no settings library."""

    name: str
    upstreams: tuple[UpstreamOptions, ...]
    tap: str
    observed: tuple[str, ...]
    drain_seconds: float
    connect_timeout: float
    keepalive_seconds: float
    tap_bytes: int
    limits: Limits
    client_tls: Files
    engine_tls: Files
    include_usage: bool = False


class Tell(Protocol):
    """Tells the supervisor how this relay is."""

    def __call__(self, problems: Mapping[str, str | None], *, ready: bool) -> None:
        """Whether clients can connect, and why engines could not be reached the last time, by name."""
        ...


async def serve(
    options: RelayOptions,
    listener: socket.socket,
    ended: asyncio.Event,
    tell: Tell,
) -> None:
    """Relays until `ended` is set, or SIGTERM or SIGINT comes, then drains.

    `tell` is called when clients can connect, before they no longer can, and whenever an engine could not be reached or
    can be again.
    """
    loop = asyncio.get_running_loop()
    mailbox = Mailbox(options.name, options.tap_bytes)
    relay = _relay(options, mailbox, loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    tasks = [
        loop.create_task(keep_connected(mailbox, options.tap)),
        loop.create_task(keep_flushing(mailbox, _FLUSH_SECONDS)),
        loop.create_task(_keep_sweeping(relay, lambda: tell(mailbox.problems, ready=not ended.is_set()))),
    ]
    secured = for_clients(options.client_tls)
    loop.add_signal_handler(signal.SIGHUP, _reload, secured, options.client_tls)
    spare = listener.dup()  # the server closes its own
    arrivals = Arrivals(relay, _meeting(relay, secured, loop))
    close = await _listen(listener, relay, arrivals if secured else None, loop)
    tell(mailbox.problems, ready=True)
    gc.collect()
    gc.freeze()
    await ended.wait()
    tell(mailbox.problems, ready=False)
    close()
    _stop_listening(spare, arrivals)
    latest = loop.time() + options.drain_seconds + _LAST_SECONDS
    await relay.drain(options.drain_seconds)
    await _settle(mailbox, latest)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(
    listener: socket.socket, relay: Relay, secured: Arrivals | None, loop: asyncio.AbstractEventLoop
) -> Callable[[], None]:
    """Takes connections until what it returns is called; those that first shake hands by way of `secured`."""
    if secured is None:
        server = await loop.create_server(lambda: Downstream(relay), sock=listener, backlog=_BACKLOG)
        return server.close
    listener.settimeout(0)
    listener.listen(_BACKLOG)
    secured.keep_taking(listener)

    def close() -> None:
        loop.remove_reader(listener.fileno())
        listener.close()

    return close


def _meeting(
    relay: Relay, secured: ssl.SSLContext | None, loop: asyncio.AbstractEventLoop
) -> Callable[[socket.socket], Coroutine[object, object, None]]:
    async def meet(waiting: socket.socket) -> None:
        limits = relay.limits
        await loop.connect_accepted_socket(
            lambda: Downstream(relay),
            waiting,
            ssl=secured,
            ssl_handshake_timeout=limits.head_seconds if secured else None,
            # not less, because it cuts clients off that are slow; who has all is let go by the relay
            ssl_shutdown_timeout=limits.idle_seconds if secured else None,
        )

    return meet


def _stop_listening(listener: socket.socket, arrivals: Arrivals) -> None:
    """Takes the connections that already wait, then has new ones refused, or sent to whoever shares the port.

    Closing would not do: the supervisor holds the same socket, and clients would wait in its queue for nobody.
    """
    listener.settimeout(0)
    with listener:
        with contextlib.suppress(OSError):
            for waiting in queued(listener):
                arrivals.begin(waiting)
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _relay(options: RelayOptions, mailbox: Mailbox, loop: asyncio.AbstractEventLoop) -> Relay:
    routes = Routes(tuple(_route(upstream, options) for upstream in options.upstreams))
    observed = tuple(path.encode() for path in options.observed)
    usage = _usage_asking() if options.include_usage else None
    return Relay(routes, mailbox, observed, options.limits, Meter(loop.call_soon), Outbox(loop.call_soon), usage)


def _usage_asking() -> "UsageAsking":
    from exporter.proxy.usage import UsageAsking  # noqa: PLC0415 - costs 1 MB, and most relays never need it

    return UsageAsking()


def _route(upstream: UpstreamOptions, options: RelayOptions) -> Route:
    engine = address(upstream.url)
    tls = for_engine(options.engine_tls, wanted=engine.tls)
    pool = Pool(engine, options.keepalive_seconds, options.connect_timeout, tls)
    return Route(upstream.name, Rule(upstream.prefix.encode("ascii"), upstream.models), pool)


def _reload(context: ssl.SSLContext | None, files: Files) -> None:
    if context is None:
        return
    try:
        reload(context, files)
    except Unusable as error:
        _log.error("%s The certificate in use stays.", error)
    else:
        _log.info("The TLS certificate was read again.")


async def _keep_sweeping(relay: Relay, tell: Callable[[], None]) -> None:
    told = dict(relay.mailbox.problems)
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        relay.sweep()
        if relay.mailbox.relieved():
            give_back()
        if told != relay.mailbox.problems:
            told = dict(relay.mailbox.problems)
            tell()


async def _settle(mailbox: Mailbox, latest: float) -> None:
    """Lets the observer acknowledge what it was told last, until the loop's time `latest` and while it goes on."""
    loop = asyncio.get_running_loop()
    pending, patience = mailbox.pending, loop.time() + _PATIENCE_SECONDS
    while pending and loop.time() < min(latest, patience):
        mailbox.flush()
        mailbox.tell_totals()
        await asyncio.sleep(0.01)
        if mailbox.pending < pending:
            pending, patience = mailbox.pending, loop.time() + _PATIENCE_SECONDS
    mailbox.tell_totals()
    if pending:
        _log.warning("Up to %d exchanges are not on record: the observer did not take them in time.", pending)
