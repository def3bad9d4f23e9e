"""What is recommended, in the form that files are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analyzer.advise.capacity import Objectives
from analyzer.engine import ServingProfile

WEEK_HOURS = 168

Knob = Literal[
    "max_model_len",
    "max_num_seqs",
    "max_num_batched_tokens",
    "chunked_prefill",
    "prefix_caching",
    "async_scheduling",
    "gpu_memory_utilization",
    "kv_cache",
    "weights",
    "tp",
    "pp",
    "replicas",
]


@dataclass(frozen=True, slots=True)
class SeasonPlan:
    """What to run at some hours of the week, counted from Monday 00:00 in the time zone of the recommendation.

    `replicas` counts, whatever `profile.replicas` says. Names are unique; hours of different seasons do not overlap.
    """

    name: str
    hours_of_week: tuple[int, ...]
    profile: ServingProfile
    replicas: int


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A serving profile to run, with what runs today (`current`, `None` where that is not stated) and why.

    `replicas` serve all hours that no season names. `reasons` are sentences with their evidence, by knob.
    `kv_pool_tokens` is how many tokens the KV cache of one replica holds as recommended, `kv_pool_tokens_now` as it
    runs today. `max_input_len` is the limit of the input alone, in tokens, which only some engines know. `window` is
    the name of the analysed window and `requests` how many requests it holds; without records it says what was asked
    for, and they are none. `timezone` is an IANA name. `deployment`
    is what the workload is called in the cluster; without one it is made from the model's name.
    """

    profile: ServingProfile
    current: ServingProfile | None
    replicas: int
    window: str
    requests: int
    timezone: str
    objectives: Objectives = field(default_factory=Objectives)
    seasons: tuple[SeasonPlan, ...] = ()
    reasons: Mapping[Knob, str] = field(default_factory=dict)
    kv_pool_tokens: int | None = None
    kv_pool_tokens_now: int | None = None
    max_input_len: int | None = None
    deployment: str | None = None

    @property
    def basis(self) -> str:
        """What the advice is from."""
        return f"{self.requests:,} requests of {self.window}" if self.requests else self.window

    def replicas_by_hour(self) -> tuple[int, ...]:
        """Replicas of each of the 168 hours of the week; where seasons overlap, the most."""
        planned: dict[int, int] = {}
        for season in self.seasons:
            for hour in season.hours_of_week:
                planned[hour] = max(planned.get(hour, 0), season.replicas)
        return tuple(planned.get(hour, self.replicas) for hour in range(WEEK_HOURS))
