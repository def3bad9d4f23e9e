"""Why a candidate was taken or not, in sentences."""

import math
from collections.abc import Callable, Sequence

from analyzer.advise.sized import Objectives
from analyzer.advise.sizing import words
from analyzer.advise.sizing.choose import WORTH_IT, Gpus, Judged

ALIKE = 0.03


def verdict(one: Judged, best: Judged | None, promised: Objectives, takes: Callable[[Judged], Gpus]) -> str:
    """Why a candidate was taken or not; `takes` says how many GPUs the load takes of it."""
    if best is not None and one.candidate.profile == best.candidate.profile:
        return "advised"
    if one.capacity.rps and best is not None:
        share = one.per_gpu / best.per_gpu - 1
        much = (
            f"{words.percent(abs(share))} {'more' if share > 0 else 'less'}" if abs(share) >= ALIKE else "about as much"
        )
        return f"carries {much} per GPU{_but(one, best, takes(one), takes(best))}"
    missed = [name for name in one.capacity.missed if name in words.NAMES]
    if "rejected" in one.capacity.missed and not missed:
        return f"refuses {one.capacity.at.rejected_share * 100:.3g} % of the requests as too long"
    if not missed:
        return "carries nothing"
    return "; ".join(
        f"misses {words.objective(promised, name)}: {words.seen(one.capacity.at, name)}" for name in missed
    )


def _but(one: Judged, best: Judged, gpus: Gpus, own: Gpus) -> str:
    """What speaks against a candidate that keeps the objectives, behind how much it carries; empty if no more does."""
    if own.kept and not gpus.kept:
        return "; simulated together no number of its replicas keeps the objectives"
    if gpus.expected > own.expected:
        bears = "; it bears slower steps" if own.slower is None and gpus.slower is not None else ""
        return f"; the load takes {gpus.expected:,} GPUs of it, not {own.expected:,}{bears}"
    if gpus.slower != own.slower:
        return f"; with steps {words.percent(one.longest - 1)} slower {_slower(gpus, own)}"
    if WORTH_IT * (1 + gpus.headroom) < 1 + own.headroom:
        return f"; its replicas carry {_beyond_peak(gpus, own)}"
    if 1 + ALIKE <= one.per_gpu / best.per_gpu <= WORTH_IT:
        return ", which no model can tell for sure"
    return ""


def _slower(gpus: Gpus, own: Gpus) -> str:
    if gpus.slower is None:
        return "it misses the objectives at any load"
    if own.slower is not None and gpus.slower > own.slower:
        return f"the load takes {gpus.slower:,} GPUs of it, not {own.slower:,}"
    return "it takes fewer GPUs, but by less than any model can tell"


def reason(best: Judged, tried: Sequence[Judged], takes: Callable[[Judged], Gpus]) -> str:
    """Why the model is split as it is, as a sentence behind another; empty where nothing else keeps the objectives."""
    others: dict[str, list[Judged]] = {}
    for one in tried:
        if one.capacity.rps and _split(one) != _split(best):
            others.setdefault(_split(one), []).append(one)
    if not others:
        return ""
    own = takes(best)
    said = []
    for name, each in others.items():
        one = min(each, key=lambda rival: (takes(rival).expected, takes(rival).slower or math.inf))
        said.append(f"with {name} {_rather(takes(one), own)}")
    return (
        f" The choice is {_split(best)}, by what all of its replicas take for this load, {own.expected:,} GPUs: "
        f"{'; '.join(said)}."
    )


def _rather(gpus: Gpus, own: Gpus) -> str:
    """How the GPUs of another split differ from those of the advised one."""
    if own.kept and not gpus.kept:
        return "no number of replicas keeps the objectives together"
    if gpus.expected > own.expected:
        return f"it takes {gpus.expected:,}"
    many = "as many" if gpus.expected == own.expected else f"{gpus.expected:,}, no difference that a model can tell,"
    if (gpus.slower or math.inf) > WORTH_IT * (own.slower or math.inf):
        slower = "none keeps the objectives" if gpus.slower is None else f"{gpus.slower:,} and not {own.slower:,}"
        return f"{many} but with steps slower by the error of their source {slower}"
    if WORTH_IT * (1 + gpus.headroom) < 1 + own.headroom:
        return f"{many} with less headroom, as its replicas carry {_beyond_peak(gpus, own)}"
    return f"{many}, no better by more than a model can tell"


def _beyond_peak(gpus: Gpus, own: Gpus) -> str:
    """What the replicas carry beside the peak, and those of the advised choice: 12 % more than the peak, not 30 %."""
    said = [f"{words.percent(abs(each.headroom))} {'more' if each.headroom >= 0 else 'less'}" for each in (gpus, own)]
    return f"{said[0]} than the peak, not {said[1]}"


def _split(one: Judged) -> str:
    profile = one.candidate.profile
    return f"tp {profile.tp}" if profile.pp == 1 else f"tp {profile.tp} and pp {profile.pp}"
