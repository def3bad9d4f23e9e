"""`trtllm-bench throughput` and `latency` with `--report_json`: one object a run, all times in milliseconds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from analyzer.throughput.sweeps.point import Figures, LoadKind
from analyzer.traces.base import unreadable
from analyzer.traces.nested import at, number, text, whole
from analyzer.traces.sweeps.base import Heard, Run, Told
from analyzer.traces.sweeps.files import each, figures
from analyzer.traces.tabular import document

NAMES = ("average", "p50", "p95", "p99")
QUANT = {"FP8": "fp8", "NVFP4": "nvfp4", "W4A16_AWQ": "int4", "W4A16_GPTQ": "int4", "W8A16": "int8", "W8A8_SQ": "int8"}


class TRTLLMBench:
    """TensorRT-LLM's benchmark; without `--streaming` it knows no first token, only requests as a whole.

    Nothing is sent over a network: requests go to the engine in the same process, so that TTFT holds no HTTP.
    """

    def read(self, paths: Sequence[Path], told: Told) -> Heard:
        """One run for each report."""
        del told  # the merge puts it in
        return each(paths, _runs)


def _runs(path: Path) -> Iterator[Run]:
    report = document(path)
    performance, world = at(report, "performance"), at(report, "world_info")
    if not isinstance(performance, dict) or not isinstance(world, dict):
        raise unreadable(path, "it is no report of trtllm-bench: run it with --report_json")
    streaming = at(report, "streaming_metrics")
    kind, load = _load(report)
    yield Run(
        path,
        model=text(at(report, "engine", "model")),
        gpu=text(at(report, "machine", "gpu_name") or at(report, "machine", "name")),
        n_gpu=whole(at(world, "world_size")),
        tp=whole(at(world, "tp_size")),
        pp=whole(at(world, "pp_size")),
        backend="trtllm",
        version=text(at(report, "engine", "version")),
        quant=_quant(report),
        isl=number(at(report, "request_info", "avg_input_length")),
        osl=number(at(report, "request_info", "avg_output_length")),
        load_kind=kind,
        load=load,
        rps=number(at(performance, "request_throughput_req_s")),
        ttft=_figures(at(streaming, "ttft_percentiles"), at(streaming, "avg_ttft_ms")),
        itl=_figures(at(streaming, "tpot_percentiles"), at(streaming, "avg_tpot_ms")),
        e2e=_figures(
            at(performance, "request_latency_percentiles_ms"),
            at(performance, "avg_request_latency_ms"),
        ),
        conc=number(at(report, "request_info", "avg_num_concurrent_requests")),
        requests=whole(at(report, "request_info", "num_requests")),
    )


def _figures(percentiles: object, average: object) -> Figures:
    found = figures(percentiles, NAMES)
    mean = number(average)
    return found if mean is None else replace(found, mean=mean)


def _load(report: dict[str, object]) -> tuple[LoadKind, float | None]:
    """What was in flight: requests are issued as fast as they are taken, and `issue_rate` is not asked for."""
    return "concurrency", number(at(report, "request_info", "avg_num_concurrent_requests"))


def _quant(report: dict[str, object]) -> str | None:
    algorithm = text(at(report, "engine", "quantization"))
    if algorithm is not None:
        return QUANT.get(algorithm, algorithm.lower())
    return "bf16" if at(report, "engine", "dtype") in {"bfloat16", "float16"} else None
