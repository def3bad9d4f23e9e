"""Colours, type and the way from a chart to a static SVG picture, the same for every figure."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

import altair as alt
import vl_convert

VEGA_LITE = "6.4"
WIDTH = 660

PAPER = "#ffffff"
INK = "#1c2430"
MUTED = "#5a6675"
GRID = "#e4e8ee"
LIMIT = "#c2410c"
ISL = "#2563ab"
OSL = "#0f7b6c"
TOTAL = "#7a4ea3"
BAR = "#8fb4d9"
ISL_BAR = "#9dbfe2"
OSL_BAR = "#8fcabf"
ON_PALE = "#1c2431"
ON_DEEP = "#fdfefe"

RAMP = (
    "#edf4fb",
    "#d7e6f4",
    "#bdd8ec",
    "#9cc7e3",
    "#75b2d8",
    "#509bcb",
    "#3282bd",
    "#1b68ac",
    "#0d4d92",
    "#09306b",
)
"""Ten steps from few to many; the stylesheet of the page names each once more for dark rooms."""

KINDS = ("#9dbfe2", "#8fcabf", "#e8c98f", "#c3aee0", "#e5a9a0", "#c3cad4")
"""The grounds of up to six kinds of hours, all pale enough for a letter on them."""

DASHES: Mapping[str, list[int]] = MappingProxyType(
    {"max_input_len": [], "max_output_len": [7, 3], "max_seq_len": [2, 3]}
)
"""The line style of each recommended limit."""

_ID = re.compile(r'\bid="([^"]+)"')


def themed(chart: alt.LayerChart | alt.VConcatChart) -> str:
    """The Vega-Lite specification of a chart in our type and colours, as JSON with sorted keys.

    It is not checked against the schema of Vega-Lite, which takes longer than making it; the tests do that.
    """
    font = "Arial, 'Liberation Sans', Helvetica, sans-serif"
    axis = alt.AxisConfig(
        labelColor=MUTED,
        titleColor=INK,
        gridColor=GRID,
        domainColor=MUTED,
        tickColor=MUTED,
        labelFontSize=12,
        titleFontSize=12.5,
        titleFontWeight="normal",
        titlePadding=8,
        labelPadding=4,
    )
    legend = alt.LegendConfig(
        labelColor=INK, titleColor=INK, labelFontSize=12, titleFontSize=12.5, titleFontWeight="normal", labelLimit=400
    )
    configured = chart.configure(
        aria=False, background=PAPER, font=font, axis=axis, legend=legend, view=alt.ViewConfig(stroke=None)
    )
    return json.dumps(configured.to_dict(validate=False), sort_keys=True)


def svg(spec: str, name: str) -> str:
    """The picture of a Vega-Lite specification; `name` keeps its ids apart from other pictures of one page.

    No address is allowed to be read while it is drawn. The same specification gives the same bytes.
    """
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    for number, old in enumerate(dict.fromkeys(_ID.findall(drawn))):
        new = f"{name}-{number}"
        drawn = drawn.replace(f'id="{old}"', f'id="{new}"').replace(f"url(#{old})", f"url(#{new})")
    return drawn
