"""What must be usable before a sidecar takes traffic."""

import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from exporter.app import keys
from exporter.errors import Unusable
from exporter.proxy import tls
from exporter.settings import Settings


def folder(path: Path) -> None:
    """Makes the records folder. Raises Unusable where nothing can be written to it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except FileExistsError:
        raise Unusable(f"The records folder {path} cannot be made: there is a file in its place.") from None
    except OSError as error:
        raise Unusable(f"The records folder {path} cannot be written: {error.strerror or error}.") from None


def client_key(settings: Settings) -> None:
    """Reads the key for client ids where one is needed. Raises Unusable."""
    if settings.client_id:
        keys.read(Path(settings.client_key_file), "client_key_file")


def certificates(settings: Settings) -> None:
    """Loads the certificates of both sides. Raises Unusable."""
    tls.for_clients(tls.Files(settings.tls.certificate, settings.tls.key))
    tls.for_engine(_for_engines(settings), wanted=any(each.url.startswith("https:") for each in settings.engines))


def handshake(settings: Settings, url: str, timeout: float) -> str | None:
    """Why the engine at an `https:` URL and the sidecar do not agree on TLS, in a few words, or None.

    Nothing is said where the sidecar's own files cannot be used: `certificates` tells that.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    try:
        context = tls.for_engine(_for_engines(settings), wanted=True)
        with socket.create_connection((parts.hostname, parts.port or 443), timeout) as plain:
            if context is not None:  # as wanted
                context.wrap_socket(plain, server_hostname=parts.hostname).close()
    except Unusable:
        return None
    except OSError as error:
        return tls.trouble(error)
    return None


def _for_engines(settings: Settings) -> tls.Files:
    engine = settings.upstream_tls
    return tls.Files(engine.certificate, engine.key, engine.ca)
