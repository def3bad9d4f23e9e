"""What a board is made of: a section, a query and each kind of panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TableCellBackgroundDisplayMode,
    TableColoredBackgroundCellOptions,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
HEIGHT: Final = 8
FULL_WIDTH: Final = 24


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel and the name of its series, in which `{{label}}` is that label's value."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Grid:
    """How the two labels of a matrix are shown.

    `rows` and `columns` are labels whose values are numbers, `corner` says what both are. `open_edge` is the number
    that stands for the open upper edge, `beyond` what is shown in its place.
    """

    rows: str
    columns: str
    corner: str
    open_edge: str
    beyond: str

    @property
    def name(self) -> str:
        """The name that Grafana's transformation `groupingToMatrix` gives to the column of row names."""
        return rf"{self.rows}\{self.columns}"


@dataclass(frozen=True, slots=True)
class Section:
    """A titled row of panels, which are laid out from left to right on a grid 24 wide."""

    title: str
    panels: tuple[Builder[Panel], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """One board; `name` is its file name and the end of its uid."""

    name: str
    title: str
    meaning: str
    sections: tuple[Section, ...]


def lines(
    title: str, meaning: str, unit: str, queries: Sequence[Query], width: int = 8, *, stacked: bool = False
) -> Builder[Panel]:
    """Series over time; `unit` is a Grafana unit, `width` a part of 24."""
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    return (
        timeseries.Panel()
        .title(title)
        .description(meaning)
        .datasource(DATASOURCE)
        .unit(unit)
        .min(0)
        .span(width)
        .height(HEIGHT)
        .fill_opacity(60 if stacked else 10)
        .legend(legend.show_legend(show_legend=True))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL if stacked else StackingMode.NONE))
        .targets([_query(each, ascii_uppercase[number]).range() for number, each in enumerate(queries)])
    )


def heat(title: str, meaning: str, unit: str, query: Query, width: int = 12) -> Builder[Panel]:
    """A histogram over time: the colour of a cell is the number of observations in one bucket and step.

    `query` gives cumulative buckets by `le`, whose bounds are in `unit`.
    """
    return (
        heatmap.Panel()
        .title(title)
        .description(meaning)
        .datasource(DATASOURCE)
        .unit(unit)
        .span(width)
        .height(HEIGHT)
        .calculate(calculate=False)
        .color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Blues").exponent(0.5).steps(64))
        .filter_values(heatmap.FilterValueRange().le(1e-9))
        .y_axis(heatmap.YAxisConfig().unit(unit))
        .cell_values(heatmap.CellValues().unit("short").decimals(0))
        .with_target(_query(query, "A").range().format(PromQueryFormat.HEATMAP))
    )


def cells(title: str, meaning: str, query: Query, grid: Grid) -> Builder[Panel]:
    """A matrix as a table, coloured by value; `query` gives one series for each cell."""
    shown = ValueMap({grid.open_edge: ValueMappingResult(text=grid.beyond, index=0)})
    return (
        table.Panel()
        .title(title)
        .description(meaning)
        .datasource(DATASOURCE)
        .span(FULL_WIDTH)
        .height(2 * HEIGHT)
        .decimals(0)
        .min(0)
        .show_header(show_header=True)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.CONTINUOUS_BLUES))
        .cell_options(TableColoredBackgroundCellOptions(mode=TableCellBackgroundDisplayMode.BASIC))
        .override_by_name(
            grid.name,
            [
                DynamicConfigValue("custom.cellOptions", {"type": "auto"}),
                DynamicConfigValue("mappings", [shown]),
                DynamicConfigValue("displayName", grid.corner),
            ],
        )
        .transformations(_as_matrix(grid))
        .with_target(_query(query, "A").instant().format(PromQueryFormat.TABLE))
    )


def numbers(title: str, meaning: str, unit: str, queries: Sequence[Query], width: int = 8) -> Builder[Panel]:
    """The present value of each series in large figures; `unit` is a Grafana unit, `width` a part of 24."""
    return (
        stat.Panel()
        .title(title)
        .description(meaning)
        .datasource(DATASOURCE)
        .unit(unit)
        .decimals(0)
        .span(width)
        .height(HEIGHT)
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(values=False))
        .targets([_query(each, ascii_uppercase[number]).instant() for number, each in enumerate(queries)])
    )


def _query(query: Query, ref: str) -> prometheus.Dataquery:
    written = prometheus.Dataquery().expr(query.expression).legend_format(query.legend)
    return written.format(PromQueryFormat.TIME_SERIES).datasource(DATASOURCE).ref_id(ref)


def _as_matrix(grid: Grid) -> list[DataTransformerConfig]:
    """From one line for each cell to a matrix.

    Columns come in the order in which their names first appear, and rows have to be sorted afterwards, both as numbers.
    In the end row names are text again, for the colours span all numbers of the table.
    """
    return [
        _converted(grid.columns, "number"),
        DataTransformerConfig("sortBy", options={"fields": {}, "sort": [{"field": grid.columns}]}),
        DataTransformerConfig(
            "groupingToMatrix",
            options={"columnField": grid.columns, "rowField": grid.rows, "valueField": "Value", "emptyValue": "null"},
        ),
        _converted(grid.name, "number"),
        DataTransformerConfig("sortBy", options={"fields": {}, "sort": [{"field": grid.name}]}),
        _converted(grid.name, "string"),
        DataTransformerConfig("renameByRegex", options={"regex": f"^{grid.open_edge}$", "renamePattern": grid.beyond}),
    ]


def _converted(field: str, to: str) -> DataTransformerConfig:
    conversion = {"targetField": field, "destinationType": to}
    return DataTransformerConfig("convertFieldType", options={"fields": {}, "conversions": [conversion]})
