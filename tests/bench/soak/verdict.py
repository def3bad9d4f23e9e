"""What an hour must look like: flat memory, flat files and threads, an exact account, and no answer that misleads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression, median

from tests.bench.soak.account import Terms
from tests.bench.soak.watch import WHO, Held, Sample
from tests.bench.targets import Verdict

LEAST_SECONDS = 1200.0
"""A slope over less than ten minutes, half of this, says more about the last garbage than about an hour."""
SLOPE_MB = {"relay": 6.0, "observer": 24.0, "supervisor": 2.0, "template": 2.0}
"""MB an hour that a line through the second half may rise. An hour has about 250,000 requests: a relay that forgot 24
bytes of each would be seen, and so would an observer that forgot a hundred; its records become Parquet every five
minutes, which leaves a saw-tooth of megabytes. Supervisor and template do nothing but wait."""
WARM_SECONDS = 60.0
"""What an observer takes to load and to meet its first full load. All of its life after that is looked at: its memory
goes up and down by 40 MB as records become Parquet, and a line through a few minutes would show only that."""
RANGE_MB = {"relay": 24.0, "observer": 160.0, "supervisor": 2.0, "template": 2.0}
"""MB between the lowest and the highest sample of the second half. The tap may hold 8 MB and its outbox 2 MB while the
observer is stopped, and each is joined once to be sent. An observer that starts again takes that much until it has
met its first full load; its template is another one each time."""
FILES = {"relay": 1, "observer": 6, "supervisor": 2, "template": 1}
"""Open files between quiet points: none may stay behind. One of the relay's may be a connection that is being made to
an observer; the observer has a spool segment, those that become Parquet, and the page that is read; the supervisor
probes the engine."""
THREADS = {"relay": 1, "observer": 12, "supervisor": 1, "template": 0}
"""Threads between quiet points: uvloop resolves names in one; the observer's pools start theirs when first needed."""


@dataclass(frozen=True, slots=True)
class Course:
    """One process over the second half of a run: memory in MB, its rise per hour, and files and threads when quiet."""

    who: str
    first_mb: float
    last_mb: float
    highest_mb: float
    range_mb: float
    slope_mb: float | None
    files: tuple[int, int]
    threads: tuple[int, int]
    lives: int


def courses(samples: Sequence[Sample]) -> list[Course]:
    """What became of each process."""
    seconds = samples[-1].at
    return [course for who in WHO if (course := _course(who, samples, seconds)) is not None]


def _course(who: str, samples: Sequence[Sample], seconds: float) -> Course | None:
    lived = [(sample, held) for sample in samples if (held := sample.held.get(who)) is not None]
    half = [(sample.at, held.rss_kb / 1024) for sample, held in lived if sample.at >= seconds / 2]
    if not half:
        return None
    quiet = [held for sample, held in lived if sample.quiet]
    memory = [mb for _, mb in half]
    fifth = max(1, len(memory) // 5)
    return Course(
        who,
        first_mb=median(memory[:fifth]),
        last_mb=median(memory[-fifth:]),
        highest_mb=max(held.rss_kb for _, held in lived) / 1024,
        range_mb=max(memory) - min(memory),
        slope_mb=_slope(_last_life(lived, seconds)) if seconds >= LEAST_SECONDS else None,
        files=_extremes([held.files for held in quiet]),
        threads=_extremes([held.threads for held in quiet]),
        lives=len({held.pid for _, held in lived}),
    )


def _last_life(lived: Sequence[tuple[Sample, Held]], seconds: float) -> list[tuple[float, float]]:
    """Hours and MB of the process that was there at the end: the second half of the run, or its life after a minute."""
    own = [(sample.at, held.rss_kb / 1024) for sample, held in lived if held.pid == lived[-1][1].pid]
    start = own[0][0] if len(own) < len(lived) else 0.0
    begin = start + WARM_SECONDS if start else seconds / 2
    return [(at / 3600, mb) for at, mb in own if at >= begin]


def _slope(points: Sequence[tuple[float, float]]) -> float | None:
    return linear_regression(*zip(*points, strict=True)).slope if len(points) > 2 else None


def _extremes(values: Sequence[int]) -> tuple[int, int]:
    return (min(values), max(values)) if values else (0, 0)


def verdicts(course: Sequence[Course], accounts: Sequence[Terms], wrong: int, twice: int, asked: int) -> list[Verdict]:
    """All judgements; each is met up to its limit. `asked` is how far the relay's own count is from the clients'."""
    found: list[Verdict] = []
    for each in course:
        found.append(Verdict(f"{each.who}: memory, slope", SLOPE_MB[each.who], each.slope_mb, "MB/h"))
        found.append(Verdict(f"{each.who}: memory, highest − lowest", RANGE_MB[each.who], each.range_mb, "MB"))
        files, threads = (high - low for low, high in (each.files, each.threads))
        found.append(Verdict(f"{each.who}: open files when quiet, most − least", FILES[each.who], files, ""))
        found.append(Verdict(f"{each.who}: threads when quiet, most − least", THREADS[each.who], threads, ""))
        if each.who in {"relay", "supervisor"}:
            found.append(Verdict(f"{each.who}: started again", 0, each.lives - 1, "times"))
    found.append(Verdict("requests unaccounted for", 0, max(abs(each.difference) for each in accounts), ""))
    found.append(Verdict("the observer's count and its rows differ by", 0, max(_apart(each) for each in accounts), ""))
    found.append(Verdict("the relay's count and the clients' differ by", 0, asked, ""))
    found.append(Verdict("records lost", 0, max(_lost(each.lost) for each in accounts), ""))
    found.append(Verdict("rows that are there twice", 0, twice, ""))
    found.append(Verdict("answers that were not what they must be", 0, wrong, ""))
    return found


def _apart(terms: Terms) -> int:
    return abs(terms.unwritten)


def _lost(lost: Mapping[str, int]) -> int:
    """A torn end is what a kill leaves; its record was not acknowledged, so the next observer was told it again."""
    return sum(count for reason, count in lost.items() if reason != "torn")
