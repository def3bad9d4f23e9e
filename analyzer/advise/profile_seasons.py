"""Whether other profiles at some hours pay beyond replicas, judged by weeks that were left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.advise import season_words as words
from analyzer.advise.held_out import HELD_SHARE, LEAST_SAVING
from analyzer.advise.planner import FloatArray
from analyzer.advise.profile_plan import ProfilePlan, carried, options, profile_plan, standard_error
from analyzer.advise.replica_plan import Carried
from analyzer.advise.season import Asked, OutOfSample, Season, Seasons
from analyzer.advise.sized import StatedCapacity
from analyzer.demand import Weeks, peaks
from analyzer.patterns.names import named

WEEKS_NEEDED = 4
WEEKS_HELD = 3
RESAMPLES = 100


@dataclass(frozen=True, slots=True)
class ProfileTrial:
    """A plan with profiles learnt from other weeks, run in one week."""

    plan: ProfilePlan
    carried: Carried

    @property
    def one_number_gpu_hours(self) -> float:
        """The GPU-hours of one number of replicas of one profile."""
        return self.plan.alone.static_gpu_hours

    @property
    def holds(self) -> bool:
        """Whether profiles add 5 % and 95 % of the seconds of each kind of window fit into what it runs."""
        return self.carried.worst_seconds_share >= HELD_SHARE and self.plan.added >= LEAST_SAVING


@dataclass(frozen=True, slots=True)
class Better:
    """A plan with other profiles at some hours, what there was to choose from, the standard error of what the profiles
    add, and how the plans of other weeks did in the last four.
    """

    plan: ProfilePlan
    choices: tuple[StatedCapacity, ...]
    error: float
    trials: tuple[ProfileTrial, ...]

    @property
    def held(self) -> int:
        """In how many of the weeks it held."""
        return sum(trial.holds for trial in self.trials)

    @property
    def pays(self) -> bool:
        """Whether profiles add 5 % and two standard errors to what replicas save, in three of four weeks."""
        enough = self.plan.added >= max(LEAST_SAVING, 2 * self.error)
        return self.plan.profiles > 1 and enough and self.held >= WEEKS_HELD


def with_profiles(found: FloatArray, whole: Weeks, stated: StatedCapacity) -> Better:
    """The cheapest plan with the profiles of `stated` for the peaks `found` of whole weeks, and how sure it is."""
    choices = options(stated)
    plan = profile_plan(found, choices)
    last = range(len(whole.weeks) - WEEKS_NEEDED, len(whole.weeks))
    trials = tuple(_tried(whole.without(place), whole.only([place]), choices) for place in last)
    return Better(plan, choices, standard_error(plan, whole, choices, RESAMPLES), trials)


def _tried(learnt_from: Weeks, week: Weeks, choices: Sequence[StatedCapacity]) -> ProfileTrial:
    plan = profile_plan(peaks(learnt_from, choices[0].law), choices)
    return ProfileTrial(plan, carried(plan, week, choices))


def of_profiles(better: Better, asked: Asked, replicas_error: float, tried: OutOfSample) -> Seasons:
    """The verdict for other profiles; `replicas_error` is the standard error of what replicas save."""
    plan, seasons = better.plan, _seasons(better, asked)
    error = float((better.error**2 + replicas_error**2) ** 0.5)
    told = [(one.name, one.replicas, words.knobs(one.profile)) for one in seasons]
    return Seasons(
        verdict="profiles",
        reason=words.profiles_pay(plan.saving, plan.added, better.error, told, (better.held, WEEKS_NEEDED)),
        plan=seasons,
        saving_share=plan.saving,
        saving_from_replicas=plan.alone.saving,
        saving_from_profiles=plan.added,
        saving_interval=(plan.saving - 2 * error, plan.saving + 2 * error),
        out_of_sample=tried,
        static_replicas=plan.alone.static,
    )


def _seasons(better: Better, asked: Asked) -> tuple[Season, ...]:
    """The hours of the week by profile and number of replicas, the most GPUs first."""
    plan, choices = better.plan, better.choices
    hours = list(zip(plan.options, plan.replicas, strict=True))
    states = sorted(set(hours), key=lambda state: (-state[1] * choices[state[0]].gpus_per_replica, state))
    labels = [states.index(state) for state in hours]
    names = named(labels)
    return tuple(
        Season(
            name=names[label],
            hours_of_week=tuple(hour for hour, own in enumerate(labels) if own == label),
            profile=asked.profile(choices[option], level),
            replicas=level,
            gpus=level * choices[option].gpus_per_replica,
        )
        for label, (option, level) in enumerate(states)
    )
