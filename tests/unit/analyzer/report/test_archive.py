import dataclasses
import json
from pathlib import Path

import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.analysis import Analysis, Questions, as_json
from analyzer.backtest import backtest
from analyzer.errors import BadSettings
from analyzer.report import archive
from tests.unit.analyzer.advise.planned_weeks import made, office
from tests.unit.analyzer.report.analyses import MODEL, analysis
from tests.unit.analyzer.report.test_origin import PLAIN

NOTHING = analysis({})
"""Without a chart to draw."""


def test_the_files_of_a_window_lie_in_its_folder_and_are_answered_in_order(tmp_path: Path) -> None:
    paths = archive.write(analysis(), tmp_path / "new" / "reports")
    folder = tmp_path / "new" / "reports" / "2026-11-09--2026-11-16"
    assert paths == (folder / "report.html", folder / "report.md", folder / "analysis.json")
    assert sorted(folder.iterdir()) == sorted(paths), "nothing half-written is left"


def test_what_was_tried_is_filed_as_well(tmp_path: Path) -> None:
    over_weeks = analysis({"m": dataclasses.replace(MODEL, weeks=made([office()] * 2))})
    tried = backtest(over_weeks, {"m": Questions(LengthTarget(0.05), None)})
    *_, path = archive.write(over_weeks, tmp_path, tried)
    assert path.name == "backtest.json"
    assert json.loads(path.read_text(encoding="utf-8"))["models"]["m"]["trials"][0]["learnt_from"] == 1


def test_the_json_is_that_of_the_contract(tmp_path: Path) -> None:
    *_, path = archive.write(analysis(), tmp_path)
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(as_json(analysis())))


def test_writing_again_gives_the_same_bytes_and_replaces_what_was_there(tmp_path: Path) -> None:
    first = archive.write(analysis(), tmp_path)
    before = [path.read_bytes() for path in first]
    first[0].write_text("old")
    assert archive.write(analysis(), tmp_path) == first
    assert [path.read_bytes() for path in first] == before


def of(models: tuple[str, ...] | None) -> Analysis:
    return dataclasses.replace(NOTHING, origin=dataclasses.replace(PLAIN, models=models))


@pytest.mark.parametrize(
    ("models", "folder"),
    [
        (None, "2026-11-09--2026-11-16"),
        (("Qwen/Qwen3-32B",), "2026-11-09--2026-11-16--Qwen-Qwen3-32B"),
        (("a", "../b c"), "2026-11-09--2026-11-16--a+..-b-c"),
    ],
)
def test_a_report_of_some_models_replaces_none_of_all(
    models: tuple[str, ...] | None, folder: str, tmp_path: Path
) -> None:
    assert archive.write(of(models), tmp_path)[0] == tmp_path / folder / "report.html"


def test_the_names_of_many_models_still_make_a_folder(tmp_path: Path) -> None:
    both = [tuple(f"model-{i}" for i in range(60) if i != left_out) for left_out in (58, 59)]
    names = {archive.write(of(models), tmp_path)[0].parent.name for models in both}
    assert len(names) == 2
    assert all(len(name) < 150 for name in names)


def test_a_folder_that_cannot_be_made_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadSettings, match="cannot be written"):
        archive.write(NOTHING, tmp_path / "file")


def test_a_model_name_that_is_no_text_does_not_stop_the_report(tmp_path: Path) -> None:
    model = next(iter(analysis().models.values()))
    paths = archive.write(analysis({"half a pair \ud800": model}), tmp_path)
    assert all(path.stat().st_size for path in paths)


def test_files_of_the_advice_lie_beside_the_report_and_replace_those_of_an_earlier_one(tmp_path: Path) -> None:
    first = archive.write(NOTHING, tmp_path, emitted={"vllm.yaml": "a: 1\n", "kubernetes/keda.yaml": "b: 2\n"})
    place = first[-1]
    assert place.name == "emit"
    assert (place / "kubernetes" / "keda.yaml").read_text() == "b: 2\n"
    again = archive.write(NOTHING, tmp_path, emitted={"vllm.yaml": "a: 3\n"})
    assert again[-1] == place
    assert [path.name for path in place.rglob("*")] == ["vllm.yaml"]
    assert archive.write(NOTHING, tmp_path)[-1].name == "analysis.json"
    assert not place.exists()
