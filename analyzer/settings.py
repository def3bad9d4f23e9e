"""What the user decides: thresholds, targets, and what one replica delivers."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from analyzer.errors import BadSettings

ENVIRONMENT = "TOKENTIDE_"


class CapacitySettings(BaseModel):
    """What one replica delivers and costs, as the user measured or knows it, or what it is to be found from.

    `rps_per_replica` is requests per second that one replica carries within the objectives. Where it is left out, it is
    found by simulation for `gpu` (a name such as h100) within `ttft_ms`, `itl_ms` and `e2e_ms` at `percentile`, of
    `model` where the records' name for it is not known. `profile` is the path of a profile file, or its keys as a
    table: what runs today, which is then kept. `throughput` is the path of a table made by `sweep`, `grids` the
    folder with NVIDIA's tables as grids, `prices` the path of a price file.
    `rho_max` is the share of what a replica carries that may be used (1 where the figure already holds at the
    objective's percentile, 0.7 for mean-field figures).
    `peak` is how the load to carry is found: from the negative binomial or the Poisson law, from the busy seconds as
    counted, or `peak_rps` where it is stated. Prices are in any one currency. `switch_minutes` is how long a replica
    takes to start and to drain: it is paid for and carries nothing whenever replicas are added or removed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rps_per_replica: float | None = Field(default=None, gt=0)
    gpu: str | None = None
    model: str | None = None
    profile: Path | dict[str, str | bool | int | float] | None = None
    throughput: Path | None = None
    grids: Path | None = None
    prices: Path | None = None
    engine: Literal["vllm", "sglang", "trtllm", "nim"] = "vllm"
    weights: Literal["bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4"] | None = None
    kv_cache: Literal["bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4"] | None = None
    routing: Literal["round_robin", "least_outstanding"] = "least_outstanding"
    gpus_per_replica: int = Field(default=1, ge=1)
    gpus_per_node: int = Field(default=8, ge=1)
    price_per_gpu_hour: float | None = Field(default=None, ge=0)
    n_plus_one: bool = False
    min_replicas: int = Field(default=1, ge=1)
    rho_max: float = Field(default=1.0, gt=0, le=1)
    peak: Literal["negative_binomial", "poisson", "busy"] = "negative_binomial"
    peak_rps: float | None = Field(default=None, gt=0)
    current_replicas: int | None = Field(default=None, ge=0)
    current_gpus_per_replica: int | None = Field(default=None, ge=1)
    switch_minutes: float = Field(default=10.0, ge=0)
    ttft_ms: float | None = Field(default=None, gt=0)
    itl_ms: float | None = Field(default=None, gt=0)
    e2e_ms: float | None = Field(default=None, gt=0)
    percentile: float | None = Field(default=None, ge=1, lt=100)

    @model_validator(mode="after")
    def _known(self) -> Self:
        """Either what a replica carries, or the GPU to find it for."""
        if self.rps_per_replica is None and self.gpu is None and self.profile is None:
            raise ValueError(
                "give rps_per_replica (what one replica carries), or gpu and a limit such as ttft_ms to have it found"
            )
        return self


class ModelSettings(BaseModel):
    """What holds for one model: its capacity, the limit it runs with today, the longest its weights allow, and how many
    tokens the KV cache of one replica holds, as the engine tells when it starts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    capacity: CapacitySettings | None = None
    current_max_seq_len: int | None = Field(default=None, ge=1)
    model_max_seq_len: int | None = Field(default=None, ge=1)
    kv_pool_tokens: int | None = Field(default=None, ge=1)


class Settings(BaseSettings):
    """The settings of the analyzer; `TOKENTIDE_…` in the environment goes before the file.

    `current_max_seq_len`, `model_max_seq_len` and `kv_pool_tokens` hold for every model that has no table of its own
    under `models`, `capacity` for the one of them with the most requests. Lengths are tokens; `align_to` is what
    recommended limits are rounded up to.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT, env_nested_delimiter="__", extra="forbid", frozen=True, protected_namespaces=()
    )

    timezone: str = "UTC"
    isl_threshold: int = Field(default=1024, ge=1)
    osl_threshold: int = Field(default=256, ge=1)
    target_over_share: float = Field(default=0.001, gt=0, lt=1)
    confidence: float = Field(default=0.95, gt=0, lt=1)
    align_to: int = Field(default=64, ge=1)
    memory_limit: str = Field(default="2GB", pattern=r"^\d+(\.\d+)?\s?[KMGT]i?B$")
    capacity: CapacitySettings | None = None
    current_max_seq_len: int | None = Field(default=None, ge=1)
    model_max_seq_len: int | None = Field(default=None, ge=1)
    kv_pool_tokens: int | None = Field(default=None, ge=1)
    models: dict[str, ModelSettings] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        """A time zone of the IANA database."""
        return known_timezone(name)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment go before what the file said; nothing else is looked at."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    def of(self, model: str) -> ModelSettings:
        """What holds for `model`: its own table, completed by what holds for all."""
        own = self.models.get(model, ModelSettings())
        return ModelSettings(
            capacity=own.capacity or self.capacity,
            current_max_seq_len=own.current_max_seq_len or self.current_max_seq_len,
            model_max_seq_len=own.model_max_seq_len or self.model_max_seq_len,
            kv_pool_tokens=own.kv_pool_tokens or self.kv_pool_tokens,
        )


def known_timezone(name: str) -> str:
    """`name` if the IANA database knows it; raises `ValueError` with a sentence where not."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: give an IANA name such as Europe/Berlin") from error
    return name


def load(path: Path | None) -> Settings:
    """The settings from the TOML file at `path` (if any) and the environment.

    Raises `BadSettings` with one sentence for every mistake, all at once.
    """
    values = {} if path is None else from_toml(path)
    try:
        return Settings(**values)  # type: ignore[arg-type]  # pydantic is who checks what the file holds
    except ValidationError as error:
        where = "environment" if path is None else f"{path} or the environment"
        raise BadSettings("\n".join(sentence(dict(mistake), where) for mistake in error.errors())) from error


def from_toml(path: Path, kind: str = "settings file") -> Mapping[str, object]:
    """What the TOML file at `path` holds; raises `BadSettings` where it cannot be read, `kind` is what it is called."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"The {kind} {path} cannot be read: {os.strerror(error.errno or 0)}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"The {kind} {path} is not TOML: {error}.") from error


def sentence(mistake: Mapping[str, object], where: str) -> str:
    """What one mistake that pydantic found is, and in which file or environment."""
    location = mistake["loc"]
    name = ".".join(str(part) for part in location) if isinstance(location, tuple) else str(location)
    if mistake["type"] == "extra_forbidden":
        return f"The setting {name} in {where} is not known: remove it or correct its spelling."
    if mistake["type"] == "missing":
        return f"The setting {name} is missing in {where}."
    reason = str(mistake["msg"]).removeprefix("Value error, ")
    return f"The setting {name} in {where} is {mistake['input']!r}: {reason}."
