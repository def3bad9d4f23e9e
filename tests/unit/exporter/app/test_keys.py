"""Keys of hashes come from a file, or are new at each start."""

from pathlib import Path

import numpy as np
import pytest

from exporter.app.keys import prefix_hashes, read
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


def test_a_key_that_is_not_there_or_too_short_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot be read: No such file"):
        read(tmp_path / "absent")
    (tmp_path / "short").write_text("secret\n")
    with pytest.raises(Unusable, match="holds 6 bytes; give it 16 or more"):
        read(tmp_path / "short")


def test_a_long_key_is_used_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1000 + b"a")
    (tmp_path / "b").write_bytes(b"x" * 1000 + b"b")
    assert len(read(tmp_path / "a")) == 32
    assert read(tmp_path / "a") != read(tmp_path / "b")
