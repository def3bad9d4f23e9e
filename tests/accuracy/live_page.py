"""How far fits to records are off, as tables between two marks of docs/throughput.md."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from tests.accuracy.live import Asked, everything

PAGE = Path(__file__).parents[2] / "docs" / "throughput.md"
BEGIN, END = "<!-- live: begin -->", "<!-- live: end -->"
Row = tuple[str, str, tuple[int, int], Asked, Asked]
FIGURES: tuple[tuple[str, Callable[[Asked], float]], ...] = (
    ("at the most that was seen", lambda asked: asked.carried[0]),
    ("at twice that", lambda asked: asked.carried[1]),
    ("at four times", lambda asked: asked.carried[2]),
    ("ITL at twice the rate", lambda asked: asked.itl),
    ("TTFT p50 at twice the rate", lambda asked: asked.ttft),
)


def write() -> None:
    """Replace what stands between the marks."""
    rows = list(everything())
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    lines = [*_by(rows, lambda row: row[0], "setting"), "", *_by(rows[: len(rows) // 3], lambda row: row[1], "engine")]
    PAGE.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


def _by(rows: Sequence[Row], of: Callable[[Row], str], head: str) -> Iterator[str]:
    """A line for each name: the worst, and in the middle, of the plain form and of the fit."""
    yield f"| {head} | {' | '.join(name for name, _ in FIGURES)} |"
    yield f"|{' --- |' * (1 + len(FIGURES))}"
    for name in dict.fromkeys(of(row) for row in rows):
        own = [row for row in rows if of(row) == name]
        cells = [f"{_both([f(row[3]) for row in own])} → {_both([f(row[4]) for row in own])}" for _, f in FIGURES]
        yield f"| {name} | {' | '.join(cells)} |"


def _both(errors: Sequence[float]) -> str:
    sizes = [abs(each) for each in errors]
    return f"{max(sizes) * 100:.0f} ({median(sizes) * 100:.1f})"
