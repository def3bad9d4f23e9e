"""One run as Markdown, written between two marks of a page whose prose stays as it is."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench.scenarios import Scenario
from tests.bench.summary import Figure, Spread
from tests.bench.table import OWN_HEAD, number, own_rows
from tests.bench.targets import Verdict

_NOTHING = "–"


def write(page: Path, text: str, part: str = "measured") -> None:
    """Replaces what is between the marks of one part. Raises SystemExit where the page has none."""
    first, last = (f"<!-- {part}: {which} -->" for which in ("begin", "end"))
    before, begin, rest = page.read_text().partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise SystemExit(f"{page} has no lines {first} and {last} to write between.")
    page.write_text(f"{before}{first}\n\n{text}\n{last}{after}")


def markdown(
    about: Mapping[str, str], scenarios: Sequence[Scenario], figures: Sequence[Figure], verdicts: Sequence[Verdict]
) -> str:
    """All tables of one run; `about` says what it ran on, and with what."""
    with_cpu = [scenario for scenario in scenarios if scenario.key != "s"]
    paced = [scenario for scenario in scenarios if scenario.offered]
    parts = [
        grid(("", "scenario", "unit"), [(each.key, each.title, each.unit) for each in scenarios]),
        "CPU of the proxy in µs per unit: median of the rounds, its ratio to nginx, lowest–highest round.",
        _by_scenario(with_cpu, figures, _cpu),
        "Latency added to the direct way in µs, p50 / p99.",
        _by_scenario(paced, figures, _latency),
        "Start of 200 streams at once, and resident memory.",
        grid(("proxy", "TTFT p50, ms", "× nginx", "MB before", "MB with 1,000 streams"), _starts(figures)),
        "The observer: CPU in µs per unit of the proxy's work, and the exchanges that it did not see.",
        grid(("sidecar", "scenario", "CPU", "exchanges", "not observed", "MB"), _observer(figures)),
        "What the relay says that it added in µs, p50 / p99, beside what the load generator saw.",
        grid(OWN_HEAD, own_rows(paced, figures)),
        "Targets.",
        judged(verdicts),
        measured_on(about),
    ]
    return "\n\n".join(parts) + "\n"


def measured(about: Mapping[str, str], head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """One table, and what it was measured on."""
    return f"{grid(head, body)}\n\n{measured_on(about)}\n"


def judged(verdicts: Sequence[Verdict]) -> str:
    """Targets as a table."""
    return grid(("target", "at most", "measured", ""), [_target(each) for each in verdicts])


def measured_on(about: Mapping[str, str]) -> str:
    """The machine and the programs as a sentence."""
    return "Measured on: " + "; ".join(f"{name} {value}" for name, value in about.items()) + "."


def grid(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _by_scenario(scenarios: Sequence[Scenario], figures: Sequence[Figure], cell: Callable[[Figure], str]) -> str:
    found = {(figure.peer, figure.scenario): figure for figure in figures}
    rows = []
    for peer in _peers(figures):
        cells = [found.get((peer, scenario.key)) for scenario in scenarios]
        rows.append([peer, *(cell(each) if each is not None else "" for each in cells)])
    return grid(["proxy", *(scenario.key for scenario in scenarios)], rows)


def _peers(figures: Sequence[Figure]) -> list[str]:
    return list(dict.fromkeys(figure.peer for figure in figures))


def _cpu(figure: Figure) -> str:
    if figure.cpu is None:
        return _NOTHING
    times = f" ×{figure.cpu_ratio.median:.2f}" if figure.cpu_ratio is not None else ""
    late = ", not all answered" if figure.unfinished else ""
    return f"**{number(figure.cpu.median)}**{times} ({number(figure.cpu.low)}–{number(figure.cpu.high)}){late}"


def _latency(figure: Figure) -> str:
    if figure.added_p50 is None or figure.added_p99 is None:
        return _NOTHING
    return f"{number(figure.added_p50.median)} / {number(figure.added_p99.median)}"


def _median(value: Spread | None, scale: float = 1.0) -> str:
    return number(value.median * scale) if value is not None else _NOTHING


def _starts(figures: Sequence[Figure]) -> list[list[str]]:
    found = {(figure.peer, figure.scenario): figure for figure in figures}
    rows = []
    for peer in _peers(figures):
        first, many = found.get((peer, "f")), found.get((peer, "e"))
        memory = (
            [f"{many.rss_idle_kb / 1024:.1f}", f"{many.rss_kb / 1024:.1f}"] if many and many.rss_kb else [_NOTHING] * 2
        )
        times = _median(first.first_ratio) if first else _NOTHING
        rows.append([peer, _median(first.first, 0.001) if first else _NOTHING, times, *memory])
    return rows


def _observer(figures: Sequence[Figure]) -> list[list[str]]:
    rows = []
    for figure in (each for each in figures if each.observer_rss_kb):
        counts = [f"{figure.exchanges:,}", f"{figure.dropped:,}", f"{figure.observer_rss_kb / 1024:.0f}"]
        rows.append([figure.peer, figure.scenario, _median(figure.observer), *counts])
    return rows


def _target(verdict: Verdict) -> list[str]:
    measured = number(verdict.measured) if verdict.measured is not None else _NOTHING
    word = {True: "met", False: "missed", None: "not measured"}[verdict.met]
    return [verdict.what, f"{number(verdict.limit)} {verdict.unit}".strip(), measured, word]
