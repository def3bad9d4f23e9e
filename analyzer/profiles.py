"""A serving profile as a file: the knobs that are said, completed by what the engine does with the others."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analyzer import engine
from analyzer.engine import EngineName, Gpu, Model, NumberFormat, ServingProfile
from analyzer.errors import BadSettings, UnknownEngine
from analyzer.settings import from_toml, sentence


class ProfileSettings(BaseModel):
    """The knobs of a serving profile as a file says them; what is left out is the engine's default.

    `model` is a name or the path of a config.json, `gpu` a name. `gpus_per_replica` is `tp` times `pp`, and may stand
    for either. Lengths are tokens. `gpu_memory_utilization` is the share (0..1) of the GPU's memory that the engine
    takes: of all of it, for TensorRT-LLM of what is free after loading. `async_scheduling` is what SGLang and
    TensorRT-LLM call overlap scheduling.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model: str
    gpu: str
    gpus_per_replica: int | None = Field(default=None, ge=1)
    tp: int | None = Field(default=None, ge=1)
    pp: int | None = Field(default=None, ge=1)
    engine: EngineName = "vllm"
    engine_version: str | None = None
    weights: NumberFormat | None = None
    kv_cache: NumberFormat | None = None
    max_model_len: int | None = Field(default=None, ge=1)
    max_num_seqs: int | None = Field(default=None, ge=1)
    max_num_batched_tokens: int | None = Field(default=None, ge=1)
    chunked_prefill: bool | None = None
    prefix_caching: bool | None = None
    async_scheduling: bool | None = None
    gpu_memory_utilization: float | None = Field(default=None, gt=0, le=1)
    replicas: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _splits(self) -> Self:
        """The GPUs of a replica are those of its groups times its stages."""
        if self.gpus_per_replica is not None and self._tp * self._pp != self.gpus_per_replica:
            raise ValueError(
                f"gpus_per_replica is {self.gpus_per_replica}, and tp times pp is {self._tp * self._pp}: they must be "
                "equal, or leave two of them out"
            )
        return self

    @property
    def _tp(self) -> int:
        return self.tp or max((self.gpus_per_replica or 1) // (self.pp or 1), 1)

    @property
    def _pp(self) -> int:
        return self.pp or max((self.gpus_per_replica or 1) // (self.tp or self.gpus_per_replica or 1), 1)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The knobs that the file does not say, so that the engine's default holds, in the order of the contract."""
        said = self.model_fields_set | ({"tp", "pp"} if self.gpus_per_replica is not None else set())
        return tuple(name for name in type(self).model_fields if name not in said and name != "gpus_per_replica")

    def completed(self, model: Model, gpu: Gpu) -> ServingProfile:
        """The profile with the defaults of its engine for this model and GPU."""
        return engine.complete(
            model,
            gpu,
            engine=self.engine,
            engine_version=self.engine_version,
            tp=self._tp,
            pp=self._pp,
            weights=self.weights,
            kv_cache=self.kv_cache,
            max_model_len=self.max_model_len,
            max_num_seqs=self.max_num_seqs,
            max_num_batched_tokens=self.max_num_batched_tokens,
            chunked_prefill=self.chunked_prefill,
            prefix_caching=self.prefix_caching,
            async_scheduling=self.async_scheduling,
            gpu_memory_utilization=self.gpu_memory_utilization,
            replicas=self.replicas,
        )


def read(path: Path) -> ProfileSettings:
    """The profile file at `path` as it stands; raises `BadSettings` with one sentence a mistake, all at once."""
    try:
        return ProfileSettings.model_validate(from_toml(path, "profile"))
    except ValidationError as error:
        raise BadSettings("\n".join(_sentence(dict(mistake), path) for mistake in error.errors())) from error


@dataclass(frozen=True, slots=True)
class Placed:
    """A profile with the model and the GPU that it names; a config.json's model has a name that only its file knows."""

    profile: ServingProfile
    model: Model
    gpu: Gpu


def load(path: Path) -> ServingProfile:
    """The serving profile in the TOML file at `path`, completed; raises as `placed` does."""
    return placed(path).profile


def placed(path: Path) -> Placed:
    """The serving profile in the TOML file at `path`, completed, and what it is of.

    Raises `BadSettings` for a file that cannot be used and `UnknownEngine` for a model or GPU that is not known, with
    a sentence for each of them.
    """
    said = read(path)
    wrong = [
        str(error) for error in (_unknown(engine.model_or_file, said.model), _unknown(engine.gpu, said.gpu)) if error
    ]
    if wrong:
        raise UnknownEngine("\n".join(wrong))
    model, gpu = engine.model_or_file(said.model), engine.gpu(said.gpu)
    return Placed(said.completed(model, gpu), model, gpu)


def _unknown(known: Callable[[str], object], name: str) -> UnknownEngine | None:
    try:
        known(name)
    except UnknownEngine as error:
        return error
    return None


def _sentence(mistake: dict[str, object], path: Path) -> str:
    if mistake["loc"]:
        return sentence(mistake, f"the profile {path}")
    return f"The profile {path} contradicts itself: {str(mistake['msg']).removeprefix('Value error, ')}."
