"""Step times from arithmetic: what a step computes and reads, over what the GPU can compute and read."""

from dataclasses import dataclass

import numpy as np

from analyzer.throughput import fitting
from analyzer.throughput.fitting import Fit, Floats

ERROR_SHARE = 0.4
LENGTHS = (128, 256, 512, 1024, 2048, 4096, 8192, 16384)  # input tokens of the prompts that the curve is fitted at
CONTEXTS = (512, 1024, 2048, 4096, 8192)  # cached tokens of each request
MS = 1000.0


@dataclass(frozen=True, slots=True)
class Work:
    """What one step of a model has to do.

    `active` are the parameters that one token passes through and `total` all of them, both without the input embedding;
    they differ where `experts_per_token` of `experts` are chosen for each token. `attention` is layers · heads · head
    size. `kv_bytes` are the bytes that one cached token takes in the layers that look at everything, `windowed_bytes`
    in those that look at the last `window` tokens only. `attention_windowed` is layers · heads · head size of those.
    """

    active: float
    total: float
    weight_bytes: float
    attention: float
    kv_bytes: float
    experts: int = 1
    experts_per_token: int = 1
    attention_windowed: float = 0.0
    windowed_bytes: float = 0.0
    window: int = 0

    def flops(self, isl: float) -> float:
        """Operations to read a prompt: 2·P'·isl for the weights, 2·L·h·d·isl² for the causal half of attention."""
        seen = min(self.window, isl)
        windowed = self.attention_windowed * (2 * isl - seen) * seen
        return 2 * self.active * isl + 2 * (self.attention * isl**2 + windowed)

    def weights_read(self, tokens: float) -> float:
        """Bytes of weights that a step of so many tokens reads: of the experts those that any token was sent to."""
        share = self.experts_per_token / self.experts
        if share >= 1:
            return self.active * self.weight_bytes
        routed = (self.total - self.active) / (1 - share)
        touched: float = 1 - (1 - share) ** tokens
        return float(self.active - routed * share + routed * touched) * self.weight_bytes

    def cache_read(self, batch: float, context: float) -> float:
        """Bytes of KV cache that one step of `batch` requests with `context` tokens each reads."""
        return batch * (self.kv_bytes * context + self.windowed_bytes * min(context, self.window))


@dataclass(frozen=True, slots=True)
class Speed:
    """What a replica's GPUs do together: operations and bytes per second, after all losses."""

    flops: float
    bandwidth: float


def prefill_ms(work: Work, speed: Speed, isl: float) -> float:
    """One prompt alone: its operations, or reading the weights where that takes longer."""
    return MS * max(work.flops(isl) / speed.flops, work.weights_read(isl) / speed.bandwidth)


def decode_ms(work: Work, speed: Speed, batch: float, context: float) -> float:
    """One token for each of `batch` requests with `context` tokens: reading, or computing where that takes longer."""
    read = (work.weights_read(batch) + work.cache_read(batch, context)) / speed.bandwidth
    return MS * max(read, 2 * work.active * batch / speed.flops)


def prefill_fit(work: Work, speed: Speed, longest: int) -> Fit:
    """a0, a1, a2 of the curve over prompts of up to `longest` tokens (all lengths where it is shorter than two)."""
    lengths = _up_to(LENGTHS, longest, 3)
    return fitting.prefill(lengths, np.array([prefill_ms(work, speed, isl) for isl in lengths]))


def decode_fit(work: Work, speed: Speed, most: int, longest: int) -> Fit:
    """b0, b1, b2 of the curve over up to `most` requests with contexts of up to `longest` tokens."""
    batches = np.array([2.0**power for power in range(max(most, 2).bit_length())])
    batch, context = (each.ravel() for each in np.meshgrid(batches, _up_to(CONTEXTS, longest, 2)))
    ms = np.array([decode_ms(work, speed, b, c) for b, c in zip(batch, context, strict=True)])
    return fitting.decode(batch, batch * context, ms)


def _up_to(values: tuple[int, ...], longest: int, at_least: int) -> Floats:
    kept = [value for value in values if value <= longest]
    return np.array(kept if len(kept) >= at_least else values[:at_least], dtype=np.float64)
