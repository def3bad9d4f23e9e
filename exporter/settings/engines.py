"""The part of the settings that is about engines: where they are, their limits, and what they are asked."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _upstream_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path:
        return url
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is not a URL such as http://127.0.0.1:8000 or unix:/run/engine.sock")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it must not hold credentials, a query or a fragment")
    labels = parts.hostname.removesuffix(".").split(".")
    if not parts.hostname.isascii() or not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"its host {parts.hostname!r} is no name that could be looked up")
    _ = parts.port  # raises ValueError when it is not a number up to 65535
    return url.rstrip("/")


UpstreamUrl = Annotated[str, AfterValidator(_upstream_url)]
MetricsUrl = Annotated[str, Field(pattern=r"^(https?://[^\s/@?#]+/[^\s@?#]*)?$")]


class UpstreamChoice(BaseModel):
    """One of several engines, and the requests that it is for; with neither prefix nor models it takes all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,63}$", description="name in metrics and on /readyz")
    url: UpstreamUrl = Field(description="URL of the engine, or `unix:` and the path of its socket")
    prefix: str = Field(
        "", pattern=r"^(/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?$", description="start of the path, not passed on"
    )
    models: tuple[str, ...] = Field((), description="patterns of model names; reading the name costs holding the body")
    metrics_url: MetricsUrl = Field("", description="page of the engine's own metrics, where it is not on its own port")


class EngineLimits(BaseModel):
    """Limits of an engine in tokens, for the models whose name matches a pattern; the first that names one holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: str = Field("*", min_length=1, max_length=128, description="pattern of model names, such as `llama-3*`")
    max_input_len: int | None = Field(None, ge=1, description="longest input")
    max_output_len: int | None = Field(None, ge=1, description="longest output")
    max_seq_len: int | None = Field(None, ge=1, description="input and output together, vLLM's `max_model_len`")


class EngineQuestions(BaseModel):
    """What the sidecar asks engines by itself; nothing unless a time is set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limits_seconds: float = Field(0.0, ge=0, description="ask for limits this often, such as 300; 0 for never")
    metrics_seconds: float = Field(
        0.0, ge=0, description="scrape the engine's metrics this often, such as 15; 0 for never"
    )
    metrics_url: MetricsUrl = Field(
        "", description="page of the metrics of the one `upstream`, where it is not on its own port, as with Triton"
    )
    timeout_seconds: float = Field(5.0, gt=0, description="how long one answer may take")
