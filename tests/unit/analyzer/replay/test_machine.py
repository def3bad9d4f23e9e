"""Machine code, and where it is kept."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numba
import pytest

from analyzer.replay.machine import compiled, kept

SOURCE = "def doubled(value):\n    return 2 * value\n"


def made(place: str) -> Callable[[int], int]:
    found: dict[str, Callable[[int], int]] = {}
    exec(compile(SOURCE, place, "exec"), found)  # noqa: S102  a function whose module lies where the test wants it
    return found["doubled"]


def test_a_function_does_as_machine_code_what_it_did_before() -> None:
    doubled = compiled(made("anywhere"))

    @numba.njit
    def quadrupled(value: int) -> int:
        return doubled(doubled(value))

    assert quadrupled(21) == 84  # type: ignore[call-arg,type-var]  # numba's types forget how it is called


def test_machine_code_is_kept_beside_its_module(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(SOURCE)
    assert kept(made(str(module)))(21) == 42
    assert list(tmp_path.rglob("*.nbc"))


def test_where_nothing_can_be_kept_it_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    assert kept(made("no module at all"))(21) == 42


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module beside which nothing can be kept, even by root, for a user without a folder for it."""
    (tmp_path / "__pycache__").touch()  # a file where a folder would have to be
    monkeypatch.setenv("HOME", str(tmp_path / "__pycache__"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    module = tmp_path / "module.py"
    module.write_text(SOURCE)
    return module


def test_a_place_that_is_named_goes_before_all_others(
    tmp_path: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "named"))
    assert kept(made(str(nowhere)))(21) == 42
    assert list((tmp_path / "named").rglob("*.nbc"))


@pytest.mark.filterwarnings("error")
def test_where_no_place_can_be_written_it_is_made_again_without_a_word(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(nowhere / "below a file"))
    assert kept(made(str(nowhere)))(21) == 42
    assert capfd.readouterr() == ("", "")
    assert not list(nowhere.parent.rglob("*.nbc"))


def test_a_place_that_is_lost_before_it_is_used_changes_nothing(
    tmp_path: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "named"))
    doubled = kept(made(str(nowhere)))
    shutil.rmtree(tmp_path / "named")
    (tmp_path / "named").touch()
    assert doubled(21) == 42


@pytest.mark.parametrize("half", [b"", b"no pickle"])
def test_half_of_what_was_kept_is_as_nothing(tmp_path: Path, half: bytes) -> None:
    module = tmp_path / "module.py"
    module.write_text(SOURCE)
    assert kept(made(str(module)))(21) == 42
    (index,) = tmp_path.rglob("*.nbi")
    index.write_bytes(half)
    assert kept(made(str(module)))(21) == 42
