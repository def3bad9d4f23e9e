import json

import pytest

from analyzer.report import heat_map, theme
from analyzer.shape import Joint
from tests.unit.analyzer.report.analyses import MODEL

LIMITS = {"max_input_len": 6528, "max_output_len": 1024, "max_seq_len": 6592}


def rows(joint: Joint, limits: dict[str, int]) -> list[dict[str, object]]:
    spec = json.loads(theme.themed(heat_map.chart(joint, MODEL.query_patterns, limits)))
    return [row for values in spec["datasets"].values() for row in values]


def test_every_cell_with_requests_is_a_tile_between_powers_of_two() -> None:
    tiles = [row for row in rows(MODEL.joint, LIMITS) if "colour" in row and "y2" in row]
    assert len(tiles) == sum(bool(count) for row in MODEL.joint.counts for count in row)
    assert {"x": 256, "x2": 512, "y": 64, "y2": 128, "colour": theme.RAMP[9]} in tiles


def test_fuller_cells_are_never_paler() -> None:
    joint = Joint((1, 2, 4), (1,), ((1,), (99,), (9900,)))
    colours = [row["colour"] for row in rows(joint, {}) if "y2" in row and "colour" in row]
    places = [theme.RAMP.index(str(colour)) for colour in colours]
    assert places == sorted(places)
    assert len(set(places)) == 3


def test_the_limits_run_upright_level_and_along_the_sum() -> None:
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in rows(MODEL.joint, LIMITS):
        if "limit" in row:
            lines.setdefault(str(row["limit"]), []).append((float(str(row["x"])), float(str(row["y"]))))
    assert {x for x, _ in lines["max_input_len 6,528"]} == {6528}
    assert {y for _, y in lines["max_output_len 1,024"]} == {1024}
    assert {round(x + y, 6) for x, y in lines["max_seq_len 6,592"]} == {6592}


def test_the_four_patterns_stand_in_their_corners_with_their_shares() -> None:
    said = {row.get("text") for row in rows(MODEL.joint, {})}
    assert {
        "short in, short out 43 %",
        "short in, long out 8 %",
        "long in, short out 24 %",
        "long in, long out 25 %",
    } <= said


def test_no_limit_line_runs_through_the_name_of_a_pattern() -> None:
    spec = json.loads(theme.themed(heat_map.chart(MODEL.joint, MODEL.query_patterns, LIMITS)))
    marks = [layer["mark"] for layer in spec["vconcat"][1]["layer"]]
    last_line = max(place for place, mark in enumerate(marks) if mark["type"] == "line")
    over = [mark for mark in marks[last_line + 1 :] if mark["type"] == "rect" and mark["color"] == theme.PAPER]
    assert len(over) == 4
    assert all(mark["width"] > 100 and mark["height"] >= 18 for mark in over)


def test_cells_of_one_per_cent_or_more_carry_their_share() -> None:
    said = [row["text"] for row in rows(MODEL.joint, {}) if "text" in row]
    assert "25 %" in said
    assert "0 %" not in said


@pytest.mark.parametrize("joint", [Joint((1,), (1,), ((1,),)), Joint((1, 2), (1, 2, 4), ((0, 0, 0), (0, 0, 3)))])
def test_a_single_cell_can_be_drawn(joint: Joint) -> None:
    spec = theme.themed(heat_map.chart(joint, MODEL.query_patterns, {}))
    assert theme.svg(spec, "heat").startswith("<svg")
