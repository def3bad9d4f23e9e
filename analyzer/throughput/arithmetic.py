"""Step times from arithmetic: what a step computes and reads, over what the GPU can compute and read."""

from dataclasses import dataclass, replace

import numpy as np

from analyzer.engine import (
    WEIGHT_BYTES,
    Gpu,
    Model,
    ServingProfile,
    StepTimes,
    Throughput,
    parameters,
)
from analyzer.engine.footprint import kv_bytes_per_token
from analyzer.throughput import fitting
from analyzer.throughput.efficiency import Efficiency, efficiency
from analyzer.throughput.fitting import Fit, Floats

ERROR_SHARE = 0.4
EXPERTS_ERROR_SHARE = 0.7
LENGTHS = (128, 256, 512, 1024, 2048, 4096, 8192, 16384)  # input tokens of the prompts that the curve is fitted at
CONTEXTS = (512, 1024, 2048, 4096, 8192)  # cached tokens of each request
MS = 1000.0


@dataclass(frozen=True, slots=True)
class Work:
    """What one step of a model has to do.

    A token is multiplied with `multiplied` parameters of `weight_bytes` bytes each: those of its experts, without the
    input embedding. `attention` is layers · heads · head size of the layers that look at everything, `windowed` that of
    those that look at the last `window` tokens; one cached token takes `kv_bytes` in the former and `windowed_bytes` in
    the latter, over all GPUs together. `model` says how many parameters a step of many tokens reads.
    """

    model: Model
    multiplied: float
    weight_bytes: float
    attention: float
    kv_bytes: float
    windowed: float
    windowed_bytes: float
    window: int

    @classmethod
    def of(cls, profile: ServingProfile, model: Model) -> "Work":
        """The work of `model` as `profile` runs it: its formats, and KV heads copied where `tp` is beyond them."""
        full, windowed = kv_bytes_per_token(model, profile.kv_cache, profile.tp)
        head = float(model.head_size)
        if model.latent is not None:  # what is compared and what is given differ in size
            head = (model.latent.nope_size + model.latent.rope_size + model.latent.value_size) / 2
        copies = profile.tp
        return cls(
            model=model,
            multiplied=parameters.multiplied(model),
            weight_bytes=WEIGHT_BYTES[profile.weights],
            attention=(model.attention_layers - model.windowed_layers) * model.heads * head,
            kv_bytes=full * copies,
            windowed=model.windowed_layers * model.heads * head,
            windowed_bytes=windowed * copies,
            window=model.window or 0,
        )

    def flops(self, isl: float) -> float:
        """Operations to read a prompt: 2·P'·isl for the weights, 2·L·h·d·isl² for the causal half of attention."""
        seen = min(self.window, isl)
        looked = self.attention * isl**2 + self.windowed * (2 * isl - seen) * seen
        return 2 * self.multiplied * isl + 2 * looked

    def weights_read(self, tokens: float) -> float:
        """Bytes of weights that a step of so many tokens reads: of the experts those that any token was sent to."""
        return parameters.read(self.model, tokens) * self.weight_bytes

    def cache_read(self, batch: float, context: float) -> float:
        """Bytes of KV cache that one step of `batch` requests with `context` tokens each reads."""
        return batch * (self.kv_bytes * context + self.windowed_bytes * min(context, self.window))


@dataclass(frozen=True, slots=True)
class Speed:
    """What a replica's GPUs do together after all losses: operations per second, and bytes of weights and of cache.

    `cache_bandwidth` is `None` where the cache is read as fast as the weights.
    """

    flops: float
    bandwidth: float
    cache_bandwidth: float | None = None


