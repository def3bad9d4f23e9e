"""Every query of every board has an answer from a real Prometheus that scrapes a real sidecar under load."""

import asyncio
import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.processes import Engine, Sidecar, eventually, sidecar
from tests.fakes.prometheus import Prometheus, Series, program

pytestmark = pytest.mark.interop

GENERATED = Path(__file__).parents[2] / "dashboards" / "generated"
LOAD_SECONDS = 14.0
CLIENTS = 6
MODELS = ("gpt-4o", "tiny/llama-3.1")
JOB = "tokentide"
RATE_INTERVAL = "4s"  # Grafana: at least four scrapes


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the tests ask: Prometheus, the sidecar, and the seconds since the epoch between which there was load."""

    prometheus: Prometheus
    sidecar: Sidecar
    start: float
    end: float


def request(client: int, turn: int) -> dict[str, Any]:
    """One of the many kinds of requests: short and long, two models, chat and completions, streams and not, broken."""
    kind = client + turn * CLIENTS
    script: dict[str, Any] = {
        "ttft_ms": 20 + 15 * client,
        "itl_ms": 4,
        "tokens": (8, 40, 90, 300)[kind % 4],
        "tokens_per_chunk": 1 + kind % 2,
        "usage": "never" if kind % 5 == 0 else "always",
    }
    if kind % 11 == 7:
        script["status"] = 503
    if kind % 11 == 9:
        script["break_after"] = 3
    prompt = "apple " * (5, 70, 700, 2500)[kind // 4 % 4]
    body: dict[str, Any] = {"model": MODELS[kind % 2], "stream": kind % 7 != 3, "x_script": script}
    return body | ({"prompt": prompt} if kind % 6 == 1 else {"messages": [{"role": "user", "content": prompt}]})


async def ask(client: httpx.AsyncClient, body: dict[str, Any], *, leave: bool) -> None:
    """Sends one request and reads the answer, or leaves after its first bytes."""
    path = "/v1/completions" if "prompt" in body else "/v1/chat/completions"
    try:
        async with client.stream("POST", path, json=body) as answer:
            async for _ in answer.aiter_bytes():
                if leave:
                    return
    except httpx.RemoteProtocolError:
        assert "break_after" in body["x_script"], "only what the script breaks may break"


async def load(url: str) -> int:
    """Clients that ask without pause; the number of requests sent."""
    end = time.monotonic() + LOAD_SECONDS
    sent = 0

    async def keep_asking(number: int) -> None:
        nonlocal sent
        turn = 0
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            while time.monotonic() < end:
                body = request(number, turn)
                sent += 1
                turn += 1
                await ask(client, body, leave=bool(body["stream"]) and turn % 9 == 4)

    await asyncio.gather(*(keep_asking(number) for number in range(CLIENTS)))
    return sent


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """A sidecar that was under load and scraped by two jobs, as where somebody scrapes a gateway's `gen_ai` too."""
    program()
    folder = tmp_path_factory.mktemp("boards")
    engine = Engine("--model", MODELS[0])
    try:
        with sidecar(engine.url, folder) as running:
            address = running.admin.removeprefix("http://")
            prometheus = Prometheus(folder, {JOB: address, "gateway": address})
            try:
                eventually(lambda: len(prometheus.now("up == 1")) == 2, "the first scrape")
                start = time.time() - 1
                sent = asyncio.run(load(running.url))
                running.settled(sent)
                total = f'sum(tokentide_requests_total{{job="{JOB}"}})'
                eventually(lambda: [each.values for each in prometheus.now(total)] == [(sent,)], "the last scrape")
                yield Loaded(prometheus, running, start, time.time())
            finally:
                prometheus.stop()
    finally:
        engine.stop()


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
    assert sum(values(cells)) == loaded.sidecar.metric("tokentide_isl_osl_requests_total") > 100
    assert {float(cell.labels["isl_le"]) for cell in cells} >= {8, 128, 1024, 4096}
    assert {each.labels["outcome"] for each in found["Requests/s by outcome A"]} == {
        "completed", "client_disconnect", "upstream_error", "mid_stream_error",
    }  # fmt: skip
    assert {each.labels["model"] for each in found["Requests/s by model A"]} == set(MODELS)
    assert {each.labels["source"] for each in found["Who counted the tokens A"]} >= {"usage", "tokenizer"}
    assert 1 <= max(values(found["In flight A"])) <= CLIENTS
    assert max(values(found["Wasted tokens/s A"])) > 0
    assert max(values(found["Context tokens in flight A"])) > 0
    assert 1 <= max(filter(math.isfinite, values(found["Tokens per chunk A"]))) <= 2
    for first in ("TTFT A", "TTFT B", "TTFT C"):
        assert all(0.02 <= seconds < 5 for seconds in values(found[first]) if math.isfinite(seconds))
    # the last values belong to one moment; series begin at different ones
    shares = sum(each.values[-1] for each in found["Query patterns A"])
    assert math.isclose(shares, 1)


def test_a_total_over_a_part_of_the_load_is_a_part_of_it(loaded: Loaded) -> None:
    (board,) = [board for board in boards() if board["uid"] == "tokentide-traffic"]
    all_values = chosen(board, loaded)
    whole = sum(values(answers(board, loaded, all_values)["ISL × OSL A"]))
    seconds = math.ceil(time.time() - loaded.end + LOAD_SECONDS / 2)
    part = sum(values(answers(board, loaded, all_values | {"__range": f"{seconds}s"})["ISL × OSL A"]))
    assert 0.1 * whole < part < 0.9 * whole
