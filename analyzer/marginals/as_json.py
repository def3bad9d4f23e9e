"""An answer from marginals in the keys of the public contract."""

from collections.abc import Mapping
from dataclasses import asdict

from analyzer.analysis.result import SCHEMA
from analyzer.marginals.answer import MarginalAnalysis, MarginalModel
from analyzer.marginals.buckets import Buckets, EdgeSummary

RATES = (
    *("mean_rps", "peak_1s", "peak_60s", "busy_p95_1s", "poisson_p95_1s", "negative_binomial_p95_1s"),
    *("dispersion_1s", "dispersion_60s", "peak_60s_at", "peak_60s_client"),
)


def as_json(analysis: MarginalAnalysis) -> dict[str, object]:
    """`analysis` as plain values that `json.dumps` takes, keys as in the contract; what is not known is `None`."""
    window = analysis.window
    return {
        "schema": SCHEMA,
        "window": {
            "start": window.start.isoformat(),
            "end": window.end.isoformat(),
            "timezone": window.timezone,
            "days": window.days,
            "requests": analysis.requests,
            "set_aside": {},
            "empty_hours": analysis.empty_hours,
            "missing_hours": analysis.missing_hours,
            "outside": analysis.outside,
        },
        "models": {name: _model(model) for name, model in analysis.models.items()},
    }


def _model(model: MarginalModel) -> dict[str, object]:
    limits = asdict(model.lengths)
    return {
        "requests": model.requests,
        "marginal": {
            "source": model.source,
            "isl": _buckets(model.isl_buckets),
            "osl": _buckets(model.osl_buckets),
            "peak_hour_rps": model.peak_hour_rps,
        },
        "isl": _side(model.isl),
        "osl": _side(model.osl),
        "total": None,
        "joint": None,
        "query_patterns": None,
        "rate": dict.fromkeys(RATES) | {"mean_rps": model.mean_rps},
        "clients": None,
        "prefix": None,
        "hours": [asdict(hour) for hour in model.hours],
        "anomalies": None,
        "regimes": None,
        "seasons": None,
        "lengths": limits | dict.fromkeys(("over_share", "over_share_bound", "right_censored", "drift_per_week")),
        "latency": None,
        "capacity": None,
        "evidence": [asdict(evidence) for evidence in model.evidence],
    }


def _side(side: EdgeSummary) -> Mapping[str, object]:
    return {"min": None, **asdict(side)}


def _buckets(buckets: Buckets) -> Mapping[str, object]:
    """Finite edges, and one count more than edges: the last is of what lies above them."""
    return {"edges": list(buckets.edges[:-1]), "counts": list(buckets.counts)}
