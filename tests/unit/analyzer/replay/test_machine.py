"""Machine code, and where it is kept."""

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
