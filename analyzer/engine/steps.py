"""How long one step of an engine takes, and where that is known from."""

from dataclasses import astuple, dataclass
from typing import Literal

Source = Literal["live", "sweep", "aiconfigurator", "roofline", "stated"]


@dataclass(frozen=True, slots=True)
class StepTimes:
    """The time of one step in milliseconds: the 3 + 3 parameters of a calibrated engine, and four more.

    A step reads x new input tokens of n prompts that begin in it, whose attention spans A = Σ xᵢ·(xᵢ + 2·doneᵢ) tokens²
    (done: tokens of the same prompt in the cache already), and writes one token for each of B requests with K tokens of
    KV cache in all:

    - only prefill: a0 + r0·n + a1·x + a2·A
    - only decode: b0 + b1·B + b2·K
    - both: b0 + b1·B + b2·K + m0 + max(0, r0·n + a1·x + a2·A - max(0, overlap_ms - a1·B))

    so that reading one prompt of `isl` tokens alone takes a0 + r0 + a1·isl + a2·isl². `overlap_ms` is the time of
    reading the weights, in which a step that decodes computes for nothing: its B tokens take a1·B of that, prompts the
    rest. It is why the second prompt in one step costs more than the first, and 0 where that is not known. `outside_ms`
    is what a client sees of TTFT beyond queue and prefill: network, tokenizer, HTTP.
    """

    a0: float
    a1: float
    a2: float
    b0: float
    b1: float
    b2: float
    m0: float = 0.0
    r0: float = 0.0
    outside_ms: float = 0.0
    overlap_ms: float = 0.0

    def prefill_ms(self, isl: float, cached: float = 0.0) -> float:
        """One prompt alone: `isl` input tokens of which `cached` need no work."""
        new = max(isl - cached, 1.0)
        return self.a0 + self.r0 + self.a1 * new + self.a2 * new * (new + 2 * cached)

    def decode_ms(self, batch: float, kv_tokens: float) -> float:
        """One token for each of `batch` requests with `kv_tokens` tokens in the cache in all."""
        return self.b0 + self.b1 * batch + self.b2 * kv_tokens

    def mixed_ms(self, batch: float, kv_tokens: float, prompts: float, new_tokens: float, span: float) -> float:
        """A step that decodes for `batch` requests and reads `new_tokens` of `prompts` that begin, `span` tokens²."""
        work = self.r0 * prompts + self.a1 * new_tokens + self.a2 * span
        free = max(0.0, self.overlap_ms - self.a1 * batch)
        return self.decode_ms(batch, kv_tokens) + self.m0 + max(0.0, work - free)

    @property
    def values(self) -> tuple[float, ...]:
        """All parameters in the order of the fields: a0 a1 a2 b0 b1 b2 m0 r0 outside_ms overlap_ms."""
        return astuple(self)


@dataclass(frozen=True, slots=True)
class Throughput:
    """The step times of one replica with their origin.

    `detail` says in one sentence from what they were made; `error_share` is how far they may be off, as a share of the
    value (0.4: ±40 %), or how much longer they may be where `shorter_share` says how much shorter; `requests` how many
    measured requests stand behind them, `None` where none do; `largest_batch` the most concurrent requests that were
    measured: beyond 1.25 times that an answer is extrapolated.
    """

    times: StepTimes
    source: Source
    detail: str
    error_share: float
    requests: int | None = None
    largest_batch: float | None = None
    shorter_share: float | None = None

    @property
    def shortest(self) -> float:
        """The least that steps may take, as a share of what is said."""
        return 1 - (self.error_share if self.shorter_share is None else self.shorter_share)

    @property
    def off(self) -> str:
        """How far they may be off, in words: ± 40 %, or up to 66 % longer."""
        if self.shorter_share is None:
            return f"± {self.error_share * 100:.0f} %"
        shorter = f" or {self.shorter_share * 100:.0f} % shorter" if self.shorter_share else ""
        return f"up to {self.error_share * 100:.0f} % longer{shorter}"
