"""The answer as JSON."""

import json
from dataclasses import replace

import numpy as np
import pytest

from analyzer.replay.as_json import as_json
from analyzer.replay.outcome import Promise
from tests.fakes.replays import asked, recorded, setup

PROMISE = Promise(ttft_ms=300)


def test_both_profiles_and_what_changes_are_in_it() -> None:
    today = replace(setup(2), price_per_gpu_hour=2.0)
    found = asked(recorded(days=3), today, setup(1), PROMISE, "least_outstanding")
    said = json.loads(json.dumps(as_json(found, "m", "round_robin"), allow_nan=False))
    assert (said["schema"], said["model"], said["routing"]) == ("tokentide.replay/1", "m", "round_robin")
    assert said["objectives"] == {"ttft_ms": 300, "percentile": 95}
    assert said["current"]["cost"] == 2 * said["current"]["gpu_hours"]
    assert said["against"]["cost"] is None
    assert said["changes"]["gpu_hours_share"] == -0.5
    assert len(said["current"]["ttft_ms"]["p95"]["interval"]) == 2
    assert said["check"]["first"]["ttft_ms"]["p50"]["error_share"] == pytest.approx(0, abs=1e-4)
    assert said["check"]["requests"] > 3000


def test_one_profile_without_latency_has_neither_check_nor_changes() -> None:
    known = recorded()
    nothing = np.full(len(known.requests), np.nan)
    found = asked(replace(known, ttft_ms=nothing, itl_ms=nothing), setup(2), None, Promise(), "round_robin")
    said = json.loads(json.dumps(as_json(found, "m", "round_robin"), allow_nan=False))
    assert (said["check"], said["against"], said["changes"]) == (None, None, None)
    assert said["current"]["meets"] is None
