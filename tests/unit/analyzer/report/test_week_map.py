import json

from analyzer.report import theme, week_map
from tests.unit.analyzer.report.analyses import KINDS

NAMES = {kind.label: kind.name for kind in KINDS.windows}


def rows(spec: str) -> list[dict[str, object]]:
    return [row for values in json.loads(spec)["datasets"].values() for row in values]


def test_every_hour_of_the_week_is_a_square_with_the_letter_of_its_kind() -> None:
    assert KINDS.labels is not None
    spec = theme.themed(week_map.chart(KINDS.labels, NAMES))
    squares, letters = ([row for row in rows(spec) if key in row] for key in ("kind", "text"))
    assert len(squares) == len(letters) == 168
    assert {"x": 9, "x2": 10, "y": "Monday", "kind": f"B: {NAMES[1]}"} in squares
    assert {"x": 9.5, "y": "Saturday", "text": "A"} in letters


def test_hours_with_too_few_requests_are_empty() -> None:
    labels = [-1] * 24 + [0] * 144
    assert len([row for row in rows(theme.themed(week_map.chart(labels, {0: "all"}))) if "kind" in row]) == 144


def test_the_map_can_be_drawn_and_is_the_same_every_time() -> None:
    assert KINDS.labels is not None
    first, second = (theme.svg(theme.themed(week_map.chart(KINDS.labels, NAMES)), "map") for _ in range(2))
    assert first == second
    assert "Wednesday" in first
