"""What is committed is what the code builds, and Grafana can read it."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from dashboards.build import GENERATED, boards, main, rendered
from dashboards.panels import Board

BUILT_IN = {"__rate_interval", "__range"}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def named(board: Board) -> str:
    return board.name


def read(board: Board) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(rendered(board))
    return content


def shown(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


each_board = pytest.mark.parametrize("board", boards(), ids=named)


@each_board
def test_the_committed_board_is_what_the_code_builds(board: Board) -> None:
    committed = GENERATED / f"{board.name}.json"
    assert committed.read_text(encoding="utf-8") == rendered(board), "stale: run `python -m dashboards.build`"


def test_nothing_is_generated_that_no_code_builds() -> None:
    assert {path.name for path in GENERATED.iterdir()} == {f"{board.name}.json" for board in boards()}


def test_building_twice_gives_the_same_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(first) == 0
    assert main(second) == 0
    assert [path.read_bytes() for path in sorted(first.iterdir())] == [
        path.read_bytes() for path in sorted(second.iterdir())
    ]
    assert str(first / "traffic.json") in capsys.readouterr().out


@each_board
def test_a_board_carries_uid_tags_and_links_of_the_product(board: Board) -> None:
    content = read(board)
    assert re.fullmatch(r"[a-zA-Z0-9_-]{8,40}", content["uid"])
    assert content["uid"] == f"tokentide-{board.name}"
    assert content["tags"] == ["tokentide"]
    assert [(link["type"], link["tags"]) for link in content["links"]] == [("dashboards", ["tokentide"])]
    assert "id" not in content


@each_board
def test_a_board_has_a_schema_that_grafana_11_knows(board: Board) -> None:
    content = read(board)
    assert 36 <= content["schemaVersion"] <= 41
    assert {"annotations", "panels", "templating", "time", "timezone", "title", "uid", "refresh"} <= set(content)
    for panel in shown(content):
        assert {"datasource", "fieldConfig", "gridPos", "id", "options", "targets", "title", "type"} <= set(panel)
        assert isinstance(panel["options"], dict), panel["title"]


@each_board
def test_no_two_panels_have_the_same_number(board: Board) -> None:
    numbers = [panel["id"] for panel in read(board)["panels"]]
    assert len(numbers) == len(set(numbers))
    assert min(numbers) > 0


@each_board
def test_no_two_panels_overlap_and_none_leaves_the_grid(board: Board) -> None:
    places = [(panel["title"], panel["gridPos"]) for panel in read(board)["panels"]]
    for title, place in places:
        assert place["x"] >= 0, title
        assert place["x"] + place["w"] <= 24, title
        assert place["h"] >= 1, title
    for (one, a), (other, b) in combinations(places, 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert beside or above, f"{one} overlaps {other}"


@each_board
def test_every_panel_query_and_variable_asks_the_chosen_data_source(board: Board) -> None:
    content = read(board)
    for panel in shown(content):
        assert panel["datasource"] == DATASOURCE, panel["title"]
        assert all(target["datasource"] == DATASOURCE for target in panel["targets"]), panel["title"]
    chosen, *others = content["templating"]["list"]
    assert (chosen["name"], chosen["type"], chosen["query"]) == ("datasource", "datasource", "prometheus")
    assert all(variable["datasource"] == DATASOURCE for variable in others)


@each_board
def test_the_queries_of_a_panel_have_letters_of_their_own(board: Board) -> None:
    for panel in shown(read(board)):
        letters = [target["refId"] for target in panel["targets"]]
        assert letters
        assert all(letters)
        assert len(letters) == len(set(letters)), panel["title"]


@each_board
def test_every_variable_in_use_is_defined_before_it(board: Board) -> None:
    content = read(board)
    known = set(BUILT_IN)
    for variable in content["templating"]["list"]:
        assert set(re.findall(r"\$(\w+)", variable["query"])) <= known, variable["name"]
        known.add(variable["name"])
    used = {
        name
        for panel in shown(content)
        for target in panel["targets"]
        for name in re.findall(r"\$(\w+)", target["expr"])
    }
    assert used <= known


@each_board
def test_the_variables_are_those_of_every_board(board: Board) -> None:
    variables = {variable["name"]: variable for variable in read(board)["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "instance", "model", "operation", "gen_ai_operation"]
    assert not variables["job"]["multi"]
    for name in ("instance", "model", "operation"):
        assert variables[name]["includeAll"]
        assert variables[name]["allValue"] == ".*"
    hidden = variables["gen_ai_operation"]
    assert hidden["hide"] == 2
    assert hidden["current"]["value"] == ["$__all"]
    assert "allValue" not in hidden, "all must mean the operations that were chosen, not everything"
