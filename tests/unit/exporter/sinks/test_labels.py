"""Strangers cannot make series without end, and closed sets stay closed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalog import MATRIX_EDGES
from exporter.sinks.labels import Bounded, cell, gen_ai_operation, operation, server, status_class


@given(st.lists(st.tuples(st.text(max_size=5), st.booleans())))
def test_there_are_never_more_labels_than_the_limit_and_other(values: list[tuple[str, bool]]) -> None:
    bounded = Bounded(4)
    labels = {bounded.label(value, proven=proven) for value, proven in values}
    assert len(labels - {"other"}) <= 4


def test_the_first_values_keep_their_names_and_later_ones_are_other() -> None:
    bounded = Bounded(2)
    assert [bounded.label(name, proven=True) for name in ("a", "b", "c", "a")] == ["a", "b", "other", "a"]


def test_invented_names_take_half_of_the_places_at_most() -> None:
    bounded = Bounded(4)
    assert [bounded.label(f"invented-{i}", proven=False) for i in range(4)] == [
        "invented-0",
        "invented-1",
        "other",
        "other",
    ]
    assert [bounded.label(name, proven=True) for name in ("real-1", "real-2", "real-3")] == [
        "real-1",
        "real-2",
        "other",
    ]


def test_a_name_that_succeeds_later_leaves_its_place_to_another_unproven_one() -> None:
    bounded = Bounded(4)
    for name in ("a", "b"):
        bounded.label(name, proven=False)
    assert bounded.label("c", proven=False) == "other"
    assert bounded.label("a", proven=True) == "a"
    assert bounded.label("c", proven=False) == "c"


def test_a_very_long_name_is_other() -> None:
    assert Bounded(4).label("x" * 129, proven=True) == "other"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("responses", "chat"), ("messages", "chat"), ("chat", "chat"), ("embeddings", "embeddings"), ("other", None)],
)
def test_genai_operations_have_well_known_names_only(name: str, expected: str | None) -> None:
    assert gen_ai_operation(name) == expected


def test_our_own_operations_are_a_closed_set() -> None:
    assert [operation(name) for name in ("responses", "other", "DROP TABLE")] == ["responses", "other", "other"]


@pytest.mark.parametrize(("status", "expected"), [(200, "2xx"), (404, "4xx"), (599, "5xx"), (None, "none")])
def test_a_status_becomes_its_class(status: int | None, expected: str) -> None:
    assert status_class(status) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "1"), (1, "1"), (2, "2"), (3, "4"), (1024, "1024"), (1025, "2048"), (2**20 + 1, "+Inf")]
)
def test_a_cell_is_named_by_its_upper_edge(value: int, expected: str) -> None:
    assert cell(MATRIX_EDGES, value) == expected


@pytest.mark.parametrize(
    ("upstream", "expected"),
    [
        ("http://engine:8000", ("engine", "8000")),
        ("https://engine/v1", ("engine", "443")),
        ("engine:8000", ("engine", "8000")),
        ("http://[::1]:8000", ("::1", "8000")),
        ("engine", ("engine", "")),
        ("http://engine:nonsense", ("", "")),
        ("", ("", "")),
    ],
)
def test_an_upstream_is_split_into_address_and_port(upstream: str, expected: tuple[str, str]) -> None:
    assert server(upstream) == expected
