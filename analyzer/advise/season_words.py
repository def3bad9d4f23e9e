"""Why seasons pay or do not: the reason in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from analyzer.advise.sized import Profile, StatedCapacity
from analyzer.demand import Week

NO_THROUGHPUT = (
    "Not computed: what a season saves is counted in replicas, and nothing says what one replica of this model "
    "carries; state it as rps_per_replica under [capacity] in the settings."
)


SAME_REPLICAS = "the same in every resample of days, in none of which the whole replicas change"
UNCHANGED = 1e-9


@dataclass(frozen=True, slots=True)
class Found:
    """A plan in numbers: its saving with the standard error (shares), the one number that serves all hours, and in how
    many of the `tried` weeks it held.
    """

    saving: float
    error: float
    static: int
    held: int
    tried: int


def named(week: Week) -> str:
    """A week by its first and last day, and what of it was not seen."""
    last = week.end - timedelta(microseconds=1)
    days = f"{week.start:%Y-%m-%d} to {last:%Y-%m-%d}"
    return days if week.whole else f"{days}, of which {_unseen(week.unseen)}"


def too_little(weeks: Sequence[Week], needed: int) -> str:
    """Too few whole weeks, and which there are."""
    whole = [week for week in weeks if week.whole]
    need = f"It takes {needed} whole weeks, so that a plan can be judged by weeks that it has not seen"
    there = {0: "there is no whole week", 1: "there is one"}.get(len(whole), f"there are {len(whole)}")
    seen = whole or weeks
    held = f": {'; '.join(named(week) for week in seen)}" if seen else ""
    return f"{need}; {there}{held}."


def stated_peak(peak_rps: float, static: int) -> str:
    """One peak was stated, so hours cannot be told apart."""
    return (
        f"The settings state one peak of {peak_rps:g} requests/s, so every hour of the week needs the same "
        f"{replicas(static)}: leave peak_rps out to have hours told apart."
    )


def pays(found: Found, seasons: Sequence[tuple[str, int]]) -> str:
    """What to run when; `seasons` are names with replicas, the most first."""
    (name, most), *others = seasons
    windows = ", ".join([f"{replicas(most)} ({name})", *(f"{number:,} ({when})" for when, number in others)])
    return f"Run {windows}: {_saves(found)} {_held(found)}"


def profiles_pay(
    saving: float, added: float, error: float, seasons: Sequence[tuple[str, int, str]], held: tuple[int, int]
) -> str:
    """What to run when, where other profiles pay; `seasons` are names with replicas and knobs."""
    windows = "; ".join(f"{replicas(number)} with {knobs} ({when})" for when, number, knobs in seasons)
    return (
        f"Run {windows}: that takes {percent(saving)} fewer GPU-hours than one number of replicas of one profile. Of "
        f"that {percent(added)} come from the profiles ({spread(error)}), the rest from replicas. Learnt from the "
        f"other weeks, it held in {held[0]} of the last {held[1]} whole weeks. "
        "Unless the step times behind it were measured they are a model's: try the profiles before you plan by them."
    )


def profiles_add_little(added: float) -> str:
    """That other profiles were looked at and are not worth a restart."""
    return (
        f"Other engine settings at some hours would add {percent(max(added, 0.0))} to what replicas save, which is not "
        "enough to be sure of or to restart engines for."
    )


def knobs(profile: Profile) -> str:
    """The knobs of a profile that differ between seasons: tp 2, 2,048 tokens a step."""
    parts = []
    if profile.tp is not None:
        parts.append(f"tp {profile.tp}")
    if profile.max_num_batched_tokens is not None:
        parts.append(f"{profile.max_num_batched_tokens:,} tokens a step")
    if profile.max_num_seqs is not None:
        parts.append(f"{profile.max_num_seqs:,} requests at once")
    return ", ".join(parts) or "the same settings"


def nothing_saved(found: Found) -> str:
    """No window of four hours or more can do with less."""
    return (
        f"One number of replicas serves the whole week at the least cost: no window of four hours or more needs fewer "
        f"than {replicas(found.static)} for long enough to pay for the changes."
    )


def saves_little(found: Found, least: float) -> str:
    """The saving is below the least that is worth it."""
    return (
        f"Keep {replicas(found.static)} at all hours: the best plan would save {percent(found.saving)} of the "
        f"GPU-hours, and less than {percent(least)} is not worth the changes."
    )


def saves_unsurely(found: Found) -> str:
    """The saving is not surely above nothing."""
    return (
        f"Keep {replicas(found.static)} at all hours: the best plan would save {percent(found.saving)} of the "
        f"GPU-hours, which is less than two standard errors ({percent(2 * found.error)}) when days are drawn anew, so "
        "it may be chance."
    )


def does_not_hold(found: Found, needed: int) -> str:
    """The plan of other weeks does not serve a week that it has not seen."""
    return (
        f"Keep {replicas(found.static)} at all hours: the best plan would save {percent(found.saving)} of the "
        f"GPU-hours, but {_held(found)[0].lower()}{_held(found)[1:-1]}, and {needed} are needed."
    )


def of_weeks(weeks: Sequence[Week], stated: StatedCapacity) -> str:
    """What the plan is made from, and what a change costs."""
    return (
        f"From the {len(weeks)} whole weeks from {weeks[0].start:%Y-%m-%d} on; each hour of the week is shrunk by one "
        f"day of its like, windows are four hours or longer, and a replica that is added or removed is paid for "
        f"{stated.switch_minutes:g} minutes without carrying anything. {_of_others(stated)}"
    )


def _of_others(stated: StatedCapacity) -> str:
    if not stated.others:
        return "No other profile is known to suit some hours better, so replicas are all that can differ."
    return (
        f"{len(stated.others) + 1} profiles were compared, each by what a replica carries of the lengths of every kind "
        "of hours; a change of profile is paid for with all GPUs of both."
    )


def of_trials(weeks: int) -> str:
    """How the weeks that were left out are counted."""
    return (
        f"Each of the last {weeks} whole weeks is left out in turn, and run with the plan and the max_seq_len of the "
        "others: the requests that fitted, in the second in which they came, into what the plan runs; those over the "
        "limit; and the saving against one number of replicas, the smaller of the one that the other weeks and the one "
        "that the week itself asks for."
    )


def percent(share: float) -> str:
    """A share in per cent with one decimal where there is one: 35.5 %, 5 %."""
    return f"{share * 100:.1f}".removesuffix(".0") + " %"


def spread(error: float) -> str:
    """How far a saving with this standard error may be off; replicas are whole, so that it may well be nothing."""
    if error < UNCHANGED:
        return SAME_REPLICAS
    return f"± {percent(2 * error)}, two standard errors when days are drawn anew"


def replicas(number: int) -> str:
    """1 replica, 2 replicas."""
    return "1 replica" if number == 1 else f"{number:,} replicas"


def _saves(found: Found) -> str:
    return (
        f"that takes {percent(found.saving)} fewer GPU-hours than {replicas(found.static)} at all hours "
        f"({spread(found.error)})."
    )


def _held(found: Found) -> str:
    return (
        f"Learnt from the other weeks, it saved 5 % or more and carried 95 % of the seconds of every window in "
        f"{found.held} of the last {found.tried} whole weeks."
    )


def _unseen(hours: int) -> str:
    return "1 hour was not seen" if hours == 1 else f"{hours} hours were not seen"
