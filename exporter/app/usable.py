"""What must be usable before a sidecar takes traffic."""

import tempfile
from pathlib import Path

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
    except OSError as error:
        raise Unusable(f"The records folder {path} cannot be written: {error.strerror or error}.") from None


def client_key(settings: Settings) -> None:
    """Reads the key for client ids where one is needed. Raises Unusable."""
    if settings.client_id:
        keys.read(Path(settings.client_key_file), "client_key_file")


def certificates(settings: Settings) -> None:
    """Loads the certificates of both sides. Raises Unusable."""
    tls.for_clients(tls.Files(settings.tls.certificate, settings.tls.key))
    engine = settings.upstream_tls
    files = tls.Files(engine.certificate, engine.key, engine.ca)
    tls.for_engine(files, wanted=any(each.url.startswith("https:") for each in settings.engines))
