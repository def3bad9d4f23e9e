"""inference-perf's `stage_N_lifecycle_metrics.json`: one run a stage, all times in seconds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from analyzer.traces.base import unreadable
from analyzer.traces.nested import at, number, text, whole
from analyzer.traces.sweeps.base import Heard, Run, Told
from analyzer.traces.sweeps.files import each, figures
from analyzer.traces.sweeps.lengths import Lengths, every_answer, same_for_all
from analyzer.traces.tabular import document

NAMES = ("mean", "median", "p95", "p99")
SECOND_MS = 1000.0
CONFIG = "config.yaml"


class InferencePerf:
    """Kubernetes' inference-perf.

    `requested_rate` is the load and `throughput.requests_per_sec` what was completed; `achieved_rate` is the rate of
    sending, which goes on while requests queue. Output lengths are counted anew from the text, whatever the engine
    wrote: where `config.yaml` beside the stages says that every answer has so many tokens, or the times of the answers
    show that all have the same, that is taken. Summaries over all stages, and what a Prometheus said, are left out.
    """

    def read(self, paths: Sequence[Path], told: Told) -> Heard:
        """A run for each stage."""
        found = each(paths, _stages)
        left_out = [path for path in paths if _is_summary(path)]
        notes = [f"{path}: it is no single stage, and was left out." for path in left_out]
        configs = {path.parent: _config(path.parent / CONFIG) for path in paths}
        runs: list[Run] = []
        for folder, config in configs.items():
            own = [run for run in found.runs if run.path.parent == folder]
            settled, note = _with_lengths(own, folder, config, told)
            runs += settled
            notes += [note] if note else []
        return Heard(tuple(runs), tuple(notes), found.unreadable)


def _stages(path: Path) -> Iterator[Run]:
    if _is_summary(path):
        return
    stage = document(path)
    successes = at(stage, "successes")
    latency = at(successes, "latency")
    if not isinstance(latency, dict):
        raise unreadable(path, "it holds no stage of inference-perf: give the stage_N_lifecycle_metrics.json")
    yield Run(
        path,
        isl=number(at(successes, "prompt_len", "mean")),
        osl=number(at(successes, "output_len", "mean")),
        load_kind="rate",
        load=number(at(stage, "load_summary", "requested_rate")),
        rps=number(at(successes, "throughput", "requests_per_sec")),
        ttft=figures(latency.get("time_to_first_token"), NAMES, SECOND_MS),
        itl=figures(latency.get("time_per_output_token"), NAMES, SECOND_MS),
        e2e=figures(latency.get("request_latency"), NAMES, SECOND_MS),
        per_token=_milliseconds(at(latency, "inter_token_latency", "mean")),
        requests=whole(at(successes, "count")),
    )


def _is_summary(path: Path) -> bool:
    return path.name.startswith("summary_") or path.name.endswith("_prometheus_metrics.json")


def _milliseconds(value: object) -> float | None:
    seconds = number(value)
    return None if seconds is None else seconds * SECOND_MS


def _config(path: Path) -> object:
    """What the configuration beside the stages says; nothing where there is none that can be read."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None


def _with_lengths(runs: list[Run], folder: Path, config: object, told: Told) -> tuple[list[Run], str | None]:
    """The runs of one folder with the model that its configuration names and the output tokens that were written."""
    model = text(at(config, "server", "model_name"))
    runs = [replace(run, model=model) for run in runs]
    lengths = [one for run in runs if (one := _lengths(run)) is not None]
    if told.osl is not None or not lengths:
        return runs, None
    stated = _stated(config)
    shown = same_for_all(lengths)
    tokens = stated if stated is not None else every_answer(lengths) if shown else None
    if tokens is None:
        return runs, None
    settled = [replace(run, osl=tokens) for run in runs]
    if all(run.osl is not None and abs(run.osl - tokens) < 0.005 * tokens for run in runs):
        return settled, None
    low, high = min(one.least for one in lengths), max(one.most for one in lengths)
    why = (
        f"{CONFIG} fixes the output and ignores the end of sequence"
        if stated is not None
        else "answers of all lengths take equally long, so that their text was counted anew"
    )
    told_lengths = f"output lengths of {low:g} to {high:g} tokens are not what was written"
    return settled, f"{folder}: {told_lengths}: {why}; n = {tokens:g}."


def _lengths(run: Run) -> Lengths | None:
    """Spreads of one stage, read again from its file, which was read before."""
    successes = at(document(run.path), "successes")
    length, latency = at(successes, "output_len"), at(successes, "latency", "request_latency")
    wanted = [(length, name) for name in ("min", "p5", "median", "p95", "max")]
    wanted += [(latency, name) for name in ("p5", "median", "p95")]
    values = [number(at(one, name)) for one, name in wanted]
    known = [value for value in values if value is not None]
    return Lengths(run.load or 0.0, *known) if len(known) == len(wanted) else None


def _stated(config: object) -> float | None:
    """The output tokens that every answer has, where the configuration says so and the engine may not end before."""
    if at(config, "server", "ignore_eos") is not True:
        return None
    shared = number(at(config, "data", "shared_prefix", "output_len"))
    if shared is not None:
        return shared
    least, most = (number(at(config, "data", "output_distribution", end)) for end in ("min", "max"))
    return least if least is not None and least == most else None
