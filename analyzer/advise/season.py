"""What is asked and said about seasons, as frozen values."""

from dataclasses import dataclass, replace
from typing import Literal

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.sized import Profile, StatedCapacity

Verdict = Literal["profiles", "replicas", "none", "too_little_traffic"]


@dataclass(frozen=True, slots=True)
class Season:
    """Some hours of the week, counted from Monday 00:00, with what to run in them."""

    name: str
    hours_of_week: tuple[int, ...]
    profile: Profile
    replicas: int
    gpus: int


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """What the advice was worth in the last four whole weeks, each judged by advice from the other weeks.

    `attained_share` of the requests fitted, in the second in which they came, into what the plan runs;
    `over_limit_share` of them were longer in all than the limit, `None` where no week gives a bound. `saving_share` is
    that of the GPU-hours of one number of replicas.
    """

    weeks: int
    attained_share: float
    over_limit_share: float | None
    saving_share: float


@dataclass(frozen=True, slots=True)
class Seasons:
    """The verdict with its reason, and the plan where it pays.

    Savings are shares (0..1) of the GPU-hours that one number of replicas costs at all hours; `saving_share` is that of
    replicas per window and of other profiles together, the latter `None` as long as no costs of other profiles exist.
    `saving_interval` is two standard errors wide on each side. `static_replicas` serve all hours of the week. What was
    not computed is `None`.
    """

    verdict: Verdict
    reason: str
    plan: tuple[Season, ...]
    saving_share: float | None
    saving_from_replicas: float | None
    saving_from_profiles: float | None
    saving_interval: tuple[float, float] | None
    out_of_sample: OutOfSample | None
    static_replicas: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What seasons are asked of: the model with its limit in tokens, what one replica carries, which limits count."""

    model: str
    max_model_len: int | None
    stated: StatedCapacity | None
    target: LengthTarget

    def profile(self, own: StatedCapacity, replicas: int) -> Profile:
        """The profile that `own` is a replica of, as far as it is known."""
        known = own.profile or Profile(self.model, own.gpu, own.gpus_per_replica, self.max_model_len, replicas)
        return replace(known, replicas=replicas)
