"""Which traces are kept: those that their caller keeps, and a share of those that begin in the sidecar."""

from exporter.observe.trace import Trace

_RANDOM_BITS = 64


class Sampling:
    """Decides by the trace alone, so that exemplars and spans of one request agree.

    `share` (0 to 1) is the part of the traces without a caller that are kept: those whose lower 64 bits, which are
    random, are below that share of their range, as OpenTelemetry's TraceIdRatioBased has it.
    """

    def __init__(self, share: float = 0.0) -> None:
        self._bound = round(share * (1 << _RANDOM_BITS))

    def keeps(self, trace: Trace) -> bool:
        """Whether the trace is kept."""
        if not trace.ours:
            return trace.sampled
        return int(trace.trace_id[16:], 16) < self._bound
