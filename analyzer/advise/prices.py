"""What GPUs and tokens cost, and what the same traffic would cost elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["on_demand", "reserved", "on_prem", "stated"]
HOURS_A_YEAR = 8760
SECONDS_AN_HOUR = 3600
MILLION = 1e6


@dataclass(frozen=True, slots=True)
class GpuPrice:
    """What one GPU costs an hour, how it is bought, and where that is published."""

    gpu: str
    kind: Kind
    per_hour: float
    source: str


@dataclass(frozen=True, slots=True)
class ApiPrice:
    """What an API takes for a million tokens of input and of output for any of `models`."""

    name: str
    models: tuple[str, ...]
    per_million_input: float
    per_million_output: float
    source: str


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is taken for given where nothing is recorded.

    `busy_hour_share` of a day's requests come in its busiest hour; one daily user sends `requests_per_user_day`.
    """

    busy_hour_share: float = 0.1
    requests_per_user_day: float = 10.0


@dataclass(frozen=True, slots=True)
class Prices:
    """All prices, in one currency."""

    currency: str
    gpus: tuple[GpuPrice, ...] = ()
    apis: tuple[ApiPrice, ...] = ()
    assumptions: Assumptions = Assumptions()


@dataclass(frozen=True, slots=True)
class Traffic:
    """The load that is paid for: mean requests per second, and mean tokens of a request."""

    mean_rps: float
    mean_isl: float
    mean_osl: float

    @property
    def tokens_per_hour(self) -> float:
        """Input and output tokens of an hour."""
        return self.mean_rps * SECONDS_AN_HOUR * (self.mean_isl + self.mean_osl)


@dataclass(frozen=True, slots=True)
class Cost:
    """What the GPUs of an advice cost when bought in one way, an hour and per million tokens of the mean load."""

    kind: Kind
    per_gpu_hour: float
    per_hour: float
    per_million_tokens: float | None
    source: str


@dataclass(frozen=True, slots=True)
class ApiCost:
    """What an API would take for the same traffic.

    `per_hour` is at the mean load. `break_even_rps` is the mean load from which on the GPUs are the cheaper ones, as
    far as they carry it. `with_fewer` is the cheapest mix of fewer replicas with the rest sent to the API.
    """

    name: str
    per_hour: float
    per_million_tokens: float
    break_even_rps: float
    source: str
    with_fewer: "Overflow | None" = None


@dataclass(frozen=True, slots=True)
class Overflow:
    """Fewer replicas, and the share of the requests that they do not carry sent to an API; cost an hour in all."""

    replicas: int
    overflow_share: float
    per_hour: float


@dataclass(frozen=True, slots=True)
class OnPrem:
    """A node of one's own: its price spread over its years, and the power that it draws at most."""

    node_price: float
    gpus: int
    years: float
    kilowatts: float
    pue: float
    price_per_kwh: float

    @property
    def per_gpu_hour(self) -> float:
        """(price / hours of its life + power · PUE · price of power) / GPUs."""
        hourly = self.node_price / (self.years * HOURS_A_YEAR) + self.kilowatts * self.pue * self.price_per_kwh
        return hourly / self.gpus


def costs(prices: Sequence[GpuPrice], gpus: int, traffic: Traffic | None) -> tuple[Cost, ...]:
    """What `gpus` GPUs cost at each of `prices`; per million tokens they are spread over the tokens of `traffic`."""
    tokens = 0.0 if traffic is None else traffic.tokens_per_hour
    return tuple(
        Cost(
            kind=price.kind,
            per_gpu_hour=price.per_hour,
            per_hour=price.per_hour * gpus,
            per_million_tokens=price.per_hour * gpus / tokens * MILLION if tokens else None,
            source=price.source,
        )
        for price in prices
    )


def of_gpu(prices: Prices, gpu: str) -> tuple[GpuPrice, ...]:
    """The prices of one GPU, in the order of the file."""
    return tuple(price for price in prices.gpus if price.gpu.lower() == gpu.lower())


def unpriced(gpu: str | None) -> str:
    """That no price is known, and how to add one."""
    name = gpu or "the GPU"
    return (
        f'no price of {name} is known: put [[gpu]] with name = "{name}", kind = "on_demand", per_hour, source and read '
        "(a date) into a copy of the example prices, and name that file with --prices, or as prices under [capacity]"
    )


def of_model(prices: Prices, model: str) -> tuple[ApiPrice, ...]:
    """The APIs that serve `model`, in the order of the file."""
    return tuple(api for api in prices.apis if model.lower() in {name.lower() for name in api.models})


def per_request(api: ApiPrice, traffic: Traffic) -> float:
    """What an API takes for the mean request of `traffic`."""
    return (traffic.mean_isl * api.per_million_input + traffic.mean_osl * api.per_million_output) / MILLION


def at_api(
    api: ApiPrice, traffic: Traffic, own_per_hour: float, overflow: Sequence[tuple[int, float]], per_replica_hour: float
) -> ApiCost:
    """What `api` would take for `traffic`, beside GPUs for `own_per_hour`.

    `overflow` says for numbers of replicas which share of the requests they do not carry.
    """
    each = per_request(api, traffic)
    hourly = traffic.mean_rps * SECONDS_AN_HOUR
    mixed = [Overflow(own, share, own * per_replica_hour + share * hourly * each) for own, share in overflow]
    return ApiCost(
        name=api.name,
        per_hour=hourly * each,
        per_million_tokens=each / (traffic.mean_isl + traffic.mean_osl) * MILLION,
        break_even_rps=own_per_hour / (each * SECONDS_AN_HOUR),
        source=api.source,
        with_fewer=min(mixed, key=lambda one: one.per_hour, default=None),
    )
