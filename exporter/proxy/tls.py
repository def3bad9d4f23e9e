"""TLS on either side: contexts from files, and the listener's certificate read again on request."""

import ssl
from dataclasses import dataclass

from exporter.errors import Unusable


@dataclass(frozen=True, slots=True)
class Files:
    """Paths of PEM files; empty where not given. `ca` is only for the engine's side."""

    certificate: str = ""
    key: str = ""
    ca: str = ""


def for_clients(files: Files) -> ssl.SSLContext | None:
    """The listener's context, or None where clients connect without TLS. Raises Unusable."""
    if not files.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    reload(context, files)
    return context


def reload(context: ssl.SSLContext, files: Files) -> None:
    """Reads certificate and key again, for handshakes from now on. Raises Unusable and leaves the context as it was."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key or None)
        context.load_cert_chain(files.certificate, files.key or None)
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"The TLS certificate {files.certificate} cannot be used: {_why(error)}.") from None


def for_engine(files: Files, *, wanted: bool) -> ssl.SSLContext | None:
    """The context for an https upstream, which is always verified, or None for http. Raises Unusable."""
    if not wanted:
        return None
    try:
        context = ssl.create_default_context(cafile=files.ca or None)
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"The CA file {files.ca} cannot be used: {_why(error)}.") from None
    try:
        if files.certificate:
            context.load_cert_chain(files.certificate, files.key or None)
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"The client certificate {files.certificate} cannot be used: {_why(error)}.") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _why(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or error).removesuffix(".").lower()
