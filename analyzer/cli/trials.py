"""A backtest as a table for the terminal."""

from collections.abc import Iterator, Sequence

from analyzer.backtest import Backtest, ModelBacktest, Trial
from analyzer.errors import TooLittleTraffic

HEADS = (
    "week",
    "learnt from",
    "requests",
    "over limit",
    "peak, req/s",
    "replicas",
    "fitted",
    "plan",
    "fitted",
    "saving",
)
UNKNOWN = "–"


def table(found: Backtest) -> str:
    """A line for each week of each model, the numbers under each other; empty where nothing was analysed."""
    return "".join(f"{line}\n" for name, model in found.models.items() for line in _model(name, model))


def problem(found: Backtest) -> TooLittleTraffic:
    """Why no week could be tried: the reason of each model."""
    return TooLittleTraffic("\n".join(f"{name}: {model.reason}" for name, model in found.models.items()))


def _model(name: str, model: ModelBacktest) -> Iterator[str]:
    yield f"{name}: {model.reason}"
    if not model.trials:
        return
    totals = ("all of them", "", "", _share(model.over_limit_share), "", "", _share(model.attained_share), "", "")
    rows = [HEADS, *(_row(trial) for trial in model.trials), (*totals, _share(model.saving_share))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    yield from (_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        text.ljust(width) if column == 0 else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _row(trial: Trial) -> tuple[str, ...]:
    plan = trial.plan
    return (
        f"from {trial.start:%Y-%m-%d}",
        "1 week" if trial.learnt_from == 1 else f"{trial.learnt_from} weeks",
        f"{trial.requests:,}",
        _share(trial.over_total_share),
        f"{trial.peak_rps:g}",
        UNKNOWN if trial.replicas is None else f"{trial.replicas:,}",
        _share(trial.attained_share),
        UNKNOWN if plan is None else f"{plan.least_replicas:,} to {plan.most_replicas:,}",
        _share(None if plan is None else plan.attained_share),
        _share(None if plan is None else plan.saving_share),
    )


def _share(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share * 100:.3g} %"
