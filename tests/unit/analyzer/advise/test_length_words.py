import pytest

from analyzer.advise.bounds import LengthTarget
from analyzer.advise.length_words import effect, of_caps, percent
from tests.fakes.shapes import SECOND, shape

WEEK = 7 * 86_400 * SECOND
TRAFFIC = shape([(0, 10, 10), (WEEK, 10, 9000)])


@pytest.mark.parametrize(("share", "text"), [(0.001, "0.1 %"), (0.99951, "100 %"), (0.000105, "0.0105 %"), (0, "0 %")])
def test_a_share_is_told_as_a_percentage(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (None, "A limit of 8,192 tokens will not by itself raise the throughput"),
        (131_072, "Lowering the limit from 131,072 to 8,192 tokens will not by itself raise the throughput"),
        (4096, "raising the limit from 4,096 to 8,192 lets longer requests in"),
        (8192, "None: 8,192 is the limit today"),
    ],
)
def test_no_throughput_is_promised_for_a_limit(current: int | None, words: str) -> None:
    assert words in effect(TRAFFIC, 8192, 1, LengthTarget(current_max_seq_len=current))


def test_a_lower_limit_says_how_many_more_a_reserving_scheduler_admits() -> None:
    assert "up to 16.0 times as many requests" in effect(TRAFFIC, 8192, 1, LengthTarget(current_max_seq_len=131_072))


def test_requests_a_week_are_told_only_where_a_week_was_seen() -> None:
    assert "about 1 requests a week" in effect(TRAFFIC, 8192, 1, LengthTarget())
    assert "a week" not in effect(TRAFFIC, 8192, 0, LengthTarget())
    assert "a week" not in effect(shape([(0, 1, 1), (SECOND, 1, 9000)]), 8192, 1, LengthTarget())


def test_a_record_without_endings_does_not_claim_that_there_is_no_limit() -> None:
    assert "cannot be ruled out" in of_caps(TRAFFIC, 1, ()).sentence
