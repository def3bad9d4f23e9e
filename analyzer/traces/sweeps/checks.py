"""Whether the times of a run add up, and which of them are used where they do not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.throughput.sweeps.point import Figures
from analyzer.traces.sweeps.base import Run

TOLERANCE = 0.05
SLACK_MS = 1.0
EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A run whose mean times do not add up, in milliseconds: the told time per token and the one that is used."""

    path: Path
    ttft_ms: float
    e2e_ms: float
    tokens: float
    told_ms: float
    used_ms: float


def sound(run: Run) -> tuple[Run, Disagreement | None]:
    """`run` with a time per token that agrees with TTFT and E2E, and how the told one disagreed, if it did.

    The mean over requests of E2E is TTFT + (n - 1) · ITL for any lengths, if ITL is the mean over tokens; where lengths
    vary little it is so for the mean over requests too. TTFT, E2E and the count of tokens are taken for true, because
    each is one stamp or one count; the time per token is what tools derive. If neither of its means agrees within 5 %
    of E2E and a millisecond, (E2E - TTFT) / (n - 1) is used, whose percentiles nobody knows. Concurrency is rate · E2E
    (Little) where the tool does not tell it.
    """
    run = _with_concurrency(run)
    ttft, e2e, tokens = run.ttft.mean, run.e2e.mean, run.osl
    if ttft is None or e2e is None or tokens is None or tokens <= 1:
        return run, None
    derived = (e2e - ttft) / (tokens - 1)
    if run.itl.mean is None:
        return replace(run, itl=Figures(mean=derived)), None
    told = (run.itl.mean, run.itl.mean if run.per_token is None else run.per_token)
    if any(abs(ttft + (tokens - 1) * each - e2e) <= TOLERANCE * e2e + SLACK_MS for each in told):
        return run, None
    return replace(run, itl=Figures(mean=derived)), Disagreement(run.path, ttft, e2e, tokens, run.itl.mean, derived)


def disagreements(found: Sequence[Disagreement], runs: int) -> tuple[str, ...]:
    """What the user should hear of them: one sentence, with examples where there are several of `runs`."""
    if not found:
        return ()
    if len(found) == 1:
        [one] = found
        return (
            (
                f"{one.path}: TTFT {one.ttft_ms:.1f} ms + (n - 1) x {one.told_ms:.2f} ms per token is not E2E "
                f"{one.e2e_ms:.1f} ms for n = {one.tokens:g}, so that (E2E - TTFT) / (n - 1) = {one.used_ms:.2f} ms is "
                "used."
            ),
        )
    examples = [f"{one.path.name}: {one.used_ms:.2f} ms, not {one.told_ms:.2f} ms" for one in found[:EXAMPLES]]
    more = f", and {len(found) - EXAMPLES} more" if len(found) > EXAMPLES else ""
    return (
        (
            f"In {len(found)} of {runs} runs TTFT + (n - 1) x the time per token is not E2E, so that (E2E - TTFT) / "
            f"(n - 1) is used for the time per token ({'; '.join(examples)}{more})."
        ),
    )


def impossible(run: Run) -> str | None:
    """The clause that says why a run cannot be used: it measured nothing, or a time is below nought."""
    times = [each for one in (run.ttft, run.itl, run.e2e) for each in (one.mean, one.p50, one.p95, one.p99)]
    if any(each is not None and each < 0 for each in times):
        return "it holds a latency below zero"
    if run.ttft.mean is None and run.itl.mean is None and run.e2e.mean is None:
        return "it holds no latency"
    if run.ttft.mean is not None and run.e2e.mean is not None and run.ttft.mean > run.e2e.mean:
        return "its mean TTFT is above its mean E2E"
    if run.rps is not None and run.rps <= 0:
        return "no request completed in it"
    return None


def _with_concurrency(run: Run) -> Run:
    if run.conc is not None or run.rps is None or run.e2e.mean is None:
        return run
    return replace(run, conc=run.rps * run.e2e.mean / 1000)
