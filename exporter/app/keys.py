"""The keys with which hashes are made, so that nobody can find out what was hashed."""

import secrets
from hashlib import blake2b
from pathlib import Path

from exporter.errors import Unusable
from exporter.observe.prefix import PrefixHashes
from exporter.settings import PrefixSettings

_KEY_BYTES = 32


def prefix_hashes(settings: PrefixSettings) -> PrefixHashes | None:
    """The hashes of prefixes, None where they are switched off. Raises Unusable for a key that cannot be read."""
    if not settings.enabled:
        return None
    return PrefixHashes(secrets.token_bytes(_KEY_BYTES) if settings.key_file is None else read(settings.key_file))


def read(file: Path) -> bytes:
    """A key of 32 bytes made of whatever a file holds. Raises Unusable where there are fewer than 16 bytes in it."""
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        raise Unusable(f"The key file {file} cannot be read: {error.strerror or error}.") from None
    if len(secret) < 16:
        raise Unusable(f"The key file {file} holds {len(secret)} bytes; give it 16 or more that nobody can guess.")
    return blake2b(secret, digest_size=_KEY_BYTES).digest()
