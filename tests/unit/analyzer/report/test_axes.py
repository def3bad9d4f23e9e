import json

import altair as alt

from analyzer.report.axes import (
    across,
    limit_lines,
    marked,
    power_above,
    power_below,
    shares_axis,
    stacked,
    texts,
    times_axis,
    tokens_axis,
)
from analyzer.report.theme import DASHES

DOT = alt.MarkDef(type="point")


def labels(axis: alt.Axis) -> list[str]:
    expression = axis.to_dict()["labelExpr"]
    found: list[str] = json.loads(expression[: expression.index("]") + 1])
    return found


def test_a_power_of_two_is_its_own_neighbour() -> None:
    assert (power_below(1024), power_above(1024)) == (1024, 1024)
    assert (power_below(1000), power_above(1000)) == (512, 1024)


def test_tokens_are_labelled_at_powers_of_two_from_one_upward() -> None:
    axis = tokens_axis("ISL", 0.25, 2048)
    assert axis.to_dict()["values"] == [2.0**i for i in range(12)]
    assert labels(axis)[-3:] == ["512", "1k", "2k"]


def test_times_and_shares_are_labelled_at_powers_of_ten() -> None:
    assert labels(times_axis("time", 5, 20_000)) == ["10 ms", "100 ms", "1 s", "10 s"]
    assert labels(shares_axis("share", 0.0004)) == ["0.1 %", "1 %", "10 %", "100 %"]


def test_each_limit_keeps_its_line_style_whichever_others_are_known() -> None:
    drawn = limit_lines({"max_seq_len": [(1, 1), (2, 2)]}, {"max_seq_len": 4096}).to_dict()
    scale = drawn["encoding"]["strokeDash"]["scale"]
    assert scale == {"domain": ["max_seq_len 4,096"], "range": [DASHES["max_seq_len"]]}


def test_layers_keep_their_order() -> None:
    both = stacked(
        [marked([{"x": 1}], DOT, across()), texts([{"x": 1, "y": 1, "text": "a"}], alt.MarkDef(type="text"))], 10, 20
    )
    assert [layer["mark"]["type"] for layer in both.to_dict()["layer"]] == ["point", "text"]
