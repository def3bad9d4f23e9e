import ssl
from pathlib import Path

import pytest
import trustme

from exporter.errors import Unusable
from exporter.proxy.tls import Files, for_clients, for_engine, reload


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


def test_a_broken_new_certificate_leaves_the_old_one(files: Files, tmp_path: Path) -> None:
    context = for_clients(files)
    assert context is not None
    with pytest.raises(Unusable):
        reload(context, Files(str(tmp_path / "gone.pem"), files.key))
    reload(context, files)
