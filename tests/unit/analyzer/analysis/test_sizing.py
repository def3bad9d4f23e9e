from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.capacity import StatedCapacity
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.hours import RecordedHour
from analyzer.advise.sizing.mix import of_point
from analyzer.advise.sizing.question import Sizing
from analyzer.advise.sizing.streams import drawn
from analyzer.analysis import ModelAnalysis, Questions, Recorded, analyse
from analyzer.engine import EngineLimits
from analyzer.replay import Pool, Requests, replay
from analyzer.shape import Thresholds, Traffic
from analyzer.window import Window
from tests.fakes.shapes import HOUR, SECOND, Request, hours
from tests.unit.analyzer.advise.sizing.questions import fixed, question, times
from tests.unit.analyzer.advise.sizing.samples import sample

MONDAY = 1_740_960_000 * SECOND  # 2025-03-03 00:00 UTC
DAY = Window(datetime(2025, 3, 3, tzinfo=UTC), datetime(2025, 3, 4, tzinfo=UTC), "UTC")
TWO_WEEKS = Window(DAY.start, datetime(2025, 3, 17, tzinfo=UTC), "UTC")
TARGET = LengthTarget(0.05)
WISHES = StatedCapacity(rps_per_replica=1)


def at(hour: float, isl: int = 1000, osl: int = 100) -> Request:
    return MONDAY + int(hour * HOUR), isl, osl


def analysed(
    rows: list[Request],
    sizing: Sizing,
    wishes: StatedCapacity | None = WISHES,
    window: Window = DAY,
    asked: Questions | None = None,
) -> ModelAnalysis:
    shapes = hours(sorted(rows))
    asked = Questions(TARGET, wishes, sizing=sizing) if asked is None else asked
    recorded = Recorded(shapes[0].first, shapes[-1].last, {})
    traffic = Traffic(shapes, (), None, None)
    return analyse(window, recorded, {"m": traffic}, {"m": asked}, Thresholds()).models["m"]


def sentences(model: ModelAnalysis) -> str:
    return " ".join(item.sentence for item in model.evidence if item.figure.startswith("capacity"))


STEADY = [at(i / 300, 900 + i % 200, 80 + i % 40) for i in range(24 * 300)]


@pytest.fixture(scope="module")
def steady() -> ModelAnalysis:
    """Sized for the same load at all hours."""
    return analysed(STEADY, question())


def test_what_a_replica_carries_is_found_from_the_recorded_lengths(steady: ModelAnalysis) -> None:
    assert steady.capacity is not None
    assert (steady.capacity.source, steady.capacity.replicas, steady.capacity.gpus) == ("aiconfigurator", 1, 1)
    assert steady.capacity.rps_per_replica > 20
    assert "drawn from the lengths of 7,200" in sentences(steady)
    figures = [item.figure for item in steady.evidence if item.figure.startswith("capacity")]
    assert figures == ["capacity.replicas", "capacity.rps_per_replica"]


def test_the_recommended_limit_is_that_of_the_profile(steady: ModelAnalysis) -> None:
    assert steady.capacity is not None
    assert steady.capacity.profile.max_model_len == steady.lengths.max_seq_len


def test_a_fixed_profile_keeps_a_limit_above_the_recommended_one_and_says_so() -> None:
    model = analysed(STEADY, fixed(max_model_len=4096))
    assert model.capacity is not None
    assert (model.capacity.profile.max_model_len, model.lengths.max_seq_len) == (4096, 1280)
    said = "sized with the profile's own max_model_len of 4,096: with the recommended 1,280"
    assert said in sentences(model)
    assert "the profile's" not in sentences(analysed(STEADY, fixed(max_model_len=1280)))


def test_a_limit_that_would_refuse_what_was_recorded_is_replaced_by_the_recommended_one() -> None:
    model = analysed(STEADY, fixed(max_model_len=1024))
    assert model.capacity is not None
    assert model.capacity.profile.max_model_len == model.lengths.max_seq_len == 1280
    assert "sized with the recommended max_model_len of 1,280, as the profile's 1,024 would refuse" in sentences(model)


