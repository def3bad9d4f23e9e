"""Keys of hashes come from a file, or are new at each start."""

from pathlib import Path

import numpy as np
import pytest

from exporter.app.keys import prefix_hashes, read, read_by_others
from exporter.errors import Unusable
from exporter.settings import PrefixSettings

PROMPT = [np.zeros(512, np.uint32)]


def hashed(settings: PrefixSettings) -> tuple[int, ...]:
    hashes = prefix_hashes(settings)
    assert hashes is not None
    return hashes.blocks("m", PROMPT)


def test_without_a_file_each_start_has_a_key_of_its_own() -> None:
    assert hashed(PrefixSettings()) != hashed(PrefixSettings())


def test_sidecars_with_the_same_file_have_the_same_hashes(tmp_path: Path) -> None:
    for name, line in (("a", "0123456789abcdef"), ("b", "0123456789abcdef\n"), ("c", "0123456789abcdeF")):
        (tmp_path / name).write_text(line)
    one, other, third = (hashed(PrefixSettings(key_file=tmp_path / name)) for name in "abc")
    assert one == other != third


def test_they_can_be_switched_off() -> None:
    assert prefix_hashes(PrefixSettings(enabled=False)) is None


def test_a_long_key_is_used_whole(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"x" * 1000 + name.encode())
    one, other = (hashed(PrefixSettings(key_file=tmp_path / name)) for name in "ab")
    assert one != other


def test_the_key_is_the_file_without_the_white_space_around_it(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"0123456789abcdef\n")
    assert read(file, "client_key_file") == b"0123456789abcdef"


def test_a_file_that_is_not_there_is_told_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"key cannot be read: No such file.*`client_key_file`"):
        read(tmp_path / "key", "client_key_file")


def test_a_key_that_could_be_guessed_is_refused_without_being_said(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"zirconquilt\n")
    with pytest.raises(Unusable, match=r"`prefix\.key_file` holds 11 bytes; give it 16 or more") as error:
        prefix_hashes(PrefixSettings(key_file=file))
    assert "zirconquilt" not in str(error.value)


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_key_that_everybody_may_read_is_told(tmp_path: Path, mode: int, told: bool) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"0123456789abcdef")
    file.chmod(mode)
    assert read_by_others(file) is told
