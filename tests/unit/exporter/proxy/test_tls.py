import errno
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from exporter.errors import Unusable
from exporter.proxy.tls import Files, for_clients, for_engine, reload, trouble


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    paths = {name: folder / f"{name}.pem" for name in ("certificate", "key", "ca")}
    issued.cert_chain_pems[0].write_to_path(str(paths["certificate"]))
    issued.private_key_pem.write_to_path(str(paths["key"]))
    authority.cert_pem.write_to_path(str(paths["ca"]))
    return Files(str(paths["certificate"]), str(paths["key"]), str(paths["ca"]))


def test_without_a_certificate_clients_connect_without_tls() -> None:
    assert for_clients(Files()) is None
    assert for_engine(Files(), wanted=False) is None


def test_a_certificate_and_its_key_make_a_listener_of_today(files: Files) -> None:
    context = for_clients(files)
    assert context is not None
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_an_engine_is_always_verified(files: Files) -> None:
    context = for_engine(files, wanted=True)
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_files_that_cannot_be_used_are_named(files: Files, tmp_path: Path) -> None:
    missing, nonsense = str(tmp_path / "missing.pem"), tmp_path / "nonsense.pem"
    nonsense.write_text("not a certificate")
    with pytest.raises(Unusable, match=r"missing.pem cannot be used: no such file"):
        for_clients(Files(missing, files.key))
    with pytest.raises(Unusable, match=r"nonsense.pem cannot be used"):
        for_clients(Files(str(nonsense), files.key))
    with pytest.raises(Unusable, match=r"CA file .*missing.pem cannot be used"):
        for_engine(Files(ca=missing), wanted=True)
    with pytest.raises(Unusable, match=r"client certificate .*nonsense.pem"):
        for_engine(Files(str(nonsense), "", files.ca), wanted=True)


def test_what_is_wrong_with_a_file_is_said_in_words(files: Files, tmp_path: Path) -> None:
    nonsense, foreign = tmp_path / "nonsense.pem", tmp_path / "foreign.pem"
    nonsense.write_text("not a certificate")
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(str(foreign))
    with pytest.raises(Unusable, match="it is no PEM file, or one that lacks a certificate or its key"):
        for_clients(Files(str(nonsense), files.key))
    with pytest.raises(Unusable, match="its key belongs to another certificate"):
        for_clients(Files(files.certificate, str(foreign)))
    with pytest.raises(Unusable, match=r"CA file .* it is no PEM file"):
        for_engine(Files(ca=str(nonsense)), wanted=True)


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate."
    return error


def of_tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1)")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "connecting timed out"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), "connection refused"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name or service not known"),
        (OSError("Multiple exceptions"), "multiple exceptions"),
        (untrusted(), "its certificate is not trusted: self-signed certificate (`upstream_tls.ca` names"),
        (of_tls("WRONG_VERSION_NUMBER"), "it does not speak TLS, which https:// in its URL asks for"),
        (of_tls("TLSV1_ALERT_PROTOCOL_VERSION"), "TLS failed: tlsv1 alert protocol version"),
    ],
)
def test_why_an_engine_could_not_be_reached_is_said_in_words(error: OSError, words: str) -> None:
    assert trouble(error).startswith(words)


def test_a_broken_new_certificate_leaves_the_old_one(files: Files, tmp_path: Path) -> None:
    context = for_clients(files)
    assert context is not None
    with pytest.raises(Unusable):
        reload(context, Files(str(tmp_path / "gone.pem"), files.key))
    reload(context, files)
