"""AIPerf's `profile_export_aiperf.json` and GenAI-Perf's `profile_export_genai_perf.json`, which it was made after."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer.throughput.sweeps.point import Figures, LoadKind
from analyzer.traces.base import unreadable
from analyzer.traces.nested import at, items, number, text, whole
from analyzer.traces.sweeps.base import Heard, Run, Told
from analyzer.traces.sweeps.files import each, figures
from analyzer.traces.tabular import document

MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1000.0, "sec": 1000.0}
NAMES = ("avg", "p50", "p95", "p99")
# where the two and their older versions say how much load there was
_RATES = (("loadgen", "request_rate"), ("perf_analyzer", "stimulus", "request_rate"), ("request_rate",))
_STREAMS = (("loadgen", "concurrency"), ("perf_analyzer", "stimulus", "concurrency"), ("concurrency",))


class AIPerfSummary:
    """The summary of one run: every metric is an object with its own unit.

    Lengths are the server's own (`usage_…`) where there are such: what the tool counts itself leaves out the chat
    template of the input, and counts the output anew from its text.
    """

    def read(self, paths: Sequence[Path], told: Told) -> Heard:
        """One run for each file."""
        del told  # the merge puts it in
        return each(paths, _runs)


def _runs(path: Path) -> Iterator[Run]:
    report = document(path)
    metrics = at(report, "records") if isinstance(at(report, "records"), dict) else report
    if at(metrics, "request_latency") is None and at(metrics, "time_to_first_token") is None:
        raise unreadable(path, "it holds no metrics of AIPerf or GenAI-Perf: give the summary, not the single requests")
    kind, load = _load(at(report, "input_config"))
    yield Run(
        path,
        model=_model(at(report, "input_config")),
        backend=text(at(report, "input_config", "endpoint", "backend")),
        isl=_average(metrics, "usage_prompt_tokens") or _average(metrics, "input_sequence_length"),
        osl=_average(metrics, "usage_completion_tokens") or _average(metrics, "output_sequence_length"),
        load_kind=kind,
        load=load,
        rps=_average(metrics, "request_throughput"),
        ttft=_times(path, metrics, "time_to_first_token"),
        itl=_times(path, metrics, "inter_token_latency"),
        e2e=_times(path, metrics, "request_latency"),
        conc=_average(metrics, "effective_concurrency"),
        requests=whole(_average(metrics, "request_count") or at(metrics, "request_latency", "count")),
    )


def _times(path: Path, metrics: object, name: str) -> Figures:
    metric = at(metrics, name)
    if metric is None:
        return Figures()
    unit = text(at(metric, "unit"))
    if unit not in MILLISECONDS:
        raise unreadable(path, f"the unit of {name} is none of {', '.join(MILLISECONDS)}")
    return figures(metric, NAMES, MILLISECONDS[unit])


def _average(metrics: object, name: str) -> float | None:
    return number(at(metrics, name, "avg"))


def _load(config: object) -> tuple[LoadKind | None, float | None]:
    phases = [one for one in items(at(config, "phases")) if at(one, "kind") in {None, "profiling"}]
    phase = phases[0] if len(phases) == 1 else None
    rates = [number(at(phase, "rate")), number(at(phase, "request_rate")), *(number(at(config, *w)) for w in _RATES)]
    streams = [number(at(phase, "concurrency")), *(number(at(config, *way)) for way in _STREAMS)]
    kinds: tuple[tuple[LoadKind, list[float | None]], ...] = (("rate", rates), ("concurrency", streams))
    for kind, values in kinds:
        found = next((value for value in values if value), None)
        if found is not None:
            return kind, found
    return None, None


def _model(config: object) -> str | None:
    named = [text(at(one, "name")) for one in items(at(config, "models", "items"))]
    named += [text(one) for one in (*items(at(config, "endpoint", "model_names")), *items(at(config, "model_names")))]
    return named[0] if len(set(named)) == 1 else None
