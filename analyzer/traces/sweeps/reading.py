"""Files of one benchmark become points: read, completed by what the user says, checked."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from analyzer.errors import BadSettings, UnreadableFile
from analyzer.throughput.sweeps.point import BenchPoint
from analyzer.traces.sweeps.aiperf import AIPerfSummary
from analyzer.traces.sweeps.base import Benchmark, Run, Told
from analyzer.traces.sweeps.checks import Disagreement, disagreements, impossible, sound
from analyzer.traces.sweeps.dynamo import DynamoProfile
from analyzer.traces.sweeps.guidellm import GuideLLMReport
from analyzer.traces.sweeps.inference_perf import InferencePerf
from analyzer.traces.sweeps.trtllm_bench import TRTLLMBench
from analyzer.traces.sweeps.vllm_bench import VLLMBenchResult

BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {
        "aiperf": AIPerfSummary(),
        "genai-perf": AIPerfSummary(),
        "vllm-bench": VLLMBenchResult(),
        "guidellm": GuideLLMReport(),
        "inference-perf": InferencePerf(),
        "trtllm-bench": TRTLLMBench(),
        "dynamo": DynamoProfile(),
    }
)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The points of some files, what the user should hear, and the files that gave none, each with its reason."""

    points: tuple[BenchPoint, ...]
    notes: tuple[str, ...]
    unreadable: tuple[UnreadableFile, ...]


def read_sweep(benchmark: Benchmark, files: Sequence[Path], told: Told) -> Sweep:
    """The points in `files`; raises `BadSettings` where neither they nor the user name model or GPU."""
    heard = benchmark.read(list(dict.fromkeys(files)), told)
    points: list[BenchPoint] = []
    unreadable, disagreeing = list(heard.unreadable), list[Disagreement]()
    digests: dict[Path, str] = {}
    for run in heard.runs:
        complete = told.over(run)
        if (reason := impossible(complete)) is not None:
            unreadable.append(UnreadableFile(str(run.path), reason))
            continue
        checked, disagreement = sound(complete)
        if disagreement is not None:
            disagreeing.append(disagreement)
        if run.path not in digests:
            digests[run.path] = hashlib.sha256(run.path.read_bytes()).hexdigest()
        points.append(_point(checked, digests[run.path]))
    assumed = _assumed(heard.runs, told) if points else ()
    notes = (*heard.notes, *disagreements(disagreeing, len(points)), *assumed)
    return Sweep(tuple(points), notes, tuple(unreadable))


def _point(run: Run, digest: str) -> BenchPoint:
    if run.model is None or run.gpu is None:
        lacking = [name for name in ("model", "gpu") if getattr(run, name) is None]
        what, options = " and ".join(lacking), " and ".join(f"--{name}" for name in lacking)
        raise BadSettings(f"{run.path} does not say which {what} was measured: give {options}, or --profile.")
    tp, pp = run.tp or 1, run.pp or 1
    gpus = run.n_gpu or tp * pp
    if gpus % (tp * pp):
        raise BadSettings(f"{run.path}: {gpus} GPUs make no whole replicas of TP {tp} x PP {pp}: give --n-gpu.")
    return BenchPoint(
        model=run.model,
        gpu=run.gpu,
        n_gpu=gpus,
        tp=tp,
        pp=pp,
        backend=run.backend,
        version=run.version,
        quant=run.quant or "bf16",
        isl_mean=run.isl,
        osl_mean=run.osl,
        load_kind=run.load_kind,
        load=run.load,
        rps=run.rps,
        ttft=run.ttft,
        itl=run.itl,
        e2e=run.e2e,
        conc=run.conc,
        src=run.path.name,
        src_sha256=digest,
        requests=run.requests,
    )


def _assumed(runs: Sequence[Run], told: Told) -> tuple[str, ...]:
    """The sentence about what neither the files nor the user said."""
    defaults = {"tp": "1", "pp": "1", "quant": "bf16"}
    missing = [name for name in defaults if getattr(told, name) is None and any(getattr(r, name) is None for r in runs)]
    if not missing:
        return ()
    taken = ", ".join(f"{name} {defaults[name]}" for name in missing)
    options = ", ".join(f"--{name}" for name in missing)
    return (f"The files do not say all about the engine, so {taken} were taken: {options} change it.",)
