"""What must hold for the reader of event streams, whatever the bytes and however they are cut."""

import re
from collections.abc import Sequence

from exporter.wire.sse import SseReader

_LINE_END = re.compile(rb"\r\n|\n|\r")


def by_the_standard(stream: bytes) -> list[bytes]:
    """The data of each event (HTML, 9.2.6), with the whole stream at hand; an unfinished last event counts here."""
    events: list[bytes] = []
    data: list[bytes] = []
    for line in [*_LINE_END.split(stream.removeprefix(b"\xef\xbb\xbf")), b""]:
        name, _, value = line.partition(b":")
        if line and name == b"data":
            data.append(value.removeprefix(b" "))
        elif not line and data:
            events.append(b"\n".join(data))
            data = []
    return events


def check(reads: Sequence[bytes], limit: int) -> None:
    """The events are those of the standard, beyond the limit they are counted, and memory stays within the limit."""
    reader = SseReader(limit)
    events: list[bytes] = []
    for read in reads:
        events += reader.feed(read)
        held = sum(map(len, reader._data)) + sum(map(len, reader._pending))
        assert held <= 2 * limit, "the reader holds more than its limit"
    events += reader.close()
    expected = by_the_standard(b"".join(reads))
    if reader.oversized:
        left = iter(expected)
        assert all(event in left for event in events), "an event that is not in the stream"
        assert len(events) <= len(expected)
    else:
        assert events == expected
    assert all(len(event) <= limit for event in events)
