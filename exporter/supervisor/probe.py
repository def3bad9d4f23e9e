"""Tells whether the engine's port accepts connections."""

import socket
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from exporter.supervisor.health import Condition

_SECONDS = 2.0


def once(url: str, timeout: float) -> str | None:
    """None when a connection to an `http:`, `https:` or `unix:` URL could be opened, else why not, in a few words."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(timeout)
                sock.connect(parts.path)
            return None
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname, port), timeout):
            return None
    except TimeoutError:
        return "connecting timed out"
    except OSError as error:
        return (error.strerror or str(error)).lower()


def keep_probing(condition: Condition, urls: Mapping[str, str], timeout: float, stop: threading.Event) -> None:
    """Probes the engines, URLs by name, every two seconds until `stop` is set."""
    while True:
        for name, url in urls.items():
            condition.probed[name] = once(url, timeout)
        if stop.wait(_SECONDS):
            return
