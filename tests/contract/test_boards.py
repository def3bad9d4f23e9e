"""Every query of every board has an answer from a real Prometheus that scrapes a real sidecar under load."""

import json
import math
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.loads import CLIENTS, JOB, LOAD_SECONDS, MODELS, Loaded
from tests.fakes.prometheus import Series

pytestmark = pytest.mark.interop

GENERATED = Path(__file__).parents[2] / "dashboards" / "generated"
RATE_INTERVAL = "4s"  # Grafana: at least four scrapes


def boards() -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(GENERATED.glob("*.json"))]


def filled(query: str, values: Mapping[str, str]) -> str:
    """A query with its variables filled in; KeyError for one that nobody defines."""
    return re.sub(r"\$(\w+)", lambda variable: values[variable[1]], query)


def chosen(board: dict[str, Any], loaded: Loaded, **choices: str) -> dict[str, str]:
    """The values of all variables: what was chosen, or all, as Grafana fills it in."""
    values = {"__rate_interval": RATE_INTERVAL, "__range": f"{math.ceil(time.time() - loaded.start)}s", "job": JOB}
    for variable in board["templating"]["list"]:
        name = variable["name"]
        if variable["type"] == "datasource":
            continue
        offered = loaded.prometheus.offered(filled(variable["query"], values))
        if shape := variable.get("regex"):
            offered = [found[1] for each in offered if (found := re.search(shape.strip("/"), each))]
        assert offered or "model" in choices, f"the variable {name} offers nothing"
        assert name not in values or values[name] in offered
        everything = variable.get("allValue") or f"({'|'.join(offered)})"
        values.setdefault(name, choices.get(name, everything))
    return values


def answers(board: dict[str, Any], loaded: Loaded, values: Mapping[str, str]) -> dict[str, list[Series]]:
    """The answer to every query of a board, by panel and letter."""
    found = {}
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            query = filled(target["expr"], values)
            prometheus = loaded.prometheus
            answer = (
                prometheus.now(query) if target["instant"] else prometheus.over_time(query, loaded.start, loaded.end)
            )
            found[f"{panel['title']} {target['refId']}"] = answer
    return found


def empty(found: Mapping[str, list[Series]]) -> set[str]:
    """The queries without any finite value."""
    return {name for name, answer in found.items() if not any(map(math.isfinite, values(answer)))}


def values(answer: list[Series]) -> list[float]:
    return [value for each in answer for value in each.values]


def test_every_query_of_every_panel_has_figures(loaded: Loaded) -> None:
    for board in boards():
        found = answers(board, loaded, chosen(board, loaded))
        assert found
        assert empty(found) == set(), board["title"]


@pytest.mark.parametrize(("model", "operation"), [(MODELS[0], "chat"), (re.escape(MODELS[1]), "text_completion")])
def test_every_query_has_figures_for_one_model_and_operation(loaded: Loaded, model: str, operation: str) -> None:
    for board in boards():
        found = answers(board, loaded, chosen(board, loaded, model=model.replace("\\", "\\\\"), operation=operation))
        assert empty(found) == set(), board["title"]


def test_a_model_that_nobody_asked_for_has_no_figures_but_those_of_the_process(loaded: Loaded) -> None:
    (board,) = [board for board in boards() if board["uid"] == "tokentide-traffic"]
    found = answers(board, loaded, chosen(board, loaded, model="nobody"))
    left = {name.rpartition(" ")[0] for name in set(found) - empty(found)}
    assert left == {"Wasted tokens/s", "Missing in this time range", "Recorder lag"}
    assert set(values(found["Wasted tokens/s A"])) == {0.0}


def test_the_figures_are_those_of_the_sidecar_and_of_one_job_only(loaded: Loaded) -> None:
    (board,) = [board for board in boards() if board["uid"] == "tokentide-traffic"]
    found = answers(board, loaded, chosen(board, loaded))
    cells = found["ISL × OSL A"]
    assert sum(values(cells)) == loaded.sidecar.metric("tokentide_isl_osl_requests_total") > 60
    assert {float(cell.labels["isl_le"]) for cell in cells} >= {8, 128, 1024, 4096}
    assert {each.labels["outcome"] for each in found["Requests/s by outcome A"]} == {
        "completed", "client_disconnect", "upstream_error", "mid_stream_error",
    }  # fmt: skip
    assert {each.labels["model"] for each in found["Requests/s by model A"]} == set(MODELS)
    assert {each.labels["source"] for each in found["Who counted the tokens A"]} >= {"usage", "tokenizer"}
    assert 1 <= max(values(found["In flight A"])) <= CLIENTS
    assert max(values(found["Wasted tokens/s A"])) > 0
    assert max(values(found["Context tokens in flight A"])) > 0
    assert 1 <= max(filter(math.isfinite, values(found["Tokens per chunk A"]))) <= 4
    for first in ("TTFT A", "TTFT B", "TTFT C"):
        assert all(0.02 <= seconds < 5 for seconds in values(found[first]) if math.isfinite(seconds))
    # the last values belong to one moment; series begin at different ones
    shares = sum(each.values[-1] for each in found["Query patterns A"])
    assert math.isclose(shares, 1)


def test_a_total_over_a_part_of_the_load_is_a_part_of_it(loaded: Loaded) -> None:
    (board,) = [board for board in boards() if board["uid"] == "tokentide-traffic"]
    all_values = chosen(board, loaded)
    whole = sum(values(answers(board, loaded, all_values)["ISL × OSL A"]))
    seconds = math.ceil(time.time() - loaded.end + LOAD_SECONDS / 3)
    part = sum(values(answers(board, loaded, all_values | {"__range": f"{seconds}s"})["ISL × OSL A"]))
    assert 0.02 * whole < part < 0.9 * whole
