"""What a GPU itself takes for a step, without the engine around it: what a sweep of few lengths cannot tell."""

from analyzer.engine import Gpu, Model, ServingProfile, StepTimes
from analyzer.throughput.arithmetic import MS, Speed, Work
from analyzer.throughput.efficiency import efficiency

# Of the memory's bandwidth, where much is read at once: what b2 of NVIDIA's measured steps of an 8B on an H100 implies.
STREAMED = 0.92
TOGETHER = 32  # tokens of a step for which the weights of experts are counted


def kernels(profile: ServingProfile, model: Model, gpu: Gpu) -> StepTimes:
    """a1, a2, b2 and overlap_ms of a replica; everything that is the engine's is zero.

    - a1 = 2·P' / F and a2 = 2·L·h·d / F, operations of a token over what the GPUs compute (their peak times the MFU of
      `efficiency`);
    - b2 = bytes of a cached token / M, with M 92 % of the memory's bandwidth: unlike the roofline's, this figure has no
      launches and no scheduling in it, because the fit finds those;
    - overlap_ms = bytes of weights / M: that long a step reads weights whatever it computes meanwhile.
    """
    reached = efficiency(gpu.name, profile.weights, profile.tp, linked=gpu.nvlink)
    streamed = gpu.bandwidth * profile.tp * STREAMED
    speed = Speed(gpu.peak(profile.weights) * profile.tp * reached.mfu, streamed, streamed)
    work = Work.of(profile, model)
    return StepTimes(
        a0=0.0,
        a1=MS * 2 * work.multiplied / speed.flops,
        a2=MS * 2 * work.attention / speed.flops,
        b0=0.0,
        b1=0.0,
        b2=MS * work.kv_bytes / speed.bandwidth / profile.pp,
        overlap_ms=MS * work.weights_read(TOGETHER) / speed.bandwidth,
    )
