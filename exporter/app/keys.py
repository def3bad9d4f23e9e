"""The secret keys with which hashes are made, so that nobody can find out what was hashed."""

import secrets
import stat
from hashlib import blake2b
from pathlib import Path
from typing import Final

from exporter.errors import Unusable
from exporter.observe.prefix import PrefixHashes
from exporter.settings import PrefixSettings

_KEY_BYTES: Final = 32
_SHORTEST: Final = 16


def prefix_hashes(settings: PrefixSettings) -> PrefixHashes | None:
    """The hashes of prefixes, None where they are switched off. Raises Unusable for a key that cannot be read."""
    if not settings.enabled:
        return None
    if settings.key_file is None:
        return PrefixHashes(secrets.token_bytes(_KEY_BYTES))
    secret = read(settings.key_file, "prefix.key_file")
    return PrefixHashes(blake2b(secret, digest_size=_KEY_BYTES).digest())


def read(file: Path, setting: str) -> bytes:
    """What a key file holds, without the white space around it; at least 16 bytes. Raises Unusable.

    `setting` is the name of the setting that the file is from.
    """
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        raise Unusable(f"The key file {file} cannot be read: {error.strerror or error}; correct `{setting}`.") from None
    if len(secret) < _SHORTEST:
        raise Unusable(
            f"The key file {file} of `{setting}` holds {len(secret)} bytes; give it {_SHORTEST} or more that nobody can"
            " guess: write some with `openssl rand -hex 32`."
        )
    return secret


def read_by_others(file: Path) -> bool:
    """Whether more than the file's owner and group may read it."""
    return bool(file.stat().st_mode & stat.S_IROTH)
