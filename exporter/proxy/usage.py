"""Asks engines for the usage of streams whose clients did not, and keeps both from noticing."""

import logging
import re
from typing import Final

from exporter.dialect.usage_option import PATHS, with_usage
from exporter.proxy.hiding import Hiding
from exporter.proxy.passage import Passage
from exporter.proxy.ports import Gate
from exporter.wire.chunked import Dechunker, chunk, last_chunk
from exporter.wire.http1 import CHUNKED, BadMessage, RequestHead

_log = logging.getLogger("tokentide")

LARGEST: Final = 2 << 20
"""Bytes of a body that is held for this; a longer one passes as it is."""
_LARGEST_HEAD: Final = 65_536
_SEALS: Final = frozenset(
    {b"content-encoding", b"content-md5", b"digest", b"content-digest", b"signature", b"x-amz-content-sha256"}
)
"""Headers with which a body must stay as it is."""
_REFUSING: Final = frozenset({400, 422})
_DOUBTFUL: Final = _REFUSING | {413}
"""Statuses after which the request is sent again as the client wrote it."""
_INTERIM = re.compile(rb"HTTP/1\.[01] 1\d\d")
_STATUS_START: Final = len(b"HTTP/1.1 ")
_STATUS_END: Final = len(b"HTTP/1.1 200")
_BLANK: Final = b"\r\n\r\n"


class UsageAsking:
    """Adds `stream_options.include_usage` to requests; `refusing` are the names of the engines that do not take it."""

    def __init__(self) -> None:
        self.refusing: set[str] = set()

    def waits(self, passage: Passage) -> bool:
        """Whether all of the request's body is to be read before it goes on; the passage is told to gather it."""
        if passage.request_done or passage.amendment is not None or not _fits(passage.head):
            return False
        passage.gathering = LARGEST
        return True

    def amend(self, passage: Passage, engine: str, gate: Gate) -> None:
        """Adds the option to a request whose whole body waits, where that is possible and `engine` takes it."""
        if passage.amendment is not None or engine in self.refusing or not _fits(passage.head):
            return
        body = passage.upload.gathered()
        if not passage.request_done or len(body) > LARGEST:
            return
        chunked = passage.head.body == CHUNKED
        dechunker = Dechunker()
        try:
            told = with_usage(dechunker.feed(body) if chunked else body)
        except BadMessage:
            return
        if told is None:
            return
        amendment = Amendment(self, passage, engine, body, gate)
        passage.upload.replace(chunk(told) + last_chunk(dechunker.trailers) if chunked else told)
        passage.head = _head(passage.head, len(told))
        passage.client = Hiding(passage.client)
        passage.amendment = amendment

    def refused(self, engine: str) -> None:
        """An engine answered as soon as the option was gone."""
        if engine not in self.refusing:
            self.refusing.add(engine)
            _log.warning("The engine %s refuses stream_options.include_usage; it is not asked for usage again.", engine)


class Amendment:
    """Hears the engine in place of a passage whose request was amended.

    Where the engine refuses, nothing was generated: the request is sent once more as the client wrote it, and what
    comes of that is the answer. An engine that takes it then is not asked for usage again.
    """

    __slots__ = (
        "_asking",
        "_body",
        "_client",
        "_decided",
        "_engine",
        "_gate",
        "_head",
        "_heard",
        "_passage",
        "_resent",
    )

    def __init__(self, asking: UsageAsking, passage: Passage, engine: str, body: bytes, gate: Gate) -> None:
        self._asking = asking
        self._gate = gate
        self._passage = passage
        self._engine = engine
        self._head = passage.head
        self._body = body
        self._client = passage.client
        self._heard = b""
        self._decided = False
        self._resent = False

    def response_bytes(self, data: bytes, at: int) -> None:
        """Bytes of the answer, held back until its status is known."""
        if self._decided:
            self._passage.response_bytes(data, at)
            return
        heard = self._heard + data
        while _INTERIM.match(heard) and (end := heard.find(_BLANK) + len(_BLANK)) >= len(_BLANK):
            self._passage.response_bytes(heard[:end], at)
            if self._passage.over:
                return
            heard = heard[end:]
        self._heard = heard
        if len(heard) >= _LARGEST_HEAD or (len(heard) >= _STATUS_END and not _INTERIM.match(heard)):
            self._decide(at)

    def _decide(self, at: int) -> None:
        told = self._heard[_STATUS_START:_STATUS_END]
        status = int(told) if told.isdigit() else 0
        if status in _DOUBTFUL and not self._resent:
            self._ask_again(status)
            return
        if self._resent and 200 <= status < 400:
            self._asking.refused(self._engine)
        self._pass_on(at)

    def upstream_ended(self, error: Exception | None) -> None:
        """The connection is gone."""
        if self._heard:
            self._pass_on(0)
        self._passage.upstream_ended(error)

    def upstream_full(self, *, full: bool) -> None:
        """The engine takes bytes slower than they come, or has caught up."""
        self._passage.upstream_full(full=full)

    def _ask_again(self, status: int) -> None:
        passage = self._passage
        self._resent = status in _REFUSING
        self._decided = not self._resent
        self._heard = b""
        passage.head, passage.client = self._head, self._client
        passage.upload.replace(self._body)
        passage.leave()
        self._gate.connect(passage)

    def _pass_on(self, at: int) -> None:
        heard, self._heard = self._heard, b""
        self._body = b""
        self._decided = True
        self._passage.response_bytes(heard, at)


def _fits(head: RequestHead) -> bool:
    """Whether the head is that of a request that may have the option: a body of a known path that may be changed."""
    if head.method != b"POST" or not head.minor or not (head.body == CHUNKED or 0 < head.body <= LARGEST):
        return False
    path = head.target.partition(b"?")[0].rstrip(b"/")
    return path.endswith(PATHS) and not any(name in _SEALS for name, _, _ in head.fields)


def _head(head: RequestHead, length: int) -> RequestHead:
    """The head with the new length of the body; the answer must be readable here, so it must not be compressed."""
    told = head.length
    raw = head.raw.partition(b"\r\n")[0]
    for name, _, line in head.fields:
        if name == b"content-length":
            line = line[: len(name)] + b": %d" % length  # noqa: PLW2901 - the same, corrected
            told = b"\r\n" + line
        elif name == b"accept-encoding":
            line = line[: len(name)] + b": identity"  # noqa: PLW2901 - likewise
        raw += b"\r\n" + line
    body = CHUNKED if head.body == CHUNKED else length
    return head._replace(raw=raw, length=told, body=body)
