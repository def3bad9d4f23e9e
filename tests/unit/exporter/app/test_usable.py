from pathlib import Path

import pytest

from exporter.app import usable
from exporter.errors import Unusable
from exporter.settings import Settings, load


def settings(**given: object) -> Settings:
    return load({"upstream": "http://engine:8000", **given}, None)


def test_a_records_folder_is_made_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    usable.folder(tmp_path / "a" / "records")
    assert list((tmp_path / "a" / "records").iterdir()) == []


def test_a_records_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unusable, match=r"The records folder .*file/records cannot be written: Not a directory\."):
        usable.folder(tmp_path / "file" / "records")
    with pytest.raises(Unusable, match=r"file cannot be made: there is a file in its place\."):
        usable.folder(tmp_path / "file")


def test_a_key_for_client_ids_is_read_only_where_there_are_client_ids(tmp_path: Path) -> None:
    usable.client_key(settings())
    wanted = settings(client_id="authorization", client_key_file=str(tmp_path / "key"))
    with pytest.raises(Unusable, match="`client_key_file`"):
        usable.client_key(wanted)
    (tmp_path / "key").write_text("0123456789abcdef")
    usable.client_key(wanted)


def test_certificates_that_are_not_there_are_told(tmp_path: Path) -> None:
    usable.certificates(settings())
    with pytest.raises(Unusable, match=r"absent\.pem"):
        usable.certificates(settings(tls={"certificate": f"{tmp_path}/absent.pem", "key": f"{tmp_path}/absent.pem"}))
