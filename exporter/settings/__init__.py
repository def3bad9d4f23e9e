"""Settings of the sidecar: options before environment before file before defaults, checked all at once."""

import os
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from exporter.errors import BadSettings
from exporter.settings import mistakes
from exporter.settings.engines import EngineLimits, EngineQuestions, UpstreamChoice, UpstreamUrl
from exporter.settings.storage import Retention, Upload
from exporter.settings.tls import ListenerTls, UpstreamTls

ENV_PREFIX = "TOKENTIDE_"


def _host_port(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is not HOST:PORT such as 127.0.0.1:8080")
    return text


HostPort = Annotated[str, AfterValidator(_host_port)]


class TokenizerChoice(BaseModel):
    """Which vocabulary counts for the models whose name matches a pattern."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: str = Field(description="pattern of model names, such as `llama-3*`")
    vocabulary: str = Field(
        description="`cl100k_base`, `o200k_base`, `bytes` (an estimate), a pulled model or the path of a model's folder"
    )
    sha256: str = Field("", pattern=r"^([0-9A-Fa-f]{64})?$", description="hash that the tokenizer's file must have")


class PrefixSettings(BaseModel):
    """Keyed hashes of the prefixes of prompts, for the potential of a prefix cache."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(default=True, description="put `prefix_blocks` into records, where token ids are known")
    key_file: Path | None = Field(None, description="file with the key of the hashes; a new one at each start if none")
    remembered: int = Field(
        262_144, ge=1, description="blocks of 512 tokens that count as seen before, the latest ones"
    )


class ClientLimits(BaseModel):
    """What clients may ask of a relay; each refusal has its status and is counted by reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    head_bytes: int = Field(65_536, ge=1024, description="size of a request head; 431 beyond")
    header_lines: int = Field(200, ge=10, description="header lines of a request; 431 beyond")
    body_bytes: int = Field(1 << 30, ge=1024, description="size of a request body; 413 beyond")
    connections: int = Field(10_000, ge=1, description="client connections of one relay process; 503 beyond")
    head_seconds: float = Field(
        10.0, gt=0, description="how long a request head may take, 408 beyond, and a TLS handshake"
    )
    idle_seconds: float = Field(75.0, gt=0, description="how long a connection may be idle between requests")
    stall_seconds: float = Field(
        300.0, ge=0, description="how long a client may neither send its body nor take its answer, 0 for ever"
    )
    total_seconds: float = Field(0.0, ge=0, description="how long an exchange may take, 0 for ever; 504 beyond")


class OtlpHeader(BaseModel):
    """A header for the OTLP endpoint; its value is a secret, so it stands in the environment or in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,63}$", description="name of the header, such as `authorization`")
    environment: str = Field("", description="variable of the environment that holds the value")
    file: str = Field("", description="file that holds the value; read at start")

    @model_validator(mode="after")
    def _one_source(self) -> "OtlpHeader":
        if bool(self.environment) == bool(self.file):
            raise PydanticCustomError("one_source", "give either `environment` or `file`, not the value itself")
        return self


