"""From settings to the options of each process, and to the sockets that they inherit."""

import socket
from dataclasses import dataclass

from exporter.dialect import table
from exporter.errors import Unusable
from exporter.proxy.upstream import ask_for_life
from exporter.settings import Settings, host_port

_BACKLOG = 4096


@dataclass(frozen=True, slots=True)
class ProcessPlan:
    """One process: its module, its options as JSON values, the socket it listens on."""

    name: str
    module: str
    options: dict[str, object]
    listener: socket.socket


def relays(settings: Settings, tap: str) -> tuple[ProcessPlan, ...]:
    """The relay processes. Raises Unusable when the port cannot be bound."""
    plans = []
    for worker in range(settings.workers):
        listener = listen("listen", settings.listen, shared=settings.workers > 1 or settings.share_port)
        options: dict[str, object] = {
            "name": f"{settings.instance}-w{worker}",
            "upstreams": [engine.model_dump(mode="json", exclude={"metrics_url"}) for engine in settings.engines],
            "tap": tap,
            "observed": sorted(table.DIALECTS),
            "drain_seconds": settings.drain_seconds,
            "connect_timeout": settings.connect_timeout_seconds,
            "keepalive_seconds": settings.keepalive_seconds,
            "tap_bytes": settings.tap_bytes,
            "client_tls": settings.tls.model_dump(mode="json"),
            "engine_tls": settings.upstream_tls.model_dump(mode="json"),
            "limits": settings.limits.model_dump(),
            "include_usage": settings.include_usage,
        }
        plans.append(ProcessPlan(f"relay {worker}", "exporter.app.relay", options, listener))
    return tuple(plans)


def observer(settings: Settings, tap: str) -> ProcessPlan:
    """The observer process. Raises Unusable when the admin port cannot be bound."""
    options: dict[str, object] = {"tap": tap, "settings": settings.model_dump(mode="json")}
    listener = listen("admin", settings.admin, shared=settings.share_port)
    return ProcessPlan("observer", "exporter.app.template", options, listener)


def listen(name: str, address: str, *, shared: bool) -> socket.socket:
    """A listening socket; `shared` lets several processes listen on the same port. Raises Unusable."""
    host, port = host_port(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ask_for_life(sock)  # accepted connections inherit it
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise Unusable(f"The {name} address {address} cannot be used: {error.strerror or error}.") from None
    return sock
