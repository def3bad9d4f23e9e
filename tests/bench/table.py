"""Figures as tables for a terminal."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.measure import PHASES
from tests.bench.scenarios import Scenario
from tests.bench.summary import Figure, Spread
from tests.bench.targets import Verdict

_NOTHING = "–"


def show(
    console: Console, scenarios: Sequence[Scenario], figures: Sequence[Figure], verdicts: Sequence[Verdict]
) -> None:
    """Prints everything that was measured."""
    for scenario in scenarios:
        console.print(f"[bold]{scenario.key}[/]  {scenario.title}")
    with_cpu = [scenario for scenario in scenarios if scenario.key != "s"]
    # where the next request follows the answer, latency only says how many wait
    paced = [scenario for scenario in scenarios if scenario.offered]
    for table in (
        _table("CPU of the proxy, µs per unit (× nginx; lowest–highest round)", with_cpu, figures, _cpu),
        _table("Units per second (share of the proxy's core)", with_cpu, figures, _rate),
        _table("Latency added to the direct way, µs: p50 / p99", paced, figures, _latency),
        _others(figures),
        _sidecar(figures),
        _own(paced, figures),
        targets(verdicts),
    ):
        console.print()
        console.print(table)


def number(value: float) -> str:
    """Three significant digits, thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(value: Spread | None, *, scale: float = 1.0) -> str:
    """A median with its range."""
    if value is None:
        return _NOTHING
    low, middle, high = (number(each * scale) for each in (value.low, value.median, value.high))
    return middle if low == high else f"{middle} [dim]{low}–{high}[/]"


def _table(
    title: str, scenarios: Sequence[Scenario], figures: Sequence[Figure], cell: Callable[[Figure], str]
) -> Table:
    table = Table("proxy", title=title, title_justify="left")
    for scenario in scenarios:
        table.add_column(scenario.key, justify="right")
    found = {(figure.peer, figure.scenario): figure for figure in figures}
    for peer in dict.fromkeys(figure.peer for figure in figures):
        cells = [found.get((peer, scenario.key)) for scenario in scenarios]
        table.add_row(peer, *(cell(each) if each is not None else "" for each in cells))
    return table


def _cpu(figure: Figure) -> str:
    if figure.cpu is None:
        return _NOTHING
    times = f" [bold]×{figure.cpu_ratio.median:.2f}[/]" if figure.cpu_ratio is not None else ""
    rounds = f"\n[dim]{number(figure.cpu.low)}–{number(figure.cpu.high)}[/]" if figure.rounds > 1 else ""
    return f"{number(figure.cpu.median)}{times}{rounds}"


def _rate(figure: Figure) -> str:
    wrong = f"\n[red]{figure.wrong:,} wrong[/]" if figure.wrong else ""
    late = f"\n[yellow]{figure.unfinished:,} given up[/]" if figure.unfinished else ""
    return f"{figure.rate:,.0f} [dim]{figure.core:.0%}[/]{wrong}{late}"


def _latency(figure: Figure) -> str:
    if figure.added_p50 is None or figure.added_p99 is None:
        return _NOTHING
    return f"{number(figure.added_p50.median)} / {number(figure.added_p99.median)}"


def _others(figures: Sequence[Figure]) -> Table:
    table = Table("proxy", title="Start of 200 streams, and memory", title_justify="left")
    for name in ("TTFT p50, ms", "× nginx", "RSS before, MB", "with 1,000 streams", "a stalled stream adds"):
        table.add_column(name, justify="right")
    found = {(figure.peer, figure.scenario): figure for figure in figures}
    for peer in dict.fromkeys(figure.peer for figure in figures):
        first, many, stalled = (found.get((peer, key)) for key in "fes")
        table.add_row(
            peer,
            spread(first.first if first else None, scale=0.001),
            spread(first.first_ratio if first else None),
            f"{many.rss_idle_kb / 1024:.1f}" if many and many.rss_kb else _NOTHING,
            f"{many.rss_kb / 1024:.1f}" if many and many.rss_kb else _NOTHING,
            f"{(stalled.rss_kb - stalled.rss_idle_kb) / 1024:.1f}" if stalled and stalled.rss_kb else _NOTHING,
        )
    return table


def _sidecar(figures: Sequence[Figure]) -> Table:
    table = Table("sidecar", "scenario", title="What the observer did", title_justify="left")
    for name in ("CPU, µs per unit", "exchanges", "not observed", "RSS, MB"):
        table.add_column(name, justify="right")
    for figure in figures:
        if figure.observer is not None or figure.observer_rss_kb:
            table.add_row(
                figure.peer,
                figure.scenario,
                spread(figure.observer),
                f"{figure.exchanges:,}",
                f"{figure.dropped:,}",
                f"{figure.observer_rss_kb / 1024:.0f}",
            )
    return table


def show_rows(console: Console, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints one table."""
    table = Table(*head, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    console.print()
    console.print(table)


def _own(scenarios: Sequence[Scenario], figures: Sequence[Figure]) -> Table:
    title = "What the relay says that it added, µs: p50 / p99, beside what the load generator saw"
    table = Table(*OWN_HEAD, title=title, title_justify="left")
    for row in own_rows(scenarios, figures):
        table.add_row(*row)
    return table


OWN_HEAD = ("sidecar", "scenario", "request", "first byte", "chunk", "seen from outside")


def own_rows(scenarios: Sequence[Scenario], figures: Sequence[Figure]) -> list[list[str]]:
    """A row for each paced scenario of the sidecar, with `OWN_HEAD` above; medians of the rounds."""
    paced = {scenario.key for scenario in scenarios}
    rows = []
    for figure in (each for each in figures if each.own and each.scenario in paced):
        cells = []
        for phase in PHASES:
            own = figure.own.get(phase)
            cells.append(f"{number(own.p50.median)} / {number(own.p99.median)}" if own is not None else _NOTHING)
        rows.append([figure.peer, figure.scenario, *cells, _latency(figure)])
    return rows


def targets(verdicts: Sequence[Verdict]) -> Table:
    """Each target, what was measured, and whether that is enough."""
    table = Table("target", title="Targets", title_justify="left")
    for name in ("at most", "measured", ""):
        table.add_column(name, justify="right")
    words = {True: "[green]met[/]", False: "[red]missed[/]", None: "not measured"}
    for each in verdicts:
        measured = _NOTHING if each.measured is None else number(each.measured)
        table.add_row(each.what, f"{number(each.limit)} {each.unit}", measured, words[each.met])
    return table
