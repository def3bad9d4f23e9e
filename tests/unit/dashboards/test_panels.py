"""Each kind of panel asks, formats and names its queries as Grafana needs them."""

import json
from typing import Any

import pytest
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.panels import Grid, Query, cells, heat, lines, numbers

TWO = (Query("up", "one"), Query("down", "{{model}}"))
GRID = Grid("isl_le", "osl_le", "ISL down, OSL across", "2048", "over 1024")


def written(panel: Builder[Panel]) -> dict[str, Any]:
    """The panel as Grafana reads it."""
    content: dict[str, Any] = json.loads(json.dumps(panel.build(), cls=JSONEncoder))
    return content


def test_lines_ask_for_a_range_and_number_their_queries() -> None:
    panel = written(lines("Two", "Two lines.", "s", TWO))
    assert panel["type"] == "timeseries"
    assert [(target["refId"], target["expr"], target["legendFormat"]) for target in panel["targets"]] == [
        ("A", "up", "one"),
        ("B", "down", "{{model}}"),
    ]
    assert all(target["range"] and not target["instant"] for target in panel["targets"])
    assert panel["fieldConfig"]["defaults"]["unit"] == "s"


@pytest.mark.parametrize(("stacked", "mode"), [(True, "normal"), (False, "none")])
def test_lines_are_stacked_where_their_sum_means_something(stacked: bool, mode: str) -> None:
    panel = written(lines("Two", "Two lines.", "s", TWO, stacked=stacked))
    assert panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == mode


def test_a_heat_map_takes_prometheus_buckets_as_they_are() -> None:
    panel = written(heat("Heat", "A histogram.", "s", Query("up", "{{le}}")))
    assert panel["type"] == "heatmap"
    assert [target["format"] for target in panel["targets"]] == ["heatmap"]
    assert panel["options"]["calculate"] is False
    assert panel["options"]["yAxis"]["unit"] == "s"


def test_figures_are_of_the_present() -> None:
    panel = written(numbers("Now", "The present.", "short", TWO))
    assert panel["type"] == "stat"
    assert all(target["instant"] and not target["range"] for target in panel["targets"])


def test_a_matrix_is_one_table_of_the_present() -> None:
    panel = written(cells("Matrix", "A matrix.", Query("up", ""), GRID))
    assert panel["type"] == "table"
    assert [(target["format"], target["instant"]) for target in panel["targets"]] == [("table", True)]


def test_a_matrix_sorts_columns_before_and_rows_after_it_is_made_both_as_numbers() -> None:
    steps = written(cells("Matrix", "A matrix.", Query("up", ""), GRID))["transformations"]
    assert [step["id"] for step in steps] == [
        "convertFieldType", "sortBy", "groupingToMatrix", "convertFieldType", "sortBy", "convertFieldType",
        "renameByRegex",
    ]  # fmt: skip
    fields = [step["options"]["sort"][0]["field"] for step in steps if step["id"] == "sortBy"]
    assert fields == ["osl_le", r"isl_le\osl_le"]


def test_the_open_edge_of_a_matrix_is_shown_as_what_it_is_in_rows_and_columns() -> None:
    panel = written(cells("Matrix", "A matrix.", Query("up", ""), GRID))
    assert panel["transformations"][-1]["options"] == {"regex": "^2048$", "renamePattern": "over 1024"}
    override = panel["fieldConfig"]["overrides"][0]
    assert override["matcher"]["options"] == r"isl_le\osl_le"
    mapping = next(each["value"] for each in override["properties"] if each["id"] == "mappings")
    assert mapping[0]["options"]["2048"]["text"] == "over 1024"