def roofline(profile: ServingProfile, model: Model, gpu: Gpu) -> Throughput:
    """The step times of one replica by arithmetic alone, ±40 %: an order of magnitude, not a ground for purchase.

    With experts ±70 %: many small matrices reach far less of the peak, and nobody's share for them is known. In a step
    that also decodes, a prompt computes while the weights are read (`overlap_ms`).

    Pipeline stages hold a part of the layers and a part of the running requests each: a token passes all of them one
    after the other, so that they shorten what grows with the requests, and nothing else.
    """
    reached = efficiency(gpu.name, profile.weights, profile.tp, linked=gpu.nvlink)
    speed = Speed(
        flops=gpu.peak(profile.weights) * profile.tp * reached.mfu,
        bandwidth=gpu.bandwidth * profile.tp * reached.mbu,
        cache_bandwidth=gpu.bandwidth * profile.tp * reached.mbu_cache,
    )
    work = Work.of(profile, model)
    error = ERROR_SHARE if model.experts is None else EXPERTS_ERROR_SHARE
    longest = profile.max_model_len or model.max_positions
    a0, a1, a2 = prefill_fit(work, speed, longest).coefficients
    b0, b1, b2 = decode_fit(work, speed, profile.max_num_seqs, longest).coefficients
    return Throughput(
        times=StepTimes(a0, a1, a2, b0, b1 / profile.pp, b2 / profile.pp, overlap_ms=b0),
        source="roofline",
        detail=_sentence(gpu, reached, error),
        error_share=error,
    )


def prefill_ms(work: Work, speed: Speed, isl: float) -> float:
    """One prompt alone: its operations, or reading the weights where that takes longer."""
    return MS * max(work.flops(isl) / speed.flops, work.weights_read(isl) / speed.bandwidth)


def decode_ms(work: Work, speed: Speed, batch: float, context: float) -> float:
    """One token for each of `batch` requests with `context` tokens: reading, or computing where that takes longer."""
    cache_s = work.cache_read(batch, context) / (speed.cache_bandwidth or speed.bandwidth)
    read = work.weights_read(batch) / speed.bandwidth + cache_s
    return MS * max(read, 2 * work.multiplied * batch / speed.flops)


def prefill_fit(work: Work, speed: Speed, longest: int) -> Fit:
    """a0, a1, a2 of the curve over prompts of up to `longest` tokens (three lengths at least).

    a1 and a2 are what is computed, 2·P'/F and 2·L·h·d/F where no layer has a window, also where a prompt of any allowed
    length alone takes as long as reading the weights: a step of many prompts computes more than that. a0 is what
    reading the weights adds to short ones, as one constant.
    """
    lengths = _up_to(LENGTHS, longest, 3)
    computing = np.array([MS * work.flops(isl) / speed.flops for isl in lengths])
    a1, a2 = fitting.fitted((lengths, lengths**2), computing).coefficients
    whole = np.array([prefill_ms(work, speed, isl) for isl in lengths])
    found = fitting.fitted((np.ones_like(lengths),), whole, known=a1 * lengths + a2 * lengths**2)
    return replace(found, coefficients=(*found.coefficients, a1, a2))


def decode_fit(work: Work, speed: Speed, most: int, longest: int) -> Fit:
    """b0, b1, b2 of the curve over up to `most` requests with contexts of up to `longest` tokens."""
    batches = np.array([2.0**power for power in range(max(most, 2).bit_length())])
    batch, context = (each.ravel() for each in np.meshgrid(batches, _up_to(CONTEXTS, longest, 2)))
    ms = np.array([decode_ms(work, speed, b, c) for b, c in zip(batch, context, strict=True)])
    return fitting.decode(batch, batch * context, ms)


def _up_to(values: tuple[int, ...], longest: int, at_least: int) -> Floats:
    kept = [value for value in values if value <= longest]
    return np.array(kept if len(kept) >= at_least else values[:at_least], dtype=np.float64)


def _sentence(gpu: Gpu, reached: Efficiency, error: float) -> str:
    measured = "" if reached.measured else ", shares of another generation as this one was not measured"
    return (
        f"A roofline: {reached.mfu * 100:.0f} % of the operations and {reached.mbu * 100:.0f} % of the bandwidth in "
        f"the data sheet of {gpu.name}{measured}; ± {error * 100:.0f} %, too wide to buy hardware by."
    )
