"""An analysis in exactly the keys of the public contract."""

from dataclasses import asdict, fields
from datetime import datetime

from analyzer.advise.capacity import CapacityAdvice, Profile
from analyzer.advise.seasons import Season, Seasons
from analyzer.advise.windows import HoursAdvice
from analyzer.analysis.result import SCHEMA, Analysis, ModelAnalysis, Origin
from analyzer.demand import Demand, Rate
from analyzer.patterns.anomalies import Anomaly
from analyzer.patterns.repeats import Repeats
from analyzer.window import Window


def as_json(analysis: Analysis) -> dict[str, object]:
    """`analysis` as plain values that `json.dumps` takes, keys as in the contract; what is not computed is `None`."""
    window, coverage = analysis.window, analysis.coverage
    return {
        "schema": SCHEMA,
        "window": {
            "start": window.start.isoformat(),
            "end": window.end.isoformat(),
            "timezone": window.timezone,
            "days": window.days,
            "requests": coverage.requests,
            "set_aside": dict(coverage.set_aside),
            "empty_hours": coverage.empty_hours,
            "missing_hours": coverage.missing_hours,
            "outside": coverage.outside,
        },
        "models": {name: _model(model, window) for name, model in analysis.models.items()},
        "made_from": None if analysis.origin is None else _origin(analysis.origin),
    }


def _origin(origin: Origin) -> dict[str, object]:
    """Without the number of files: the same requests in other files give the same bytes."""
    ends = {"first": origin.first, "last": origin.last}
    told = asdict(origin) | {name: None if at is None else at.isoformat() for name, at in ends.items()}
    return {name: value for name, value in told.items() if name != "files"}


def _model(model: ModelAnalysis, window: Window) -> dict[str, object]:
    return {
        "requests": model.requests,
        "isl": asdict(model.isl),
        "osl": asdict(model.osl),
        "total": asdict(model.total),
        "joint": asdict(model.joint),
        "query_patterns": asdict(model.query_patterns),
        "rate": _rate(model.rate),
        "clients": None if model.clients is None else [asdict(client) for client in model.clients],
        "prefix": None if model.prefix is None else asdict(model.prefix),
        "hours": [asdict(hour) for hour in model.hours],
        "anomalies": [_anomaly(anomaly, window) for anomaly in model.anomalies],
        "regimes": _regimes(model.regimes),
        "seasons": None if model.seasons is None else _seasons(model.seasons),
        "lengths": asdict(model.lengths),
        "latency": None if model.latency is None else asdict(model.latency),
        "capacity": None if model.capacity is None else capacity_as_json(model.capacity),
        "evidence": [asdict(evidence) for evidence in model.evidence],
        "demand": _demand(model.demand),
    }


def _anomaly(anomaly: Anomaly, window: Window) -> dict[str, object]:
    start, end = (window.local(moment).isoformat() for moment in (anomaly.start, anomaly.end))
    return {"start": start, "end": end, "kind": anomaly.kind, "what": anomaly.what}


def _regimes(found: HoursAdvice) -> dict[str, object]:
    unknown = dict.fromkeys(field.name for field in fields(Repeats))
    tested = unknown if found.repeat_p is None else asdict(found.repeat_p)
    return asdict(found) | {"repeat_p": tested}


def _seasons(found: Seasons) -> dict[str, object]:
    return asdict(found) | {"plan": [_season(season) for season in found.plan]}


def _season(season: Season) -> dict[str, object]:
    return asdict(season) | {"profile": _profile(season.profile)}


def _profile(profile: Profile) -> dict[str, object]:
    """What is not known is left out, as in a profile file."""
    return {key: value for key, value in asdict(profile).items() if value is not None}


def _demand(found: Demand) -> dict[str, object]:
    """The busiest cell without its bins, which are told by its arrivals."""
    cell = found.busiest
    return {
        "cells": found.cells,
        "window": [asdict(one) for one in found.window],
        "busiest": None
        if cell is None
        else {
            "name": cell.name,
            "days": cell.days,
            "mean_rps": cell.seconds.mean,
            "dispersion_1s": cell.seconds.dispersion,
            "arrivals": [asdict(one) for one in cell.arrivals],
        },
        "in_flight": None if found.in_flight is None else asdict(found.in_flight),
    }


def _rate(rate: Rate) -> dict[str, object]:
    at: datetime = rate.peak_60s_at
    return asdict(rate) | {"peak_60s_at": at.isoformat()}


def capacity_as_json(capacity: CapacityAdvice) -> dict[str, object]:
    """The capacity object. What is not known of the objectives and the profile is left out, as in a profile file."""
    values = asdict(capacity)
    for part in ("objectives", "profile"):
        values[part] = {key: value for key, value in asdict(getattr(capacity, part)).items() if value is not None}
    return values
