"""The key with which clients are hashed, from its file."""

import stat
from pathlib import Path
from typing import Final

from exporter.errors import Unusable

_SHORTEST: Final = 16


def read(path: Path) -> bytes:
    """The key in the file, white space around it left out; at least 16 bytes. Raises Unusable."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise Unusable(
            f"The key for client ids cannot be read from {path}: {error.strerror}; correct `client_key_file`."
        ) from None
    if len(key) < _SHORTEST:
        raise Unusable(
            f"The key in {path} has {len(key)} bytes, and client ids need at least {_SHORTEST}:"
            " write some with `openssl rand -hex 32`."
        )
    return key


def read_by_others(path: Path) -> bool:
    """Whether more than the file's owner and group may read it."""
    return bool(path.stat().st_mode & stat.S_IROTH)
