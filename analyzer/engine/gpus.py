"""What a GPU has: memory, bandwidth, arithmetic, and neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.engine.profile import NumberFormat


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU.

    `memory_bytes` is what its driver reports, `nominal_bytes` what it is sold with; `bandwidth` is bytes per second of
    its memory, `flops` dense operations per second in each format that it computes in. `nvlink` says whether all GPUs
    of a node of `gpus_per_node` reach each other by NVLink or alike. `source` is where the figures are from.
    `aiconfigurator` is the name that NVIDIA's tables have for it.
    """

    name: str
    title: str
    nominal_bytes: int
    memory_bytes: int
    bandwidth: float
    flops: Mapping[str, float]
    nvlink: bool
    gpus_per_node: int
    source: str
    aiconfigurator: str | None = None

    def peak(self, weights: NumberFormat) -> float:
        """Dense operations per second with weights in this format.

        int4 weights are unpacked to bf16 (W4A16), and so is every format that the hardware does not compute in. MXFP4
        is computed as NVFP4 where there is arithmetic in four bits.
        """
        computed = {"int4": "bf16", "mxfp4": "nvfp4"}.get(weights, weights)
        return self.flops.get(computed, self.flops["bf16"])
