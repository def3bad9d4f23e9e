import numpy as np

from analyzer.advise.bounds import LengthTarget
from analyzer.marginals.limits import limits_of
from tests.fakes.marginals import buckets

TARGET = LengthTarget(over_share=0.01)


def test_limits_are_bucket_edges_rounded_up() -> None:
    found = limits_of(buckets([150] * 5000), buckets([50] * 5000), TARGET)
    assert (found.isl_bound, found.osl_bound, found.total_bound) == (200, 100, 300)
    assert (found.max_input_len, found.max_output_len, found.max_seq_len) == (256, 128, 320)
    assert "coarse" in found.effect


def test_the_limit_of_both_sides_holds_however_they_go_together() -> None:
    generator = np.random.default_rng(1)
    one = generator.integers(1, 1000, 20_000)
    for other in (one, 1000 - one, generator.permutation(one)):
        found = limits_of(buckets(one.tolist()), buckets(other.tolist()), TARGET)
        assert found.max_seq_len is not None
        assert np.mean(one + other > found.max_seq_len) <= TARGET.over_share


def test_too_few_requests_say_how_many_are_needed() -> None:
    found = limits_of(buckets([150] * 400), buckets([50] * 400), TARGET)
    assert (found.isl_bound, found.max_seq_len) == (200, None)
    assert "400 requests are too few" in found.effect
    assert "at least 736" in found.effect  # ln(0.025) / ln(0.995) = 735.9


def test_lengths_above_the_last_edge_leave_no_limit() -> None:
    found = limits_of(buckets([5000] * 5000), buckets([50] * 5000), TARGET)
    assert (found.max_input_len, found.max_output_len, found.max_seq_len) == (None, 128, None)
    assert "too many input lengths" in found.effect
    assert "too many output lengths" in limits_of(buckets([50] * 5000), buckets([5000] * 5000), TARGET).effect


def test_no_limit_is_above_what_the_model_allows() -> None:
    found = limits_of(buckets([150] * 5000), buckets([50] * 5000), LengthTarget(over_share=0.01, model_max_seq_len=288))
    assert found.max_seq_len == 288
