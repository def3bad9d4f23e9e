"""What record files hold at all, before a window is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Span:
    """First and last arrival of a model in microseconds since the epoch, and how many of its rows count.

    `model` is `None` for the rows that name none.
    """

    model: str | None
    first: int
    last: int
    requests: int


@dataclass(frozen=True, slots=True)
class Survey:
    """The spans of all models, and whether any row anywhere is set aside, was refused, names a caller, has a time, has
    counts of gaps between tokens, or names prefix blocks; what no row has need not be looked for in a window.
    """

    spans: tuple[Span, ...]
    aside: bool
    refused: bool
    named: bool
    times: bool
    gaps: bool
    blocks: bool


def survey(rows: Sequence[Row]) -> Survey:
    """The survey of the rows of survey.sql, of which a model may have more than one."""
    by_model: dict[str | None, list[Row]] = {}
    for row in rows:
        if row["first"] is not None:
            by_model.setdefault(_text(row["model"]), []).append(row)
    return Survey(
        # the database puts what has no name last
        spans=tuple(
            _span(model, by_model[model]) for model in sorted(by_model, key=lambda name: (name is None, name or ""))
        ),
        aside=_any(rows, "aside"),
        refused=_any(rows, "refused"),
        named=_any(rows, "named"),
        times=any(row["longest_us"] is not None for row in rows),
        gaps=_any(rows, "buckets"),
        blocks=_any(rows, "blocks"),
    )


def _span(model: str | None, rows: Sequence[Row]) -> Span:
    return Span(
        model=model,
        first=min(_number(row["first"]) for row in rows),
        last=max(_number(row["last"]) for row in rows),
        requests=sum(_number(row["requests"]) for row in rows),
    )


def _unnamed_last(model: str | None) -> tuple[bool, str]:
    return model is None, model or ""


def _any(rows: Sequence[Row], name: str) -> bool:
    return any(row[name] for row in rows)


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def _number(value: str | int | None) -> int:
    return int(value or 0)
