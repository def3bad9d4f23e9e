"""Points of sweeps to start from."""

from analyzer.engine import StepTimes
from analyzer.throughput.sweeps import BenchPoint, Figures
from analyzer.throughput.sweeps.expected import expected

POINT = BenchPoint(
    model="meta-llama/Llama-3.1-8B-Instruct",
    gpu="H100-SXM",
    n_gpu=1,
    tp=1,
    pp=1,
    backend="vllm",
    version="0.11.0",
    quant="bf16",
    isl_mean=200.0,
    osl_mean=64.0,
    load_kind="rate",
    load=30.0,
    rps=30.0,
    ttft=Figures(30.0, 29.0, 38.0, 44.0),
    itl=Figures(8.2),
    e2e=Figures(546.6, 543.0, 581.0, 630.0),
    conc=16.4,
    src="stage_1.json",
    src_sha256="0" * 64,
    requests=1800,
)

KERNELS = StepTimes(a0=0.0, a1=0.025, a2=4.4e-7, b0=0.0, b1=0.0, b2=4.3e-5, overlap_ms=4.9)


def made(
    times: StepTimes,
    rps: float,
    isl: float = 200.0,
    osl: float = 64.0,
    requests: int = 1000,
    version: str = "0.11.0",
) -> BenchPoint:
    """The point that an engine of these step times gives under a load that it keeps up with."""
    found = expected(times, rps / 1000, isl, osl, ahead=version != "0.11.0")
    e2e = found.ttft + (osl - 1) * found.itl
    return BenchPoint(
        model=POINT.model, gpu=POINT.gpu, n_gpu=1, tp=1, pp=1, backend="vllm", version=version, quant="bf16",
        isl_mean=isl, osl_mean=osl, load_kind="rate", load=rps, rps=rps, ttft=Figures(found.ttft),
        itl=Figures(found.itl), e2e=Figures(e2e), conc=rps * e2e / 1000, src="made", src_sha256="", requests=requests,
    )  # fmt: skip
