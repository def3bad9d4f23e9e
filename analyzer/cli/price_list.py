"""The price list: the one that comes with the program, or the user's own file."""

import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analyzer.advise.prices import ApiPrice, Assumptions, GpuPrice, OnPrem, Prices
from analyzer.errors import BadSettings


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    read: date

    @property
    def told(self) -> str:
        """Where a price is from, and when it was read there."""
        return f"{self.source} (read {self.read.isoformat()})"


class _GpuRow(_Row):
    name: str
    kind: Literal["on_demand", "reserved", "on_prem"]
    per_hour: float = Field(ge=0)


class _OnPremRow(_Row):
    name: str
    node_price: float = Field(ge=0)
    gpus: int = Field(ge=1)
    years: float = Field(gt=0)
    kilowatts: float = Field(ge=0)
    pue: float = Field(ge=1)
    price_per_kwh: float = Field(ge=0)


class _ApiRow(_Row):
    name: str
    models: tuple[str, ...]
    per_million_input: float = Field(ge=0)
    per_million_output: float = Field(ge=0)


class _AssumptionRow(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    busy_hour_share: float = Field(default=0.1, gt=1 / 24, le=1)
    requests_per_user_day: float = Field(default=10, gt=0)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str = "USD"
    gpu: tuple[_GpuRow, ...] = ()
    on_prem: tuple[_OnPremRow, ...] = ()
    api: tuple[_ApiRow, ...] = ()
    assumptions: _AssumptionRow = _AssumptionRow()


def load(path: Path | None) -> Prices:
    """The prices in the TOML file at `path`, or the example prices that come with the program.

    Raises `BadSettings` with a sentence for each mistake.
    """
    try:
        text = _example() if path is None else path.read_text(encoding="utf-8")
        read = _File(**tomllib.loads(text))
    except OSError as error:
        raise BadSettings(f"The price file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"The price file {path} is not TOML: {error}.") from error
    except ValidationError as error:
        mistakes = (
            f"The price file {path} is wrong at {'.'.join(str(part) for part in one['loc'])}: {one['msg']}."
            for one in error.errors()
        )
        raise BadSettings("\n".join(mistakes)) from error
    return _prices(read, example=path is None)


def _example() -> str:
    return files("analyzer.advise").joinpath("data", "prices.toml").read_text(encoding="utf-8")


def _prices(read: _File, *, example: bool) -> Prices:
    note = "; an example price, to be replaced by your own" if example else ""
    rented = [GpuPrice(row.name, row.kind, row.per_hour, row.told + note) for row in read.gpu]
    owned = [
        GpuPrice(
            row.name,
            "on_prem",
            OnPrem(row.node_price, row.gpus, row.years, row.kilowatts, row.pue, row.price_per_kwh).per_gpu_hour,
            f"a node for {row.node_price:,.0f} over {row.years:g} years with {row.gpus} GPUs, and {row.kilowatts:g} kW "
            f"at {row.price_per_kwh:g} a kWh and PUE {row.pue:g}: {row.told}{note}",
        )
        for row in read.on_prem
    ]
    return Prices(
        currency=read.currency,
        gpus=(*rented, *owned),
        apis=tuple(
            ApiPrice(row.name, row.models, row.per_million_input, row.per_million_output, row.told + note)
            for row in read.api
        ),
        assumptions=Assumptions(read.assumptions.busy_hour_share, read.assumptions.requests_per_user_day),
    )
