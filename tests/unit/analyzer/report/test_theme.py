import json
import re
from pathlib import Path

import altair as alt
import pytest

from analyzer.report import theme
from analyzer.report.axes import across, marked, stacked

STYLE = (Path(theme.__file__).parent / "templates" / "report.css").read_text()


def spec(colour: str = theme.ISL) -> str:
    mark = alt.MarkDef(type="point", color=colour, clip=True)
    return theme.themed(stacked([marked([{"x": 1}, {"x": 2}], mark, across())], 100, 50))


def test_a_picture_keeps_its_ids_apart_from_those_of_other_pictures() -> None:
    first, second = (set(re.findall(r'id="([^"]+)"', theme.svg(spec(), name))) for name in ("one", "two"))
    assert first
    assert not first & second


def test_references_inside_a_picture_follow_its_ids() -> None:
    drawn = theme.svg(spec(), "one")
    used = set(re.findall(r"url\(#([^)]+)\)", drawn))
    assert used
    assert used <= set(re.findall(r'id="([^"]+)"', drawn))


def test_the_same_specification_gives_the_same_bytes() -> None:
    assert theme.svg(spec(), "one") == theme.svg(spec(), "one")


def test_a_chart_may_not_read_from_an_address_while_it_is_drawn() -> None:
    away = json.dumps({"data": {"url": "https://example.com/x.json"}, "mark": "point", "encoding": {}})
    with pytest.raises(ValueError, match="not allowed"):
        theme.svg(away, "one")


def test_specifications_hold_no_names_that_change_from_run_to_run() -> None:
    assert spec() == spec()


@pytest.mark.parametrize("colour", [*theme.RAMP, *theme.KINDS, theme.INK, theme.MUTED, theme.GRID,
                                    theme.LIMIT, theme.ISL, theme.OSL, theme.TOTAL, theme.BAR, theme.ISL_BAR,
                                    theme.OSL_BAR, theme.PAPER, theme.ON_PALE, theme.ON_DEEP])  # fmt: skip
def test_every_colour_has_its_counterpart_for_dark_rooms(colour: str) -> None:
    dark = STYLE.split("prefers-color-scheme: dark")[1]
    assert f'[fill="{colour}"]' in dark
