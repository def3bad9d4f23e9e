"""TLS on either side: contexts from files, the listener's certificate read again on request, and what went wrong."""

import os
import ssl
from dataclasses import dataclass

from exporter.errors import Unusable

_NO_TLS = "WRONG_VERSION_NUMBER"
"""What OpenSSL makes of an answer that is no TLS."""
_NO_PEM = ("PEM lib", "NO_START_LINE", "NO_CERTIFICATE_OR_CRL_FOUND")


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


def trouble(error: OSError) -> str:
    """Why an engine could not be connected to, in a few words for operators: the network's reasons, or TLS's."""
    if isinstance(error, TimeoutError):
        return "connecting timed out"
    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message.removesuffix(".").lower()
        return f"its certificate is not trusted: {said} (`upstream_tls.ca` names the certificate of an authority)"
    if isinstance(error, ssl.SSLError) and error.reason == _NO_TLS:
        return "it does not speak TLS, which https:// in its URL asks for"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(error.reason or str(error)).replace('_', ' ').lower()}"
    if error.errno is not None and error.errno > 0:  # those of the resolver are negative
        return os.strerror(error.errno).lower()
    return (error.strerror or str(error)).lower()


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and any(word in str(error) for word in _NO_PEM):
        return "it is no PEM file, or one that lacks a certificate or its key"
    if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
        return "its key belongs to another certificate"
    strerror = getattr(error, "strerror", None)
    return str(strerror or error).removesuffix(".").lower()
