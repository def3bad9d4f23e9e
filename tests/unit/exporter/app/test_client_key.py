from pathlib import Path

import pytest

from exporter.app.client_key import read, read_by_others
from exporter.errors import Unusable


def test_the_key_is_the_file_without_the_white_space_around_it(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"0123456789abcdef\n")
    assert read(file) == b"0123456789abcdef"


def test_a_file_that_is_not_there_is_told_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"cannot be read from .*/key: No such file.*`client_key_file`"):
        read(tmp_path / "key")


def test_a_key_that_could_be_guessed_is_refused_without_being_said(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"zirconquilt")
    with pytest.raises(Unusable, match="has 11 bytes, and client ids need at least 16") as error:
        read(file)
    assert "zirconquilt" not in str(error.value)


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_key_that_everybody_may_read_is_told(tmp_path: Path, mode: int, told: bool) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"0123456789abcdef")
    file.chmod(mode)
    assert read_by_others(file) is told