def test_a_profile_that_the_recorded_lengths_disprove_is_told_with_their_numbers() -> None:
    model = analysed(STEADY, fixed(max_model_len=1200))
    told = next(item.sentence for item in model.evidence if item.figure == "capacity.profile")
    over = sum(isl + osl > 1200 for _, isl, osl in STEADY)
    assert f"max_model_len is 1,200, and {over:,} of 7,200 recorded requests" in told
    assert "up to 1,218 tokens: it is not what ran" in told
    assert model.capacity is not None
    fits = analysed(STEADY, fixed(max_model_len=1218))
    assert not any(item.figure == "capacity.profile" for item in fits.evidence)


def test_objectives_that_cannot_be_kept_are_told_in_place_of_a_count() -> None:
    model = analysed(STEADY, question(Objectives(ttft_ms=1, percentile=95)))
    assert model.capacity is None
    assert "cannot keep TTFT p95 ≤ 1 ms (the best is" in sentences(model)


def test_a_model_that_does_not_fit_is_told_in_place_of_a_count() -> None:
    model = analysed(STEADY, question(gpu="l4", model="meta-llama/Llama-3.1-405B-Instruct"))
    assert model.capacity is None
    assert "there is no way to split it that can be sized" in sentences(model)


def test_too_few_requests_for_a_bound_are_too_few_for_a_count() -> None:
    model = analysed(STEADY[:10], question())
    assert model.capacity is None
    assert "10 requests are too few" in sentences(model)


def test_a_stated_peak_is_sized_for() -> None:
    model = analysed(STEADY, question(), replace(WISHES, peak_rps=200))
    assert model.capacity is not None
    assert model.capacity.peak_rps == 200
    assert model.capacity.replicas > 4


def test_a_stated_peak_is_not_played_down_by_recorded_hours_that_never_saw_it() -> None:
    hour = RecordedHour(MONDAY, drawn(of_point(1000, 100, 0.5), 0.1, 360))
    asked = Questions(TARGET, replace(WISHES, peak_rps=200), sizing=question(), hours=(hour,))
    capacity = analysed(STEADY, question(), asked=asked).capacity
    assert capacity is not None
    assert capacity.replicas > 4


MIXED = [(at, 16_000 if number % 400 == 0 else isl, 2 * osl) for number, (at, isl, osl) in enumerate(STEADY)]
"""The steady load with answers twice as long, and a few inputs that are far longer than most."""


def with_records(
    max_tokens: int = -1, cached_share: float = 0.0, sizing: Sizing | None = None, *, told: bool = True
) -> ModelAnalysis:
    """The load of `MIXED`, and each request as it was recorded beside the hours."""
    recorded = [(at, isl, osl, max_tokens, int(isl * cached_share)) for at, isl, osl in MIXED]
    asked = Questions(LengthTarget(0.001), WISHES, sizing=sizing or fixed(), sample=sample(recorded, told=told))
    return analysed(MIXED, question(), asked=asked)


def carried(model: ModelAnalysis) -> float:
    assert model.capacity is not None
    return model.capacity.rps_per_replica


