"""The trace of a request is the client's, or the one that the relay began."""

import pytest

from exporter.observe.trace import Trace, trace
from exporter.proxy import heads
from exporter.wire.events import Headers
from exporter.wire.http1 import request_head

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def forwarded(*lines: str, version: str = "1.1") -> Headers:
    """The headers that the engine gets from the relay for those of a client."""
    raw = "\r\n".join([f"POST /v1/chat/completions HTTP/{version}", "Host: sidecar", *lines])
    out = heads.for_upstream(request_head(raw.encode(), 100), b"engine:8000", b"/v1/chat/completions")
    return tuple(
        (name.decode(), value.decode()) for name, value, _ in request_head(out.removesuffix(b"\r\n\r\n"), 100).fields
    )


@pytest.mark.parametrize(
    ("traceparent", "expected"),
    [
        (f"00-{TRACE}-{SPAN}-01", Trace(TRACE, SPAN, sampled=True)),
        (f"00-{TRACE}-{SPAN}-03", Trace(TRACE, SPAN, sampled=True)),
        (f"00-{TRACE}-{SPAN}-00", Trace(TRACE, SPAN, sampled=False)),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", Trace(TRACE, SPAN, sampled=True)),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        ("secret words", None),
    ],
)
def test_a_client_s_trace_is_read_where_it_is_valid(traceparent: str, expected: Trace | None) -> None:
    assert trace(forwarded(f"traceparent: {traceparent}", "content-length: 0")) == expected


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("lines", [(), ("x-request-id: mine",), ("content-length: 0", "x-request-id: mine")])
def test_a_trace_that_the_relay_began_is_ours(lines: tuple[str, ...], version: str) -> None:
    headers = forwarded(*lines, version=version)
    begun = trace(headers)
    assert begun is not None
    assert (begun.ours, begun.sampled) == (True, False)
    assert dict(headers)["traceparent"] == f"00-{begun.trace_id}-{begun.span_id}-00"


def test_a_client_s_trace_is_not_ours_even_at_the_end_where_it_is_sampled_or_the_request_had_no_name() -> None:
    sampled = trace(forwarded("x-request-id: mine", f"traceparent: 00-{TRACE}-{SPAN}-01"))
    unnamed = trace(forwarded(f"traceparent: 00-{TRACE}-{SPAN}-00"))
    assert (sampled, unnamed) == (Trace(TRACE, SPAN, sampled=True), Trace(TRACE, SPAN, sampled=False))


def test_a_request_without_the_header_has_no_trace() -> None:
    assert trace((("x-request-id", "mine"),)) is None
