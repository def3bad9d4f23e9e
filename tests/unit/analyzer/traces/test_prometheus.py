import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from analyzer.errors import BadSettings
from analyzer.marginals import Buckets
from analyzer.traces.prometheus import FAMILIES, Server, read

START = datetime(2025, 3, 3, tzinfo=UTC)
HOUR_US = 3_600_000_000
START_US = int(START.timestamp()) * 1_000_000


@dataclass(slots=True)
class Answers:
    """Answers range queries from values by metric and `le`, and remembers what it was asked."""

    values: dict[tuple[str, str], list[float]]
    model: dict[str, str]
    asked: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def range(self, query: str, start: datetime, end: datetime) -> Sequence[object]:
        self.asked.append((query, start, end))
        found = re.search(r"increase\(([\w:]+)\{", query)
        assert found
        return [
            {
                "metric": self.model | ({"le": le} if le else {}),
                "values": [
                    [stamp, str(value)]
                    for hour, value in enumerate(values)
                    if start.timestamp() <= (stamp := START.timestamp() + (hour + 1) * 3600) <= end.timestamp()
                ],
            }
            for (metric, le), values in self.values.items()
            if metric == found[1]
        ]


def vllm() -> Answers:
    return Answers(
        {
            ("vllm:request_prompt_tokens_bucket", "100.0"): [5, 6],
            ("vllm:request_prompt_tokens_bucket", "1000.0"): [7.5, 6],
            ("vllm:request_prompt_tokens_bucket", "+Inf"): [8, 5.999],
            ("vllm:request_prompt_tokens_sum", ""): [900, 300],
            ("vllm:request_generation_tokens_bucket", "+Inf"): [8, 6],
        },
        {"model_name": "tiny"},
    )


def test_hours_are_those_before_the_points_and_counts_those_between_the_edges() -> None:
    found = read(vllm(), FAMILIES["vllm"], START, START + timedelta(hours=2), "", "vllm")
    first, second = found["tiny"].hours
    assert (first.start, second.start) == (START_US, START_US + HOUR_US)
    assert first.isl == Buckets((100.0, 1000.0, math.inf), (5.0, 2.5, 0.5), 900.0)
    assert second.isl == Buckets((100.0, 1000.0, math.inf), (6.0, 0.0, 0.0), 300.0)
    assert (first.osl.counts, first.osl.tokens) == ((8.0,), None)
    assert found["tiny"].source == "vllm:request_prompt_tokens"


def test_the_queries_select_and_sum_over_replicas() -> None:
    answers = vllm()
    found = read(answers, FAMILIES["vllm"], START, START + timedelta(hours=2), 'job="a"', "vllm")
    assert answers.asked[0][0] == ('sum by (le, model_name) (increase(vllm:request_prompt_tokens_bucket{job="a"}[1h]))')
    assert found["tiny"].source == 'vllm:request_prompt_tokens{job="a"}'


def test_long_spans_are_asked_a_week_at_a_time_without_gap_or_overlap() -> None:
    answers = vllm()
    read(answers, FAMILIES["vllm"], START, START + timedelta(days=10), "", "vllm")
    asked = [(start, end) for query, start, end in answers.asked if "prompt_tokens_bucket" in query]
    week = START + timedelta(days=7)
    hour = timedelta(hours=1)
    assert asked == [(START + hour, week), (week + hour, START + timedelta(days=10))]


def test_a_family_without_a_label_for_the_model_gets_the_name_asked_for() -> None:
    answers = Answers(
        {("tgi_request_input_length_bucket", "+Inf"): [3], ("tgi_request_generated_tokens_bucket", "+Inf"): [3]}, {}
    )
    assert list(read(answers, FAMILIES["tgi"], START, START + timedelta(hours=1), "", "mine")) == ["mine"]
    assert answers.asked[0][0] == "sum by (le) (increase(tgi_request_input_length_bucket{}[1h]))"


def test_two_sides_in_one_metric_are_told_apart_by_their_label() -> None:
    answers = Answers({}, {})
    assert read(answers, FAMILIES["gen_ai"], START, START + timedelta(hours=1), 'job="a"', "m") == {}
    assert 'gen_ai_client_token_usage_bucket{gen_ai_token_type="input", job="a"}' in answers.asked[0][0]
    assert 'gen_ai_token_type="output"' in answers.asked[2][0]


def test_an_edge_that_is_written_in_two_ways_is_one() -> None:
    answers = vllm()
    answers.values["vllm:request_prompt_tokens_bucket", "100"] = [1, 0]
    found = read(answers, FAMILIES["vllm"], START, START + timedelta(hours=1), "", "vllm")
    assert found["tiny"].hours[0].isl.counts[0] == 6


@pytest.mark.parametrize("url", ["prometheus:9090", "file:///etc/passwd", "http://"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(BadSettings, match="over HTTP"):
        Server(url).range("up", START, START)