def test_an_engine_that_reserves_what_is_asked_for_carries_what_it_does_of_the_recorded_requests() -> None:
    """Answers of 200 tokens on average for which 4,096 were asked, and a context of 131,072."""
    sizing = fixed(engine="trtllm")
    assert sizing.fixed is not None
    found = with_records(4096, sizing=sizing)
    assert found.capacity is not None
    assert found.capacity.memory is not None
    assert "drawn from 7,200 recorded ones" in (found.capacity.lengths or "")
    # each reserves some 1,000 and 4,096 tokens, and takes half of that at most to write 200
    pool = found.capacity.memory.kv_pool_tokens
    assert found.capacity.memory.concurrent == pytest.approx(pool / 5130, rel=0.02)
    # the recorded requests one after the other, at a little less than that rate and at a little more
    limits = EngineLimits(2048, 8192, False, pool, 131_072, "reserved", True)  # trtllm's
    kept = []
    for rate in (0.95, 1.1):
        gaps = np.random.default_rng(5).exponential(1 / (rate * carried(found)), 40_000)
        arrival = np.cumsum(gaps * 1e6).astype(np.int64)
        isl, osl = (np.resize([each[place] for each in MIXED], 40_000).astype(np.int64) for place in (1, 2))
        requests = Requests(arrival, isl, osl, np.full(40_000, 4096), np.zeros(40_000, np.int64))
        done = replay(requests, limits, times(sizing.fixed).times, Pool(1))
        kept.append(bool(np.quantile(done.ttft_ms[6000:], 0.95) <= 500))
    assert kept == [True, False]
    # without the requests nothing says what they asked for, and each reserves all that the model allows
    alone = analysed(MIXED, sizing, asked=Questions(LengthTarget(0.001), WISHES, sizing=sizing))
    assert carried(alone) < carried(found) / 2
    assert "by hourly counts" in sentences(alone)
    assert "100 % of the requests name no max_tokens" in sentences(alone)


def test_a_prefix_that_was_cached_need_not_be_read_and_more_is_carried() -> None:
    none, most = with_records(cached_share=0.0), with_records(cached_share=0.6)
    assert carried(most) > 1.2 * carried(none)
    assert "Mind" not in sentences(none)


def test_records_that_do_not_tell_what_was_cached_are_a_warning() -> None:
    untold = with_records(told=False)
    assert "no record tells how many input tokens were cached" in sentences(untold)
    assert carried(untold) == carried(with_records(cached_share=0.0))
    assert "Mind" not in sentences(with_records(sizing=fixed(prefix_caching=False), told=False))


def test_too_few_of_many_requests_do_not_stand_for_them() -> None:
    few = sample([(at, isl, osl, -1, 0) for at, isl, osl in STEADY[::20]], one_in=20)
    asked = Questions(TARGET, WISHES, sizing=fixed(), sample=few)
    assert "by hourly counts" in sentences(analysed(STEADY, question(), asked=asked))


def test_the_recorded_hour_whose_latencies_are_told_is_named() -> None:
    hour = RecordedHour(MONDAY + 11 * HOUR, drawn(of_point(400, 50, 0.2), 0.1, 360))
    capacity = analysed(STEADY, question(), asked=Questions(TARGET, WISHES, sizing=question(), hours=(hour,))).capacity
    assert capacity is not None
    assert capacity.expected is not None
    assert capacity.expected.load == "the hour from 2025-03-03 11:00 (UTC), the only one that was replayed"


def test_of_the_hours_that_were_read_those_that_ask_for_most_are_replayed() -> None:
    rows = [*STEADY, *(at(5 + i / 300) for i in range(300))]
    read = tuple(RecordedHour(MONDAY + start * HOUR, drawn(of_point(400, 50, 0.2), 0.1, 360)) for start in (5, 11))
    capacity = analysed(rows, question(), asked=Questions(TARGET, WISHES, sizing=question(), hours=read)).capacity
    assert capacity is not None
    assert capacity.expected is not None
    assert capacity.expected.load == "the hour from 2025-03-03 05:00 (UTC), the only one that was replayed"


@pytest.fixture(scope="module")
def two_kinds() -> ModelAnalysis:
    """Two weeks of many short requests by day, and of fewer, much longer ones by night."""
    rows = []
    for hour in range(14 * 24):
        day = 8 <= hour % 24 < 20
        count = 600 if day else 200
        lengths = (120, 20) if day else (12_000, 900)
        rows += [at(hour + i / count, lengths[0] + i % 50, lengths[1] + i % 7) for i in range(count)]
    return analysed(rows, question(), window=TWO_WEEKS)


def test_the_kind_of_hours_that_asks_for_most_is_sized_for_and_not_the_one_with_most_requests(
    two_kinds: ModelAnalysis,
) -> None:
    assert two_kinds.regimes.verdict == "recurring"
    assert two_kinds.capacity is not None
    assert "which ask for the most replicas" in sentences(two_kinds)
    assert two_kinds.capacity.rps_per_replica < 5
