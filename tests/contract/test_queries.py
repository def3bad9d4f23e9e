"""Every example query of the documents has an answer from a real Prometheus that scrapes a sidecar under load."""

import math
import re
from pathlib import Path

import httpx
import pytest

from exporter.catalog import METRICS
from tests.fakes.loads import CLIENTS, MODELS, Loaded
from tests.fakes.prometheus import Series

pytestmark = pytest.mark.interop

PAGE = Path(__file__).parents[2] / "docs" / "metrics-queries.md"
QUERIES = re.findall(r"```promql\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
NEED_MORE_THAN_LOAD = {"tokentide_requests_over_limit", "tokentide_prompt_part_tokens", "tokentide_prefix_blocks"}
"""Families that this load need not have: they take settings, or kinds of prompts, of their own."""


def families(query: str) -> set[str]:
    """The families of the catalogue that a query names."""
    names = set(re.findall(r"\b(?:tokentide|gen_ai)_[a-z_]+", query))
    return {each.prometheus for each in METRICS if any(re.fullmatch(rf"{each.prometheus}(_[a-z]+)?", n) for n in names)}


def told(loaded: Loaded, family: str) -> bool:
    """Whether the page has a series of a family."""
    page = httpx.get(f"{loaded.sidecar.admin}/metrics").text
    return re.search(rf"^{family}(_total|_count)?[{{ ]", page, flags=re.MULTILINE) is not None


def finite(answer: list[Series]) -> list[float]:
    return [value for each in answer for value in each.values if math.isfinite(value)]


def test_there_are_queries() -> None:
    assert len(QUERIES) > 20
    assert len(set(QUERIES)) == len(QUERIES)


@pytest.mark.parametrize("query", QUERIES)
def test_an_example_query_has_an_answer(loaded: Loaded, query: str) -> None:
    missing = {family for family in families(query) if not told(loaded, family)}
    assert missing <= NEED_MORE_THAN_LOAD
    assert bool(finite(loaded.prometheus.now(query))) == (not missing)


def ask(loaded: Loaded, *words: str) -> list[Series]:
    """The answer to the one example query that holds these words."""
    [query] = [query for query in QUERIES if all(word in query for word in words)]
    return loaded.prometheus.now(query)


def test_the_answers_are_those_of_the_load(loaded: Loaded) -> None:
    medians = ask(loaded, "histogram_quantile(0.5", "tokentide_request_input_tokens_bucket")
    assert {each.labels["model"] for each in medians} == set(MODELS)
    assert all(4 <= value <= 4096 for value in finite(medians))
    [over] = finite(ask(loaded, 'le="2048.0"'))
    assert 0.1 < over < 0.5, "a prompt of four has more than 2,048 tokens"
    assert sum(finite(ask(loaded, "pattern_requests"))) == pytest.approx(1)
    [most] = finite(ask(loaded, "max_over_time"))
    assert 1 <= most <= 2 * CLIENTS, "two jobs scrape the sidecar"
    assert {each.labels["position"] for each in ask(loaded, "position")} >= {"1-16", "17-64", "65-256"}
