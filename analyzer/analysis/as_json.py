"""An analysis in exactly the keys of the public contract."""

from dataclasses import asdict
from datetime import datetime

from analyzer.advise.capacity import CapacityAdvice
from analyzer.analysis.result import SCHEMA, Analysis, ModelAnalysis
from analyzer.demand import Rate


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
        "models": {name: _model(model) for name, model in analysis.models.items()},
    }


def _model(model: ModelAnalysis) -> dict[str, object]:
    return {
        "requests": model.requests,
        "isl": asdict(model.isl),
        "osl": asdict(model.osl),
        "total": asdict(model.total),
        "joint": asdict(model.joint),
        "query_patterns": asdict(model.query_patterns),
        "rate": _rate(model.rate),
        "clients": None if model.clients is None else [asdict(client) for client in model.clients],
        "prefix": None,
        "hours": [asdict(hour) for hour in model.hours],
        "anomalies": None,
        "regimes": None,
        "seasons": None,
        "lengths": asdict(model.lengths),
        "latency": None if model.latency is None else asdict(model.latency),
        "capacity": None if model.capacity is None else _capacity(model.capacity),
        "evidence": [asdict(evidence) for evidence in model.evidence],
    }


def _rate(rate: Rate) -> dict[str, object]:
    at: datetime = rate.peak_60s_at
    return asdict(rate) | {"peak_60s_at": at.isoformat()}


def _capacity(capacity: CapacityAdvice) -> dict[str, object]:
    """What is not known of the objectives and the profile is left out of them, as in a profile file."""
    values = asdict(capacity)
    for part in ("objectives", "profile"):
        values[part] = {key: value for key, value in asdict(getattr(capacity, part)).items() if value is not None}
    return values | {"fit_error": None}
