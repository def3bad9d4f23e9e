import json
from datetime import UTC, datetime

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import Objectives, StatedCapacity
from analyzer.analysis import Analysis, Coverage, Questions, Recorded, analyse, as_json
from analyzer.shape import Thresholds, Traffic
from analyzer.window import Window
from tests.fakes.shapes import SECOND, hours

DAY = Window(datetime(2025, 3, 3, tzinfo=UTC), datetime(2025, 3, 4, tzinfo=UTC), "UTC")
MONDAY = int(DAY.start.timestamp()) * SECOND


def test_an_analysis_without_traffic_can_be_written() -> None:
    text = json.dumps(as_json(Analysis(DAY, Coverage(0, {"no_model": 3}, 0, 24), {})), allow_nan=False)
    assert json.loads(text) == {
        "schema": "tokentide.analysis/1",
        "window": {
            "start": "2025-03-03T00:00:00+00:00",
            "end": "2025-03-04T00:00:00+00:00",
            "timezone": "UTC",
            "days": 1.0,
            "requests": 0,
            "set_aside": {"no_model": 3},
            "empty_hours": 0,
            "missing_hours": 24,
            "outside": 0,
        },
        "models": {},
        "made_from": None,
    }


def test_what_is_not_known_of_objectives_and_profile_is_left_out() -> None:
    stated = StatedCapacity(rps_per_replica=2, peak_rps=1, objectives=Objectives(ttft_ms=500, percentile=95))
    traffic = {"m": Traffic(hours([(MONDAY, 5, 5)]), (), None, None)}
    asked = {"m": Questions(LengthTarget(), stated)}
    found = analyse(DAY, Recorded(MONDAY, MONDAY, {}), traffic, asked, Thresholds())
    model = json.loads(json.dumps(as_json(found)))["models"]["m"]
    assert model["capacity"]["objectives"] == {"ttft_ms": 500, "percentile": 95}
    assert model["capacity"]["profile"] == {"model": "m", "gpus_per_replica": 1, "replicas": 1}
    assert model["capacity"]["fit_error"] is None
    assert model["rate"]["peak_60s_at"] == "2025-03-03T00:00:00+00:00"
    assert model["prefix"] is None
    assert (model["seasons"]["verdict"], model["seasons"]["plan"]) == ("too_little_traffic", [])
    assert model["anomalies"] == []
    assert model["regimes"]["verdict"] == "too_little_traffic"
    assert model["regimes"]["repeat_p"] == dict.fromkeys(("mix", "isl_p99", "osl_p99", "rate"))
