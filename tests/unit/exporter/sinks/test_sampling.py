"""A trace is kept where its caller keeps it; of those that begin here a share is."""

import random

import pytest
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from exporter.observe.trace import Trace
from exporter.sinks.sampling import Sampling

SPAN = "00f067aa0ba902b7"


def traces(count: int) -> list[Trace]:
    numbers = random.Random(7)  # noqa: S311 - trace ids for a test need no secrecy
    return [Trace(f"{numbers.getrandbits(128):032x}", SPAN, sampled=False, ours=True) for _ in range(count)]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_caller_decides_on_its_own_traces(share: float) -> None:
    sampling = Sampling(share)
    assert sampling.keeps(Trace("ab" * 16, SPAN, sampled=True))
    assert not sampling.keeps(Trace("ab" * 16, SPAN, sampled=False))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.25, 1.0])
def test_traces_that_begin_here_are_kept_as_the_sdk_would(share: float) -> None:
    sampling, theirs = Sampling(share), TraceIdRatioBased(share)
    begun = traces(4000)
    kept = [sampling.keeps(trace) for trace in begun]
    assert kept == [theirs.should_sample(None, int(t.trace_id, 16), "").decision.is_sampled() for t in begun]
    assert abs(sum(kept) / len(kept) - share) < 0.03
