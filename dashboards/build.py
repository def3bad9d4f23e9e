"""Writes every board as the JSON that Grafana imports: `python -m dashboards.build`."""

import json
import sys
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards import promql
from dashboards.boards import traffic
from dashboards.panels import DATASOURCE, Board
from exporter.catalog import BY_NAME

GENERATED: Final = Path(__file__).parent / "generated"
PRODUCT: Final = "tokentide"


def boards() -> tuple[Board, ...]:
    """All boards."""
    return (traffic.board(),)


def assembled(board: Board) -> Dashboard:
    """A board with what all boards have in common: uid, tags, links, variables, time range and panel numbers."""
    builder = (
        builders.Dashboard(f"Tokentide / {board.title}")
        .uid(f"{PRODUCT}-{board.name}")
        .description(board.meaning)
        .tags([PRODUCT])
        .link(_other_boards())
        .variables(_variables())
        .time("now-6h", "now")
        .timezone("browser")
        .refresh("30s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .editable()
    )
    for section in board.sections:
        builder.with_row(builders.Row(section.title))
        for panel in section.panels:
            builder.with_panel(panel)
    finished = builder.build()
    for number, placed in enumerate(finished.panels or (), start=1):
        placed.id_val = number
    return finished


def rendered(board: Board) -> str:
    """The board as JSON; the same board gives the same text."""
    return json.dumps(assembled(board), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(folder: Path = GENERATED) -> int:
    """Writes all boards into a folder, each under its name, and says where."""
    folder.mkdir(parents=True, exist_ok=True)
    for board in boards():
        path = folder / f"{board.name}.json"
        path.write_text(rendered(board), encoding="utf-8")
        print(path)  # noqa: T201 - the command's own output
    return 0


def _other_boards() -> builders.DashboardLink:
    link = builders.DashboardLink("Tokentide").type(DashboardLinkType.DASHBOARDS).tags([PRODUCT])
    return link.as_dropdown(as_dropdown=True).include_vars(include_vars=True).keep_time(keep_time=True)


def _variables() -> list[Builder[VariableModel]]:
    requests, build_info = BY_NAME["tokentide_requests"], BY_NAME["tokentide_build_info"]
    operations = _chosen(promql.GEN_AI_OPERATION, promql.gen_ai_operations(requests)).multi(multi=True)
    return [
        builders.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _chosen("job", promql.values_of("job", build_info)).label("Job"),
        _several("instance", promql.values_of("instance", build_info)).label("Instance"),
        _several("model", promql.values_of("model", requests)).label("Model"),
        _several("operation", promql.values_of("operation", requests)).label("Operation"),
        # Hidden and always "all": it follows `operation` in the words of the GenAI conventions.
        _all(operations).regex('/operation="([^"]+)"/').hide(VariableHide.HIDE_VARIABLE),
    ]


def _chosen(name: str, query: str) -> builders.QueryVariable:
    variable = builders.QueryVariable(name).query(query).datasource(DATASOURCE)
    return variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)


def _several(name: str, query: str) -> builders.QueryVariable:
    return _all(_chosen(name, query).multi(multi=True)).all_value(".*")


def _all(variable: builders.QueryVariable) -> builders.QueryVariable:
    everything = VariableOption(selected=True, text=["All"], value=["$__all"])
    return variable.include_all(include_all=True).current(everything)


if __name__ == "__main__":
    sys.exit(main())
