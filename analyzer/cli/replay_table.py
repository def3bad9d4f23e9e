"""A replay as a table for the terminal."""

from collections.abc import Iterator, Sequence

from analyzer.replay.by_day import Figure
from analyzer.replay.outcome import MEASURES, SHARES, Outcome
from analyzer.replay.whatif import Tried, WhatIf
from analyzer.replay.words import NAMES, sentences
from analyzer.window import Window

UNKNOWN = "–"


def heading(found: WhatIf, model: str, window: Window) -> str:
    """What was replayed: how many requests of which model, from when to when, and how many of them count."""
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (window.start, window.end))
    return (
        f"{found.requests:,} requests for {model} from {start} to {end} ({window.timezone}); {found.counted:,} of them "
        "count, as a replay starts empty.\n"
    )


def table(found: WhatIf) -> str:
    """What was said, then a line for each figure with a column for each profile, the numbers under each other."""
    tried = [found.current] + ([] if found.against is None else [found.against])
    rows = [["", "today", "instead"][: len(tried) + 1], *_rows(found, tried)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [*sentences(found), "", *(_line(row, widths) for row in rows)]
    return "".join(f"{line}\n" for line in lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = row
    padded = [first.ljust(widths[0]), *(text.rjust(width) for text, width in zip(others, widths[1:], strict=True))]
    return "  ".join(padded).rstrip()


def _rows(found: WhatIf, tried: Sequence[Tried]) -> Iterator[list[str]]:
    made = [each.outcome for each in tried]
    yield [
        "replicas x GPUs",
        *(f"{each.setup.profile.replicas} x {each.setup.profile.gpus_per_replica}" for each in tried),
    ]
    for name in MEASURES:
        for label in SHARES:
            yield [f"{NAMES[name]} {label}, ms", *(_time(one, name, label) for one in made)]
    for name in found.promise.limits:
        yield [f"keeps {NAMES[name]}", *(_share(one.kept[name]) for one in made)]
    yield ["rejected", *(_share(one.rejected) for one in made)]
    yield ["truncated", *(_share(one.truncated) for one in made)]
    yield ["busy", *(f"{one.busy_share * 100:.3g} %" for one in made)]
    yield ["GPU-hours", *(f"{one.gpu_hours:,.1f}" for one in made)]
    if any(each.setup.price_per_gpu_hour is not None for each in tried):
        yield ["cost", *(_cost(each) for each in tried)]


def _time(made: Outcome, name: str, label: str) -> str:
    figure = made.times[name].get(label)
    return UNKNOWN if figure is None else _with_interval(figure, 1.0, "")


def _share(figure: Figure) -> str:
    return _with_interval(figure, 100.0, " %")


def _with_interval(figure: Figure, factor: float, unit: str) -> str:
    said = f"{_number(figure.value * factor)}{unit}"
    if figure.interval is None:
        return said
    low, high = (_number(bound * factor) for bound in figure.interval)
    return said if low == high else f"{said} ({low} to {high})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _cost(tried: Tried) -> str:
    price = tried.setup.price_per_gpu_hour
    return UNKNOWN if price is None else f"{price * tried.outcome.gpu_hours:,.2f}"
