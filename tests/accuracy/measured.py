"""Sweeps that others measured of one engine, read as everybody's are."""

from dataclasses import dataclass
from pathlib import Path

from analyzer.engine import Gpu, Model, ServingProfile, complete, gpu, model
from analyzer.throughput.sweeps import BenchPoint
from analyzer.traces.sweeps import BENCHMARKS, Told, read_sweep

SAMPLES = Path(__file__).parents[1] / "samples" / "inference_perf"
BLOCK = 16  # tokens of a block of vLLM's KV cache: a prefix is found in whole blocks
IN_FLIGHT = 44 * 10  # config.yaml: num_workers x worker_max_concurrency
KEPT_UP = 0.95
SECONDS = 60  # config.yaml: stage_duration


@dataclass(frozen=True)
class Measured:
    """One sweep: `name` is its folder, `cached` the input tokens of a request that a prefix cache holds."""

    name: str
    title: str
    profile: ServingProfile
    cached: int
    points: tuple[BenchPoint, ...]

    @property
    def knee(self) -> tuple[float, float]:
        """The highest load that was kept up with, 95 % of it completed, and the lowest that was not."""
        kept = [(point.load or 0.0, (point.rps or 0.0) >= KEPT_UP * (point.load or 0.0)) for point in self.points]
        return max(load for load, held in kept if held), min(load for load, held in kept if not held)


def llama() -> Model:
    """The model of all three sweeps."""
    return model("meta-llama/Llama-3.1-8B-Instruct")


def h100() -> Gpu:
    """The GPU of all three sweeps."""
    return gpu("h100")


def sweeps() -> tuple[Measured, ...]:
    """The three sweeps, the one that is calibrated on first; engine arguments are those of their `manifests.yaml`."""
    return (
        _sweep("seqs_128", "as calibrated: at most 128 requests at once", 128, reuses=False),
        _sweep("seqs_192", "at most 192 requests at once", 192, reuses=False),
        _sweep("prefix_caching", "128 at once, with prefix caching and chunked prefill", 128, reuses=True),
    )


def _sweep(name: str, title: str, seqs: int, *, reuses: bool) -> Measured:
    told = Told(model=llama().name, gpu=h100().name, tp=1, pp=1, backend="vllm", version="0.11.0", quant="bf16")
    files = sorted((SAMPLES / name).glob("stage_*.json"))
    points = read_sweep(BENCHMARKS["inference-perf"], files, told).points
    isl = round(points[0].isl_mean or 0)
    # 100 prompts come again and again, and the last token of a prompt is always computed
    cached = (isl - 1) // BLOCK * BLOCK if reuses else 0
    profile = complete(
        llama(), h100(), engine="vllm", engine_version="0.11.0", weights="bf16", max_model_len=512, max_num_seqs=seqs,
        chunked_prefill=reuses, prefix_caching=reuses, gpu_memory_utilization=0.9,
    )  # fmt: skip
    return Measured(name, title, profile, cached, points)
