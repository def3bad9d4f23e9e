"""The settings of TLS, to clients and to engines."""

from pydantic import BaseModel, ConfigDict, Field


class ListenerTls(BaseModel):
    """PEM files with which clients are served over TLS; read again on SIGHUP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificate: str = Field("", description="certificate chain; empty for plain HTTP")
    key: str = Field("", description="private key, where it is not in the same file")


class UpstreamTls(BaseModel):
    """PEM files for an https upstream."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ca: str = Field("", description="certificates that the engine's must chain to; the system's unless given")
    certificate: str = Field("", description="client certificate, where the engine asks for one")
    key: str = Field("", description="its private key, where it is not in the same file")
