"""Finished requests for the tests of the sinks, with round figures."""

from dataclasses import replace

import numpy as np

from exporter.observe.observation import Measurement, Steps
from exporter.record import RequestRecord

STREAMED = RequestRecord(
    timestamp=1_763_694_000_000_000,  # 2025-11-21 03:00:00 UTC
    request_id="request-1",
    model="llama",
    response_model="llama-3",
    operation="chat",
    upstream="http://engine:8000",
    instance="sidecar",
    stream=True,
    input_tokens=1000,
    output_tokens=5,
    input_source="usage",
    output_source="usage",
    max_tokens=64,
    ttft_us=30_000,
    ttfa_us=40_000,
    ttst_us=20_000,
    tpot_us=20_000,
    e2e_us=110_000,
    chunks=4,
    outcome="completed",
    http_status=200,
)


def steps(*rows: tuple[int, int, int]) -> Steps:
    """The steps of a stream: the wait for each in nanoseconds, its tokens, and the position of the last of them."""
    return Steps(*np.array(rows, np.int64).T)


def streamed(**changes: object) -> Measurement:
    """A stream of four content events with five tokens, 20 ms apart; `changes` are fields of its record."""
    return Measurement(
        replace(STREAMED, **changes),  # type: ignore[arg-type] # any field of the record
        waits_ns=np.array([20_000_000, 20_000_000, 40_000_000]),
        steps=steps((20_000_000, 1, 2), (20_000_000, 2, 4), (40_000_000, 1, 5)),
        tokens_per_chunk=(1, 1, 2, 1),
        own_input_tokens=990,
        own_output_tokens=5,
    )


def whole(**changes: object) -> Measurement:
    """The same answer in one piece."""
    facts = {"stream": False, "ttft_us": None, "ttfa_us": None, "ttst_us": None, "tpot_us": None, "chunks": None}
    return Measurement(replace(STREAMED, **{**facts, **changes}))  # type: ignore[arg-type] # any field of the record


def unread(outcome: str, status: int | None) -> Measurement:
    """A request of which nothing but its end is known."""
    return Measurement(
        RequestRecord(
            timestamp=STREAMED.timestamp,
            request_id="request-2",
            operation="chat",
            upstream=STREAMED.upstream,
            outcome=outcome,
            http_status=status,
        )
    )
