"""What an analysis may cost, and whether it costs no more."""

from collections.abc import Sequence
from itertools import pairwise

from tests.bench.analyzer.running import FLOOR, IMPORTS, OURS, PANDAS, POLARS, Figure
from tests.bench.targets import Verdict

TIMES_FLOOR = 6.0
MOST_MB = 4096.0
PLANTED = "planted_dev"
TIMES_PLANTED = 3.0


def verdicts(found: Sequence[Figure], rows: Sequence[int]) -> list[Verdict]:
    """The targets over `rows` records each, ascending; those that nothing was measured for are left out."""
    wall = {(each.program, each.records): each.wall for each in found if not each.failed}
    memory = {(each.program, each.records): each.peak_mb for each in found}
    judged = []
    for name, count in ((f"rows-{count}", count) for count in rows):
        own, million = wall.get((OURS, name)), f"{count // 1_000_000} M rows"
        bare = _ratio(own, wall.get((FLOOR, name)))
        judged.append(Verdict(f"{million}: time to the bare aggregate", TIMES_FLOOR, bare, "×"))
        judged += [
            Verdict(f"{million}: time to {peer}", 1.0, _ratio(own, wall.get((peer, name))), "×")
            for peer in (POLARS, PANDAS)
            if (peer, name) in memory
        ]
        judged.append(Verdict(f"{million}: peak memory", MOST_MB, memory.get((OURS, name)), "MB"))
    for few, many in pairwise(rows):
        grown = _ratio(wall.get((OURS, f"rows-{many}")), wall.get((OURS, f"rows-{few}")))
        judged.append(Verdict(f"growth from {few:,} to {many:,} rows", many / few, grown, "×"))
    if (OURS, PLANTED) in memory:
        least = sum(wall.get((program, PLANTED), 0.0) for program in (IMPORTS, FLOOR))
        ratio = _ratio(wall.get((OURS, PLANTED)), least)
        judged.append(Verdict(f"{PLANTED}: time to imports and bare aggregate", TIMES_PLANTED, ratio, "×"))
    return judged


def _ratio(own: float | None, other: float | None) -> float | None:
    return own / other if own and other else None
