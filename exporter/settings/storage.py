"""The settings of where finished records are copied to, and how long they stay."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _s3_url(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme != "s3" or not parts.hostname or parts.username or parts.query or parts.fragment):
        raise ValueError("it is not s3://BUCKET or s3://BUCKET/PREFIX, which holds no credentials")  # nor does this
    return url.rstrip("/")


class Upload(BaseModel):
    """Where finished Parquet files are copied to; credentials come from the environment or the machine's role."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Annotated[str, AfterValidator(_s3_url)] = Field("", description="s3://BUCKET/PREFIX; empty uploads nothing")
    endpoint: str = Field(
        "",
        pattern=r"^(https?://[^/\s@]+/?)?$",
        description="URL of a store that is not AWS; AWS_ENDPOINT_URL unless given",
    )
    region: str = Field("", description="region of the bucket; AWS_REGION or the machine's own unless given")
    keep_hours: float = Field(24.0, ge=0, description="a local file is deleted so long after it was uploaded")
    backlog_bytes: int = Field(
        8 << 30, ge=1 << 20, description="size of local files that wait; beyond, new records are lost as `backlog_full`"
    )


class Retention(BaseModel):
    """When local Parquet files are deleted, the oldest first; where they are uploaded, never before that."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: float = Field(0.0, ge=0, description="a file is deleted when its newest possible record is older; 0 never")
    bytes: int = Field(0, ge=0, description="the oldest files are deleted while all have more bytes; 0 never")
