"""How much of a GPU's stated operations and bandwidth engines reach, by generation, number format and GPUs together."""

from dataclasses import dataclass

from analyzer.engine import NumberFormat


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Shares (0..1) of the stated peak: `mfu` of operations per second in prefill, of the bandwidth in decode `mbu` for
    the weights and `mbu_cache` for the KV cache, which smaller weights leave as it is.

    `measured` is False where nobody's measurements of this generation stand behind them.
    """

    mfu: float
    mbu: float
    mbu_cache: float
    measured: bool = True


_GENERATIONS = {
    "hopper": ("h100", "h200"),
    "blackwell": ("b200", "b300", "gb200", "gb300"),
    "gddr": ("l40s", "l4", "rtx-pro"),
}
# What NVIDIA's measured step times (AIConfigurator 0.12, TensorRT-LLM) imply for prompts of 2,000 tokens and batches of
# 32: bf16 on one or two GPUs, and by which factor 8-bit weights lower both shares.
_ONE_GPU: dict[str, tuple[float, float]] = {"hopper": (0.60, 0.70), "blackwell": (0.58, 0.60), "gddr": (0.55, 0.78)}
_NARROW: dict[str, tuple[float, float]] = {"hopper": (0.65, 0.65), "blackwell": (0.65, 0.52), "gddr": (0.75, 0.90)}
_TOGETHER = {1: (1.0, 1.0), 2: (1.0, 1.0), 4: (0.50 / 0.60, 0.60 / 0.70), 8: (0.40 / 0.60, 0.45 / 0.70)}
_WITHOUT_LINK = 0.1  # of the operations from four GPUs on: all-reduce over PCIe (L40S: 0.01 to 0.10 where 0.5 is usual)
_LIKE = "hopper"


def efficiency(gpu: str, weights: NumberFormat, tp: int, *, linked: bool) -> Efficiency:
    """The shares for `weights` over `tp` GPUs called `gpu`; `linked` is whether NVLink connects them.

    A generation that was not measured gets Hopper's shares. Between 1, 2, 4 and 8 GPUs the next larger number counts.
    Weights of 4 bits that are widened before they are multiplied (int4) compute as bf16 does.
    """
    generation = next((each for each, names in _GENERATIONS.items() if gpu.startswith(names)), None)
    known = generation or _LIKE
    mfu, mbu = _ONE_GPU[known]
    narrow_mfu, narrow_mbu = (1.0, 1.0) if weights == "bf16" else _NARROW[known]
    wide = next((each for each in _TOGETHER if each >= tp), max(_TOGETHER))
    more_mfu, more_mbu = _TOGETHER[wide]
    if weights == "int4":
        narrow_mfu = 1.0
    link = 1.0 if linked or tp < 4 else _WITHOUT_LINK
    return Efficiency(
        mfu * narrow_mfu * more_mfu * link, mbu * narrow_mbu * more_mbu, mbu * more_mbu, generation is not None
    )
