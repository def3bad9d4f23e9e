"""One soak as tables, for a terminal and for a page, and as values for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console

from tests.bench.document import grid, measured_on
from tests.bench.soak.account import Terms
from tests.bench.soak.answers import right
from tests.bench.soak.schedule import Event
from tests.bench.soak.traffic import Tally
from tests.bench.soak.verdict import Course
from tests.bench.soak.watch import Sample
from tests.bench.table import number, show_rows
from tests.bench.targets import Verdict

_WORDS = {True: "met", False: "missed", None: "not measured"}
_COURSE = ("process", "MB at half time", "MB at the end", "most", "range", "MB an hour", "files", "threads", "lives")
_ACCOUNT = ("quiet point", "forwarded", "rows on disk", "dropped", "in flight", "unaccounted for")
_ENDS = ("what happened", "what the client saw", "exchanges", "")


@dataclass(frozen=True, slots=True)
class Found:
    """Everything of one run; the load was on for `seconds`."""

    seconds: float
    samples: Sequence[Sample]
    accounts: Sequence[Terms]
    events: Sequence[Event]
    tally: Tally
    courses: Sequence[Course]
    verdicts: Sequence[Verdict]

    @property
    def about(self) -> dict[str, str]:
        """The load as it was."""
        busy = [each for each in self.samples if not each.quiet]
        killed = sum(each.kind in {"kill", "stop and kill"} for each in self.events)
        return {
            "minutes under load": number(self.seconds / 60),
            "requests": f"{self.tally.asked:,}",
            "chunks a second": f"{self.tally.chunks / self.seconds:,.0f}",
            "load generator": f"{sum(each.load for each in busy) / max(1, len(busy)):.0%} of a core",
            "observers killed": str(killed),
            "observers stopped": str(sum(each.kind.startswith("stop") for each in self.events)),
        }

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "about": self.about,
            "verdicts": [{**asdict(each), "met": each.met} for each in self.verdicts],
            "answers": [
                {"fate": fate.value, "outcome": outcome.value, "exchanges": n, "right": right(fate, outcome)}
                for (fate, outcome), n in self.tally.ends.items()
            ],
            "stray": self.tally.stray,
            "accounts": [each.as_dict() for each in self.accounts],
            "processes": [asdict(each) for each in self.courses],
            "events": [asdict(each) for each in self.events],
            "samples": [asdict(each) for each in self.samples],
        }


def show(console: Console, found: Found) -> None:
    """Prints everything but the samples."""
    for name, value in found.about.items():
        console.print(f"{name}: [bold]{value}[/]")
    for title, head, body in _tables(found):
        show_rows(console, title, head, body)


def markdown(machine: Mapping[str, str], found: Found) -> str:
    """The same for a page."""
    parts = ["; ".join(f"{name} {value}" for name, value in found.about.items()) + "."]
    for title, head, body in _tables(found):
        parts += [f"{title}.", grid(head, body)]
    parts.append(measured_on(machine))
    return "\n\n".join(parts) + "\n"


def _tables(found: Found) -> list[tuple[str, Sequence[str], list[list[str]]]]:
    ends = sorted(found.tally.ends.items(), key=lambda each: (each[0][0].value, each[0][1].value))
    return [
        ("Answers", _ENDS, [[*(each.value for each in key), f"{n:,}", _right(right(*key))] for key, n in ends]),
        ("The account at quiet points, and when the sidecar had ended", _ACCOUNT, _accounts(found.accounts)),
        ("Processes in the second half", _COURSE, [_course(each) for each in found.courses]),
        ("Verdict", ("what", "at most", "measured", ""), [_verdict(each) for each in found.verdicts]),
    ]


def _right(is_so: bool) -> str:
    return "as it must be" if is_so else "WRONG"


def _accounts(accounts: Sequence[Terms]) -> list[list[str]]:
    lines = []
    for place, each in enumerate(accounts):
        dropped = ", ".join(f"{reason} {count:,}" for reason, count in each.dropped.items()) or "0"
        name = str(place + 1) if place < len(accounts) - 1 else "ended"
        counts = [f"{value:,}" for value in (each.in_flight, each.difference)]
        lines.append([name, f"{each.forwarded:,}", f"{each.rows:,}", dropped, *counts])
    return lines


def _course(course: Course) -> list[str]:
    memory = (course.first_mb, course.last_mb, course.highest_mb, course.range_mb)
    slope = "–" if course.slope_mb is None else f"{course.slope_mb:+.2f}"
    files, threads = (f"{low}–{high}" if low < high else str(low) for low, high in (course.files, course.threads))
    return [course.who, *(f"{each:.1f}" for each in memory), slope, files, threads, str(course.lives)]


def _verdict(verdict: Verdict) -> list[str]:
    measured = "–" if verdict.measured is None else number(verdict.measured)
    return [verdict.what, f"{number(verdict.limit)} {verdict.unit}".strip(), measured, _WORDS[verdict.met]]
