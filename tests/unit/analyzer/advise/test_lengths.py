import dataclasses

import numpy as np
import pytest

from analyzer.advise.bounds import LengthTarget, share_bound
from analyzer.advise.lengths import advise
from analyzer.shape import Endings, HourlyShape
from tests.fakes.shapes import histogram, shape

GENERATOR = np.random.default_rng(17)
ISL = GENERATOR.lognormal(6, 0.8, 10_000).astype(int).tolist()
OSL = GENERATOR.lognormal(4, 0.8, 10_000).astype(int).tolist()
TRAFFIC = shape([(i, isl, osl) for i, (isl, osl) in enumerate(zip(ISL, OSL, strict=True))])
TARGET = LengthTarget()


def of_lengths(isl: list[int], osl: list[int], endings: Endings | None = None) -> HourlyShape:
    return shape([(i, a, b) for i, (a, b) in enumerate(zip(isl, osl, strict=True))], endings=endings)


def test_the_bounds_are_order_statistics_and_the_limits_are_rounded_up() -> None:
    advice, _ = advise(TRAFFIC, [TRAFFIC], TARGET)
    assert advice.isl_bound == sorted(ISL)[9995]
    assert advice.osl_bound == sorted(OSL)[9995]
    totals = sorted(a + b for a, b in zip(ISL, OSL, strict=True))
    assert advice.total_bound == totals[9995]
    for limit, at_least in (
        (advice.max_input_len, advice.isl_bound),
        (advice.max_output_len, advice.osl_bound),
        (advice.max_seq_len, advice.total_bound),
    ):
        assert limit is not None
        assert limit % 64 == 0
        assert limit >= at_least


def test_the_share_over_the_limit_is_counted_and_bounded() -> None:
    wide = LengthTarget(over_share=0.01)
    advice, _ = advise(TRAFFIC, [TRAFFIC], wide)
    assert advice.max_seq_len is not None
    over = sum(a + b > advice.max_seq_len for a, b in zip(ISL, OSL, strict=True))
    assert over > 0
    assert advice.over_share == over / 10_000
    assert advice.over_share_bound == share_bound(over, 10_000, 0.95)


def test_the_total_limit_is_never_below_the_other_two() -> None:
    """The longest input is near its bound and covered; the longest sum is not near its own."""
    isl, osl = [1000] * 9999 + [1240], [0] * 9999 + [600]
    advice, _ = advise(of_lengths(isl, osl), [TRAFFIC], LengthTarget(align_to=1))
    assert (advice.max_input_len, advice.isl_bound, advice.total_bound) == (1240, 1000, 1000)
    assert advice.max_seq_len == 1240


def test_no_limit_is_above_what_the_model_allows() -> None:
    advice, evidence = advise(TRAFFIC, [TRAFFIC], LengthTarget(model_max_seq_len=1000))
    assert (advice.max_seq_len, advice.max_input_len) == (1000, 1000)
    assert "the longest that the model allows" in next(e.sentence for e in evidence if e.figure.endswith("max_seq_len"))


def test_too_few_requests_have_no_limit_and_are_told_how_many_it_takes() -> None:
    few = of_lengths(ISL[:2994], OSL[:2994])
    advice, evidence = advise(few, [few], TARGET)
    limits = (advice.max_input_len, advice.max_output_len, advice.max_seq_len, advice.over_share, advice.isl_bound)
    assert limits == (None,) * 5
    assert "at least 2,995 requests" in advice.effect
    assert evidence[0].sentence == advice.effect


def test_few_days_are_flagged_and_seven_are_resampled() -> None:
    _, few = advise(TRAFFIC, [TRAFFIC], TARGET)
    assert "no day-to-day variation seen" in few[0].sentence
    _, week = advise(TRAFFIC, [TRAFFIC] * 7, TARGET)
    assert "resampling whole days" in week[0].sentence
    assert week[0].days == 7


def test_a_pile_at_the_longest_length_is_a_limit_in_force() -> None:
    capped = of_lengths([min(length, 900) for length in ISL], OSL)
    free, _ = advise(TRAFFIC, [TRAFFIC], TARGET)
    cut, evidence = advise(capped, [capped], TARGET)
    assert not free.right_censored
    assert cut.right_censored
    assert "longest input of 900 tokens" in evidence[-1].sentence


@pytest.mark.parametrize(("ended", "censored"), [(10, False), (11, True)])
def test_answers_that_ran_into_a_limit_make_the_lengths_censored(ended: int, censored: bool) -> None:
    traffic = dataclasses.replace(TRAFFIC, endings=Endings(ended, 9000, 0))
    advice, _ = advise(traffic, [traffic], TARGET)
    assert advice.right_censored is censored


def test_drift_is_not_invented() -> None:
    advice, _ = advise(TRAFFIC, [TRAFFIC] * 7, TARGET)
    assert advice.drift_per_week is None


def test_what_clients_asked_for_beyond_the_limit_is_told() -> None:
    traffic = dataclasses.replace(TRAFFIC, asked=histogram([100, 200, 99_999]))
    advice, _ = advise(traffic, [traffic], TARGET)
    assert "would refuse 1 of 3" in advice.effect


@pytest.mark.parametrize("requests", [1, 3, 9])
def test_a_few_requests_are_no_pile_although_one_of_them_is_the_longest(requests: int) -> None:
    few = of_lengths([1000] * requests, [100] * requests)
    advice, _ = advise(few, [few], TARGET)
    assert not advice.right_censored
