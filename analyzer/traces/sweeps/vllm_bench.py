"""`vllm bench serve --save-result`: one object a run, means in milliseconds, lists in seconds."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from analyzer.throughput.sweeps.point import Figures, LoadKind
from analyzer.traces.base import unreadable
from analyzer.traces.nested import items, number, text, whole
from analyzer.traces.sweeps.base import Heard, Run, Told
from analyzer.traces.sweeps.files import each
from analyzer.traces.tabular import objects

SECOND_MS = 1000.0
QUANTILES = (50, 95, 99)


class VLLMBenchResult:
    """vLLM's serving benchmark, several runs a file where they were appended.

    It writes E2E only where `--percentile-metrics` asks for it, and p95 only where `--metric-percentiles` does; with
    `--save-detailed` both come from the lists of single requests. `mean_tpot_ms` is over requests, `mean_itl_ms` over
    events. `request_rate` is `inf` where all were sent at once. Names of GPUs and tensor parallelism are in it only
    where `--metadata` put them there, as `tensor_parallel_size=2` or `tp=2`.
    """

    def read(self, paths: Sequence[Path], told: Told) -> Heard:
        """The runs of all files."""
        del told  # the merge puts it in
        return each(paths, _runs)


def _runs(path: Path) -> Iterator[Run]:
    found = list(objects(path))
    if not found or any(run is None or "request_throughput" not in run for run in found):
        raise unreadable(path, "it is no result of vllm bench serve: run it with --save-result")
    for run in found:
        if run is not None:
            yield _run(path, run)


def _run(path: Path, run: dict[str, object]) -> Run:
    completed = whole(run.get("completed"))
    kind, load = _load(run)
    ttft, e2e = _latencies(run)
    return Run(
        path,
        model=text(run.get("model_id")),
        gpu=text(run.get("gpu")),
        tp=whole(run.get("tensor_parallel_size") or run.get("tp")),
        pp=whole(run.get("pipeline_parallel_size") or run.get("pp")),
        backend=text(run.get("engine")),
        version=text(run.get("version")),
        quant=text(run.get("quantization") or run.get("quant")),
        isl=_per_request(run, "total_input_tokens", completed),
        osl=_per_request(run, "total_output_tokens", completed),
        load_kind=kind,
        load=load,
        rps=number(run.get("request_throughput")),
        ttft=_figures(run, "ttft", ttft),
        itl=_figures(run, "tpot", ()),
        e2e=_figures(run, "e2el", e2e),
        per_token=number(run.get("mean_itl_ms")),
        requests=completed,
    )


def _load(run: dict[str, object]) -> tuple[LoadKind, float | None]:
    """The rate, or where that is infinite the streams, or all prompts at once."""
    rate = number(run.get("request_rate"))
    if rate:
        return "rate", rate
    return "concurrency", number(run.get("max_concurrency")) or number(run.get("num_prompts"))


def _per_request(run: dict[str, object], name: str, completed: int | None) -> float | None:
    total = number(run.get(name))
    return total / completed if total and completed else None


def _figures(run: dict[str, object], metric: str, values: Sequence[float]) -> Figures:
    """Of a metric: what the file states in milliseconds, else what its single requests give."""
    from_list = [float(np.mean(values)), *np.percentile(values, QUANTILES).tolist()] if len(values) else [None] * 4
    stated = [
        number(run.get(f"mean_{metric}_ms")),
        number(run.get(f"median_{metric}_ms", run.get(f"p50_{metric}_ms"))),
        number(run.get(f"p95_{metric}_ms")),
        number(run.get(f"p99_{metric}_ms")),
    ]
    return Figures(*(listed if said is None else said for said, listed in zip(stated, from_list, strict=True)))


def _latencies(run: dict[str, object]) -> tuple[list[float], list[float]]:
    """TTFT and E2E of the requests that completed, in milliseconds; empty without `--save-detailed`.

    Older versions have no `latencies`: the last token comes when the first and all gaps after it are over.
    """
    firsts, gaps, errors = items(run.get("ttfts")), items(run.get("itls")), items(run.get("errors"))
    whole_times = items(run.get("latencies"))
    ttft, e2e = [], []
    for place, first in enumerate(firsts):
        value = number(first)
        if value is None or (place < len(errors) and errors[place]):
            continue
        between = [number(gap) or 0.0 for gap in items(gaps[place])] if place < len(gaps) else []
        end = number(whole_times[place]) if place < len(whole_times) else value + sum(between)
        if end is not None and end > 0:
            ttft.append(value * SECOND_MS)
            e2e.append(end * SECOND_MS)
    return ttft, e2e
