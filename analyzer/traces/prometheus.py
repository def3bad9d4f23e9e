"""Prometheus itself: hourly increases of an engine's length histograms, over the range API."""

import base64
import json
import math
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from analyzer.errors import BadSettings, UnreadableFile, UnreadableRecords
from analyzer.marginals import Buckets, MarginalHour, Marginals
from analyzer.traces.nested import at, items, number, text

HOUR = timedelta(hours=1)
HOUR_S = 3600
CHUNK = timedelta(days=7)  # a query of a week stays far below Prometheus's limits of points and samples
TIMEOUT_S = 120
SIDES = ("isl", "osl")


@dataclass(frozen=True, slots=True)
class Family:
    """The two histograms of an engine that count the lengths of requests, and the label that names the model.

    `matchers` select a side where both are one metric; `label` is `None` where no label names the model.
    """

    isl: str
    osl: str
    label: str | None
    matchers: Mapping[str, str]


def _two(isl: str, osl: str, label: str | None) -> Family:
    return Family(isl, osl, label, {})


# TensorRT-LLM alone has counters of tokens but no histogram of requests; behind Dynamo the frontend has one.
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "tokentide": _two("tokentide_request_input_tokens", "tokentide_request_output_tokens", "model"),
        "vllm": _two("vllm:request_prompt_tokens", "vllm:request_generation_tokens", "model_name"),
        "sglang": _two("sglang:prompt_tokens_histogram", "sglang:generation_tokens_histogram", "model_name"),
        "dynamo": _two("dynamo_frontend_input_sequence_tokens", "dynamo_frontend_output_sequence_tokens", "model"),
        "tgi": _two("tgi_request_input_length", "tgi_request_generated_tokens", None),
        "gen_ai": Family(
            "gen_ai_client_token_usage",
            "gen_ai_client_token_usage",
            "gen_ai_request_model",
            {"isl": 'gen_ai_token_type="input"', "osl": 'gen_ai_token_type="output"'},
        ),
    }
)


class Ranges(Protocol):
    """Who answers range queries."""

    def range(self, query: str, start: datetime, end: datetime) -> Sequence[object]:
        """The series of `query` with one point each hour from `start` to `end`, as Prometheus's JSON has them."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """A Prometheus at `url` (user and password may be in it), or what speaks its API; `token` is a bearer token."""

    url: str
    token: str | None = None

    def range(self, query: str, start: datetime, end: datetime) -> Sequence[object]:
        """The series of a range query with one point each hour; raises `UnreadableRecords` with Prometheus's reason."""
        asked = urllib.parse.urlencode(
            {"query": query, "start": start.timestamp(), "end": end.timestamp(), "step": HOUR_S}
        )
        parts = urllib.parse.urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadSettings("Prometheus is asked over HTTP: give its address, as http://prometheus:9090.")
        plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
        target = f"{plain.rstrip('/')}/api/v1/query_range"
        request = urllib.request.Request(target, data=asked.encode(), headers=self._headers(parts))  # noqa: S310 - http only
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - http only
                return _series(json.load(answer))
        except urllib.error.HTTPError as error:
            raise _refused(plain, f"it answered {error.code} ({_reason(error)})") from error
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", None) or type(error).__name__
            raise _refused(plain, f"it cannot be asked ({why})") from error

    def _headers(self, parts: urllib.parse.SplitResult) -> dict[str, str]:
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if parts.username:
            pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return {}


def read(
    server: Ranges, family: Family, start: datetime, end: datetime, selector: str, model: str
) -> dict[str, Marginals]:
    """The marginals of each model in the whole UTC hours from `start` to `end`; empty where the family has no data.

    `selector` is a list of label matchers as PromQL has them, without braces. `model` names the rows of a family that
    names none.
    """
    source = f"{family.isl}{{{selector}}}" if selector else family.isl
    counts: dict[str, dict[int, dict[str, dict[float, float]]]] = {}
    sums: dict[str, dict[int, dict[str, float]]] = {}
    for side, metric in zip(SIDES, (family.isl, family.osl), strict=True):
        matchers = ", ".join(part for part in (family.matchers.get(side, ""), selector) if part)
        for labels, hour, value in _increases(server, f"{metric}_bucket", family.label, ("le",), matchers, start, end):
            said = number(labels.get("le"))
            edge = math.inf if said is None else said
            of_side = counts.setdefault(labels.get(family.label or "", model), {}).setdefault(hour, {})
            edges = of_side.setdefault(side, {})
            edges[edge] = edges.get(edge, 0.0) + value  # 1 and 1.0 are one edge
        for labels, hour, value in _increases(server, f"{metric}_sum", family.label, (), matchers, start, end):
            sums.setdefault(labels.get(family.label or "", model), {}).setdefault(hour, {})[side] = value
    return {
        name: Marginals(source, tuple(_hour(h, hours[h], sums.get(name, {}).get(h, {})) for h in sorted(hours)))
        for name, hours in counts.items()
    }


def _increases(
    server: Ranges,
    metric: str,
    label: str | None,
    kept: Sequence[str],
    matchers: str,
    start: datetime,
    end: datetime,
) -> Iterator[tuple[dict[str, str], int, float]]:
    """The labels, the hour's start in microseconds, and how much the metric grew in it."""
    by = ", ".join((*kept, label) if label else kept)
    query = f"sum by ({by}) (increase({metric}{{{matchers}}}[1h]))"
    at_first = start
    while at_first < end:
        at_last = min(at_first + CHUNK, end)
        for series in server.range(query, at_first + HOUR, at_last):
            metric_labels = at(series, "metric")
            labels = {k: str(v) for k, v in metric_labels.items()} if isinstance(metric_labels, dict) else {}
            for point in items(at(series, "values")):
                stamp, value = (number(part) for part in items(point)[:2])
                if stamp is not None and value is not None:
                    # a point is the increase of the hour before it
                    yield labels, round((stamp - HOUR_S) * 1_000_000), value
        at_first = at_last


def _hour(start: int, sides: Mapping[str, Mapping[float, float]], sums: Mapping[str, float]) -> MarginalHour:
    isl, osl = (_buckets(sides.get(side, {}), sums.get(side)) for side in SIDES)
    return MarginalHour(start, isl, osl)


def _buckets(cumulative: Mapping[float, float], tokens: float | None) -> Buckets:
    """Counts between the edges; where extrapolation makes a cumulative count smaller than the one before, none."""
    edges = sorted(cumulative)
    counts, below = [], 0.0
    for edge in edges:
        counts.append(max(0.0, cumulative[edge] - below))
        below = max(below, cumulative[edge])
    return Buckets(tuple(edges), tuple(counts), tokens)


def _series(answer: object) -> Sequence[object]:
    return items(at(answer, "data", "result"))


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return text(at(json.load(error), "error")) or error.reason
    except ValueError:
        return error.reason


def _refused(url: str, reason: str) -> UnreadableRecords:
    return UnreadableRecords((UnreadableFile(url, reason),))