class OtlpExport(BaseModel):
    """Metrics and spans to an OpenTelemetry endpoint, beside the page for Prometheus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str = Field(
        "", pattern=r"^(https?://[^\s/@?#]+(/[^\s@?#]*)?)?$", description="URL of the endpoint; empty for no export"
    )
    protocol: Literal["http", "grpc"] = Field("http", description="protobuf over HTTP (port 4318), or gRPC (4317)")
    interval_seconds: float = Field(15.0, ge=0.1, description="time between two exports of all metrics")
    timeout_seconds: float = Field(10.0, gt=0, description="how long one export may take, with its retries")
    temporality: Literal["cumulative", "delta"] = Field(
        "cumulative", description="counts since the start, or since the export before"
    )
    metrics: bool = Field(default=True, description="export metrics")
    traces: bool = Field(default=False, description="export a span for each sampled request")
    sample_ratio: float = Field(
        1.0, ge=0, le=1, description="share of the requests without a trace of their own that get a span"
    )
    headers: tuple[OtlpHeader, ...] = Field((), description="headers of each export")


class Settings(BaseSettings):
    """Everything that `tokentide-exporter serve` and `check` can be told."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="forbid", frozen=True)

    upstream: UpstreamUrl | None = Field(None, description="URL of the engine")
    upstreams: tuple[UpstreamChoice, ...] = Field((), description="several engines instead of one; the first that fits")
    listen: HostPort = Field("127.0.0.1:8080", description="where clients connect")
    admin: HostPort = Field("127.0.0.1:9464", description="where the observer serves /metrics and /live")
    health: HostPort = Field("127.0.0.1:9465", description="where the supervisor serves /healthz and /readyz")
    records: Path = Field(Path("records"), description="folder for the Parquet records")
    workers: int = Field(1, ge=1, le=64, description="relay processes on the same port")
    share_port: bool = Field(
        default=False, description="let a second sidecar listen on the same ports, to take over before this one ends"
    )
    instance: str = Field(
        default_factory=socket.gethostname,
        min_length=1,
        max_length=63,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="name of this sidecar in records and metrics; the host name unless given",
    )
    provider: str = Field("openai", min_length=1, description="value of the GenAI attribute `gen_ai.provider.name`")
    include_usage: bool = Field(
        default=False, description="ask for the usage of streams whose clients did not, and take it out again"
    )
    isl_threshold: int = Field(1024, ge=1, description="an input is long above this many tokens")
    osl_threshold: int = Field(256, ge=1, description="an output is long above this many tokens")
    timeline: Literal["none", "summary", "full"] = Field("summary", description="detail of latencies in each record")
    rotate_seconds: float = Field(300.0, gt=0, description="a new Parquet file at least this often")
    rotate_bytes: int = Field(16 << 20, ge=1 << 16, description="… or when the spool has this many bytes")
    upload: Upload = Field(Upload(), description="a copy of the records in an object store")
    retention: Retention = Field(Retention(), description="how long records are kept on the local disk")
    client_id: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_-]*$",
        description="whose keyed hash is recorded as the client: `api_key`, or the name of a header; empty nobody's",
    )
    client_key_file: str = Field("", description="file with the secret key of these hashes, at least 16 bytes")
    drain_seconds: float = Field(30.0, ge=0, description="how long open streams may go on after SIGTERM")
    connect_timeout_seconds: float = Field(5.0, gt=0, description="how long connecting to the engine may take")
    keepalive_seconds: float = Field(
        4.0, gt=0, description="idle connections to the engine are closed after this; engines close theirs after 5 s"
    )
    tap_bytes: int = Field(8 << 20, ge=1 << 20, description="memory of a relay for what the observer has not read yet")
    max_models: int = Field(50, ge=1, description="model names with series of their own; further ones are `other`")
    max_clients: int = Field(
        0, ge=0, description="clients with series of their own, by the hash of their key; 0 for no series by client"
    )
    otlp: OtlpExport = Field(OtlpExport(), description="export by OTLP")
    tls: ListenerTls = Field(ListenerTls(), description="TLS for clients")
    upstream_tls: UpstreamTls = Field(UpstreamTls(), description="TLS to the engine")
    limits: ClientLimits = Field(ClientLimits(), description="what clients may ask of a relay")
    tokenizers: tuple[TokenizerChoice, ...] = Field((), description="which vocabulary counts for which models")
    tokenizer_cache: Path = Field(Path("vocabularies"), description="folder of pulled tokenizers")
    own_counts: float = Field(
        1.0, ge=0, le=1, description="share of the requests whose tokens we count although the engine has counted them"
    )
    engine_limits: tuple[EngineLimits, ...] = Field(
        (), description="limits of engines; they come before what engines say"
    )
    questions: EngineQuestions = Field(EngineQuestions(), description="what the sidecar asks engines by itself")
    prefix: PrefixSettings = Field(PrefixSettings(), description="hashes of the prefixes of prompts")

    @property
    def engines(self) -> tuple[UpstreamChoice, ...]:
        """The engines in order of precedence, however they were given."""
        if self.upstream is None:
            return self.upstreams
        return (UpstreamChoice(name="engine", url=self.upstream, metrics_url=self.questions.metrics_url),)

    @model_validator(mode="after")
    def _one_way_to_name_engines(self) -> "Settings":
        if self.upstream is None and not self.upstreams:
            raise PydanticCustomError("no_upstream", "no engine is named")
        if self.upstream is not None and self.upstreams:
            raise PydanticCustomError("two_upstreams", "give either `upstream` or `upstreams`")
        if len({each.name for each in self.upstreams}) < len(self.upstreams):
            raise PydanticCustomError("same_names", "two of the `upstreams` have the same name")
        return self

    @model_validator(mode="after")
    def _no_hash_without_a_key(self) -> "Settings":
        if self.client_id and not self.client_key_file:
            raise PydanticCustomError("no_key", "`client_id` needs the secret key of its hash in `client_key_file`")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options and file come merged as init values; the environment stands between them (see `load`)."""
        return (init_settings, env_settings)


def load(options: Mapping[str, object], file: Path | None) -> Settings:
    """The settings from options, environment and file. Raises BadSettings with one sentence for each mistake."""
    values = _read(file) if file is not None else {}
    given = {name: value for name, value in options.items() if value is not None}
    from_file = {name: value for name, value in values.items() if _env_name(name) not in os.environ}
    try:
        return Settings(**{**from_file, **given})  # type: ignore[arg-type]  # checked by the model itself
    except ValidationError as error:
        sentences = [mistakes.sentence(dict(detail), Settings) for detail in error.errors()]
        named = {*given, *values} | {name for name in ("upstream", "upstreams") if _env_name(name) in os.environ}
        if not named & {"upstream", "upstreams"} and mistakes.NO_UPSTREAM not in sentences:
            sentences.insert(0, mistakes.NO_UPSTREAM)  # the check of the whole is not reached when a part is wrong
        raise BadSettings(tuple(sentences)) from None
    except SettingsError:
        raise BadSettings(tuple(mistakes.no_json(Settings, ENV_PREFIX))) from None


def tokenizer_settings(options: Mapping[str, object], file: Path | None) -> Settings:
    """The same for commands that need no engine: where none is named, a placeholder stands in for it."""
    named = _read(file) if file is not None else {}
    if {"upstream", "upstreams"} & {
        *named,
        *(name for name in ("upstream", "upstreams") if _env_name(name) in os.environ),
    }:
        return load(options, file)
    return load({**options, "upstream": "http://localhost"}, file)


def host_port(text: str) -> tuple[str, int]:
    """The parts of a checked HOST:PORT."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _env_name(name: str) -> str:
    return f"{ENV_PREFIX}{name.upper()}"


def _read(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise BadSettings((f"The settings file {file} cannot be read: {error.strerror}.",)) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings((f"The settings file {file} is not valid TOML: {error}.",)) from None
