"""What is said about capacity, as frozen values."""

from dataclasses import dataclass

from analyzer.advise.prices import ApiCost, Cost
from analyzer.demand import Cell, Law, Rate

UNCHECKED = "stated, not checked against the records"


@dataclass(frozen=True, slots=True)
class Objectives:
    """The latency promised: limits in milliseconds, each at `percentile` (such as 95); `None` where none is.

    `itl_ms` is of a request's mean time per token after the first, (E2E - TTFT) / (tokens - 1).
    """

    ttft_ms: float | None = None
    itl_ms: float | None = None
    e2e_ms: float | None = None
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What one replica is, as far as it is known; `None` where it is not."""

    model: str
    gpu: str | None
    gpus_per_replica: int
    max_model_len: int | None
    replicas: int
    tp: int | None = None
    pp: int | None = None
    engine: str | None = None
    engine_version: str | None = None
    weights: str | None = None
    kv_cache: str | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    chunked_prefill: bool | None = None
    prefix_caching: bool | None = None
    async_scheduling: bool | None = None
    gpu_memory_utilization: float | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs today: replicas, their GPUs, and cost in the currency of the stated price per hour.

    `used_share` is the mean load over what these replicas carry, `None` where nothing says what one carries.
    """

    replicas: int
    gpus: int
    cost_per_hour: float | None
    used_share: float | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the throughput of a replica is known from: `source` in one word, the rest in sentences."""

    source: str
    detail: str
    confidence: str


@dataclass(frozen=True, slots=True)
class OtherProfile:
    """Another profile, and what one replica of it carries in each of the 168 hours of the week: 0 where it misses the
    objectives.
    """

    profile: Profile
    gpus_per_replica: int
    rps_by_hour: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class StatedCapacity:
    """What one replica delivers and costs, and what runs today.

    `rps_per_replica` is requests per second within the objectives, `rho_max` the share of it that may be used, `law`
    how the peak is found unless `peak_rps` states it. Prices are per GPU and hour in any one currency. `switch_minutes`
    is for how long a replica that is added or removed is paid for without carrying anything. `origin` says where the
    throughput comes from, `None` where the user states it. `rps_by_hour` is what one replica carries in each of the 168
    hours of the week, where the mix of lengths changes with the hours; `others` are profiles that suit some hours
    better than the advised `profile`.
    """

    rps_per_replica: float
    gpu: str | None = None
    gpus_per_replica: int = 1
    gpus_per_node: int = 8
    price_per_gpu_hour: float | None = None
    n_plus_one: bool = False
    min_replicas: int = 1
    rho_max: float = 1.0
    law: Law = "negative_binomial"
    peak_rps: float | None = None
    current_replicas: int | None = None
    current_gpus_per_replica: int | None = None
    switch_minutes: float = 10.0
    objectives: Objectives = Objectives()
    origin: Origin | None = None
    rps_by_hour: tuple[float, ...] | None = None
    profile: Profile | None = None
    others: tuple[OtherProfile, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be carried: the rate of the window, its busiest cell of hours (if any was seen for an hour), and the
    mean tokens of a request, input and output.
    """

    rate: Rate
    busiest: Cell | None
    mean_tokens: float


@dataclass(frozen=True, slots=True)
class Peak:
    """The load to size for in requests per second, and the sentence that says how it was found."""

    rps: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What requests see at `percentile` with the advised replicas, simulated, in milliseconds; `load` says of what.

    `itl_ms` is of requests' means as in `Objectives`, `token_itl_ms` of single gaps between tokens as in the recorded
    `latency.itl_ms`: a few long gaps count there that a mean hides. It is `None` where no answer has two tokens.
    """

    percentile: float
    ttft_ms: float
    itl_ms: float
    e2e_ms: float
    requests: int
    load: str
    token_itl_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another choice of knobs with what it carries; `verdict` says in words why it was taken or not.

    `replicas` and `gpus` are those that carry the load together, the spare one among them, and `cost_per_hour` is what
    they cost. `gpus_if_slower` is how many GPUs it takes if every step lasts longer by the error of the source: `None`
    where the objectives are missed then at any load, or as expected. `headroom` is how much more than the peak the
    replicas carry by what one carries alone, as a share of it; spare ones do not count.
    """

    tp: int
    pp: int
    max_num_seqs: int
    max_num_batched_tokens: int
    rps_per_replica: float | None
    rps_per_gpu: float | None
    replicas: int | None
    gpus: int | None
    verdict: str
    gpus_if_slower: int | None = None
    headroom: float | None = None
    cost_per_hour: float | None = None


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Where the memory of one GPU goes, in bytes, and what the KV cache of one replica holds.

    `concurrent` is how many requests of the recorded or stated lengths it holds at once, weighted by how long each
    stays.
    """

    weights_per_gpu: float
    kv_bytes_per_token: float
    kv_pool_tokens: int
    concurrent: float


@dataclass(frozen=True, slots=True)
class FitError:
    """How far the simulation of what runs today is off the recorded latencies, the worst of TTFT and ITL, as shares."""

    p50_share: float
    p95_share: float


@dataclass(frozen=True, slots=True)
class Correction:
    """What the step times were multiplied by where the simulation of what runs today was too far off its records."""

    prefill_factor: float
    decode_factor: float


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom the advised replicas can serve: daily active users, and tokens a day at the advised rate all day long."""

    daily_users: float
    tokens_per_day: float
    sentence: str


@dataclass(frozen=True, slots=True)
class CapacityAdvice:
    """The replicas and GPUs that carry the peak.

    `source` says where `rps_per_replica` (requests per second that one replica carries within the objectives) comes
    from; `rps_interval` are its bounds where the source has an error. `rho_max` is the share of it that is used,
    `min_replicas` and `spare` are the least and the extra replicas asked for. Replicas are max(ceil(peak_rps /
    (rps_per_replica · rho_max)), min_replicas) + spare, or `pooled` in place of the quotient: the fewest that keep the
    objectives together in a simulation, because a router evens out what chance does to each. `change_gpus` is the
    advice minus what runs today, `None` where that is not stated.
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
    rho_max: float = 1.0
    min_replicas: int = 1
    spare: int = 0
    pooled: int | None = None
    rps_interval: tuple[float, float] | None = None
    replicas_interval: tuple[int, int] | None = None
    saturation_rps: float | None = None
    closed_form_rps: float | None = None
    lengths: str | None = None
    expected: Expected | None = None
    memory: MemoryUse | None = None
    alternatives: tuple[Alternative, ...] = ()
    currency: str | None = None
    costs: tuple[Cost, ...] = ()
    hybrid: tuple[ApiCost, ...] = ()
    reach: Reach | None = None
    fit_error: FitError | None = None
    correction: Correction | None = None
