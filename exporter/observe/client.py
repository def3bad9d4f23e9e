"""Who asked, as a keyed hash that cannot be turned back into a key."""

import hmac
from typing import Final

from exporter.wire.events import Headers, header

API_KEY: Final = "api_key"
"""Asks for the API key instead of one header."""

SECRETS: Final = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"})
"""Headers that hold credentials, in lower case."""

_HEX_DIGITS: Final = 32


class Clients:
    """Hashes what tells one client from another: HMAC-SHA256 (RFC 2104) with `key`, its first 128 bits in hex.

    `source` is `api_key` or the name of a header in any case. An API key is the token of `authorization: Bearer`, else
    `x-api-key`, else `api-key`, so that one key gives one hash wherever a client puts it. What is hashed are the bytes
    of the header, whose text is Latin-1.
    """

    def __init__(self, source: str, key: bytes) -> None:
        self._source = source.lower()
        self._key = key
        self.secrets = SECRETS if source == API_KEY else SECRETS | {self._source}
        """Headers that nobody needs once the client is identified."""

    def identify(self, headers: Headers) -> str | None:
        """The hash of the client that sent these headers, or None where they do not say who it is."""
        said = _api_key(headers) if self._source == API_KEY else (header(headers, self._source) or "").strip()
        if not said:
            return None
        return hmac.digest(self._key, said.encode("latin-1"), "sha256").hex()[:_HEX_DIGITS]


def _api_key(headers: Headers) -> str:
    scheme, _, token = (header(headers, "authorization") or "").strip().partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return (header(headers, "x-api-key") or header(headers, "api-key") or "").strip()
