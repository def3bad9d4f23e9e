"""The simulation as one function."""

from analyzer.replay import compiled as module
from analyzer.replay.compiled import compiled


def test_it_is_made_once_in_a_process() -> None:
    assert compiled() is compiled()


def test_a_change_of_any_part_makes_it_anew() -> None:
    named = {part.__name__.rpartition(".")[2] for part in module._PARTS}
    assert named == {"machine", "order", "routing", "scheduling", "state", "stepping"}
    assert [cell.cell_contents for cell in compiled().py_func.__closure__ or ()] != []  # type: ignore[attr-defined]
