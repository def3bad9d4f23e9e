"""What was found as Markdown, written between two marks of a page whose prose stays as it is."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.interop.judge import Difference, Verdict
from tests.interop.run import Result

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"
_MAIN = 3
_OWN_TIME = (
    "The clients' own time in milliseconds: how much longer the figure is in the client than in the scripted engine, "
    "at the median, when the client asks that engine directly, without a sidecar. It was taken off above."
)


def write(page: Path, text: str) -> None:
    """Replaces what is between the marks. Raises SystemExit where the page has none."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} has no lines {BEGIN} and {END} to write between.")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def markdown(results: Sequence[Result], about: Mapping[str, str]) -> str:
    """The tables, a sentence on each definition, and what it ran on."""
    judged = [(each, each.verdict) for each in results if each.verdict is not None]
    parts = [
        "Absolute differences between the client's figure and ours in milliseconds, median / 95th percentile.",
        _rows(
            ("server", "client", "requests", "joined by", "counts = usage", "TTFT", "chunk gaps", "latency"),
            [_row(result, found) for result, found in judged],
        ),
        "Further figures that these clients derive, computed anew from our records.",
        _rows(
            ("server", "client", "figure", "values", "difference"),
            [_further(result, each) for result, found in judged for each in found.differences[_MAIN:]],
        ),
        _OWN_TIME,
        _rows(("server", "client", "figure", "own time", "difference with it, median"), _own(judged)),
        *[f"- {each.pair.name} was skipped: {each.skipped}." for each in results if each.skipped],
        *[f"- {each.pair.name} failed: {each.failed}" for each in results if each.failed],
        "Definitions.",
        "\n".join(_definitions(results)),
        "Measured with: " + "; ".join(f"{name} {value}" for name, value in about.items()) + ".",
    ]
    return "\n\n".join(parts) + "\n"


def difference(found: Difference) -> str:
    """Median and 95th percentile, in bold where a bound is broken."""
    if not found.values:
        return "–"
    text = f"{found.median_ms:.2f} / {found.p95_ms:.2f}"
    if found.uneven:
        text += f", {found.uneven} uneven"
    return text if found.met else f"**{text}**"


def _row(result: Result, found: Verdict) -> list[str]:
    counts = f"{found.equal} of {found.with_usage}" if found.with_usage else "no usage"
    requests = f"{found.requests}" if not (found.lost or found.strange) else f"**{found.requests}, {found.lost} lost**"
    return [
        result.pair.server.name, result.pair.client.name, requests, found.joined_by,
        counts if found.equal == found.with_usage else f"**{counts}**",
        *map(difference, found.differences[:_MAIN]),
    ]  # fmt: skip


def _further(result: Result, found: Difference) -> list[str]:
    return [result.pair.server.name, result.pair.client.name, found.name, f"{found.values:,}", difference(found)]


def _own(judged: Sequence[tuple[Result, Verdict]]) -> list[list[str]]:
    return [
        [
            result.pair.server.name,
            result.pair.client.name,
            each.name,
            f"{each.own_ms:+.2f}",
            f"{each.bias_ms:+.2f}",
        ]
        for result, found in judged
        for each in found.differences
        if each.own_ms
    ]


def _definitions(results: Sequence[Result]) -> list[str]:
    clients = {each.pair.client.name: each.pair.client for each in results if each.verdict is not None}
    return [
        f"- {name}, {each.name}: {each.sentence}." for name, client in clients.items() for each in client.definitions
    ]


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
