"""Tells whether the engine's port accepts connections."""

import socket
import threading

from exporter.supervisor.health import Condition

_SECONDS = 2.0


def once(host: str, port: int, timeout: float) -> str | None:
    """None when a connection could be opened, else why not, in a few words."""
    try:
        with socket.create_connection((host, port), timeout):
            return None
    except TimeoutError:
        return "connecting timed out"
    except OSError as error:
        return (error.strerror or str(error)).lower()


def keep_probing(condition: Condition, host: str, port: int, timeout: float, stop: threading.Event) -> None:
    """Probes every two seconds until `stop` is set."""
    while True:
        condition.upstream_error = once(host, port, timeout)
        if stop.wait(_SECONDS):
            return
