"""The board Traffic shows what it promises, with names of the catalogue only."""

import json
import re
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.boards import traffic
from exporter.catalog import METRICS, Kind

PARTS = {Kind.COUNTER: ("_total",), Kind.HISTOGRAM: ("_bucket", "_sum", "_count"), Kind.GAUGE: ("",), Kind.INFO: ("",)}
SERIES = {f"{metric.prometheus}{part}" for metric in METRICS for part in PARTS[metric.kind]}
SHOWN = (
    "tokentide_requests_total",
    "tokentide_request_input_tokens_bucket",
    "tokentide_request_output_tokens_bucket",
    "tokentide_request_input_tokens_sum",
    "tokentide_request_output_tokens_sum",
    "tokentide_isl_osl_requests_total",
    "tokentide_query_pattern_requests_total",
    "gen_ai_server_time_to_first_token_seconds_bucket",
    "gen_ai_server_time_per_output_token_seconds_bucket",
    "gen_ai_client_operation_duration_seconds_bucket",
    "tokentide_inter_token_latency_seconds_bucket",
    "tokentide_requests_in_flight",
    "tokentide_streams_in_flight",
    "tokentide_context_tokens_in_flight",
    "tokentide_wasted_output_tokens_total",
    "tokentide_token_count_source_total",
    "tokentide_tokens_per_chunk_bucket",
    "tokentide_dropped_observations_total",
    "tokentide_records_lost_total",
    "tokentide_recorder_lag_seconds",
)


def panels() -> list[dict[str, Any]]:
    built = [panel.build() for section in traffic.board().sections for panel in section.panels]
    content: list[dict[str, Any]] = json.loads(json.dumps(built, cls=JSONEncoder))
    return content


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


@pytest.mark.parametrize("name", SHOWN)
def test_what_the_board_promises_is_on_it(name: str) -> None:
    assert any(f"{name}{{" in expression for expression in expressions())


def test_every_series_is_one_that_the_catalogue_publishes() -> None:
    named = {name for expression in expressions() for name in re.findall(r"(\w+)\{", expression)}
    assert named
    assert named <= SERIES


def test_every_series_is_chosen_by_the_job_that_scrapes_the_sidecar() -> None:
    for expression in expressions():
        chosen = re.findall(r"\w+(\{.*?\})", expression)
        assert chosen
        assert all('job="$job"' in each and 'instance=~"$instance"' in each for each in chosen), expression


def test_every_panel_says_what_it_means_in_sentences() -> None:
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]


def test_no_two_panels_have_the_same_title() -> None:
    titles = [panel["title"] for panel in panels()]
    assert len(titles) == len(set(titles))


def test_the_panels_of_a_section_fill_the_lines_of_the_grid() -> None:
    for section in traffic.board().sections:
        width = 0
        for panel in section.panels:
            place = panel.build().grid_pos
            assert place is not None
            width += place.w
            assert width <= 24, section.title
            width %= 24
        assert width == 0, section.title


def test_the_last_cells_of_the_matrix_are_open() -> None:
    matrix = next(panel for panel in panels() if panel["title"] == "ISL × OSL")
    assert matrix["transformations"][-1]["options"]["renamePattern"] == "over 1048576"
