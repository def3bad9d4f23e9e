"""How many replicas and GPUs the peak asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Objectives:
    """The latency promised: limits in milliseconds, each at `percentile` (such as 95); `None` where none is."""

    ttft_ms: float | None = None
    itl_ms: float | None = None
    e2e_ms: float | None = None
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What one replica is, as far as it is known."""

    model: str
    gpu: str | None
    gpus_per_replica: int
    max_model_len: int | None
    replicas: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs today: replicas, their GPUs, and cost in the currency of the stated price per hour."""

    replicas: int
    gpus: int
    cost_per_hour: float | None


@dataclass(frozen=True, slots=True)
class CapacityAdvice:
    """The replicas and GPUs that carry the peak.

    `source` says where `rps_per_replica` (requests per second that one replica carries within the objectives) comes
    from. `change_gpus` is the advice minus what runs today, `None` where that is not stated.
    """

    gpu: str | None
    objectives: Objectives
    source: str
    source_detail: str
    confidence: str
    profile: Profile
    rps_per_replica: float
    peak_rps: float
    replicas: int
    gpus_per_replica: int
    gpus: int
    nodes: int
    cost_per_hour: float | None
    cost_per_million_tokens: float | None
    current: Deployment | None
    change_gpus: int | None
