"""Requests beyond an engine's limits, and requests that an engine refused or cut short because of them."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from exporter.record import RequestRecord
from exporter.sinks.facts import known
from exporter.sinks.families import Counter
from exporter.sinks.labels import LONGEST
from exporter.sinks.snapshot import Labels

TOO_LONG: Final = "context_length_exceeded"
"""The error type that records have where an engine refused a request for its length."""

_CUT: Final = frozenset({"length", "max_tokens", "max_output_tokens"})
_COUNTED_BY_ENGINE: Final = frozenset({"usage", "continuous_usage", "engine_ids"})

Told = Mapping[str, Mapping[str, int]]
"""By model the limits in tokens."""


class KnownLimits:
    """Limits in force: those of the settings (pattern of model names, limits) before those that engines tell.

    Safe to tell from one thread and to ask from others.
    """

    def __init__(self, rules: Sequence[tuple[str, Mapping[str, int]]] = ()) -> None:
        self._rules = tuple(rules)
        self._told: dict[str, Told] = {}

    def tell(self, upstream: str, told: Told) -> None:
        """Takes what the engine at an address says; it replaces what it said before."""
        self._told = {**self._told, upstream: told}

    def of(self, record: RequestRecord) -> Mapping[str, int]:
        """The limits that hold for a request, by name."""
        if not (self._rules or self._told):
            return {}
        told = self._told.get(record.upstream or "", {})
        names = [name for name in (record.model, record.response_model) if name]
        limits = dict(next((told[name] for name in names if name in told), {}))
        for pattern, given in reversed(self._rules):
            if any(fnmatchcase(name, pattern) for name in names or [""]):
                limits.update(given)
        return limits

    def series(self) -> Mapping[Labels, float]:
        """All limits by model, or pattern of models, and name; where engines differ, the lowest."""
        lowest: dict[Labels, float] = {}
        for told in self._told.values():
            for model, limits in told.items():
                for name, tokens in limits.items():
                    labels = (model[:LONGEST], name)
                    lowest[labels] = min(tokens, lowest.get(labels, tokens))
        for pattern, given in reversed(self._rules):
            lowest.update({(pattern, name): tokens for name, tokens in given.items()})
        return lowest


class Limits:
    """Counts requests against the limits that are in force when they end."""

    def __init__(self, limits: KnownLimits) -> None:
        self._limits = limits
        self._over = Counter("tokentide_requests_over_limit")
        self._exceeded = Counter("tokentide_limit_exceeded")
        self.counters = (self._over, self._exceeded)

    def add(self, record: RequestRecord, labels: Labels) -> None:
        """Adds one request under the labels model and operation."""
        limits = self._limits.of(record)
        for limit, tokens in _lengths(record).items():
            if limit in limits and tokens > limits[limit]:
                self._over.add((*labels, limit))
        if (refused := _refused_by(record, limits)) is not None:
            self._exceeded.add((*labels, refused, "rejected"))
        elif (cut := _cut_by(record, limits)) is not None:
            self._exceeded.add((*labels, cut, "truncated"))


def _lengths(record: RequestRecord) -> dict[str, int]:
    """What each limit bounds, as far as it is known; several completions each have a limit of their own."""
    isl, osl = known(record.input_tokens), known(record.output_tokens)
    lengths: dict[str, int] = {}
    if isl is not None:
        lengths["max_input_len"] = isl
    if (record.n or 1) > 1:
        return lengths
    if osl is not None:
        lengths["max_output_len"] = osl
    if isl is not None:
        lengths["max_seq_len"] = isl + (osl or 0)
    return lengths


def _refused_by(record: RequestRecord, limits: Mapping[str, int]) -> str | None:
    """The limit for which an engine refused a request: that of the input where the input is longer, else of all."""
    if record.outcome != "refused" or record.error_type != TOO_LONG:
        return None
    isl = known(record.input_tokens)
    longest = limits.get("max_input_len")
    return "max_input_len" if longest is not None and isl is not None and isl > longest else "max_seq_len"


def _cut_by(record: RequestRecord, limits: Mapping[str, int]) -> str | None:
    """The limit at which an answer ended that its client had allowed to go on; engine's counts only, they are exact."""
    counted = {record.input_source, record.output_source} <= _COUNTED_BY_ENGINE
    if not limits or record.finish_reason not in _CUT or not counted:
        return None
    lengths = _lengths(record)
    asked = record.max_tokens
    if asked is not None and lengths.get("max_output_len", 0) >= asked:
        return None
    reached = (name for name in ("max_seq_len", "max_output_len") if name in limits and name in lengths)
    return next((name for name in reached if lengths[name] >= limits[name]), None)
