import pytest

from analyzer.patterns.anomaly_words import of_failures, of_silence, of_storm, of_surge

MINUTE = 60_000_000


def test_a_surge_says_how_many_more_and_how_much_longer() -> None:
    both = of_surge(400, 100, 4.0, 6.0)
    assert both.startswith("4.0 times as many requests (400, where 100 are usual) and requests 6.0 times as long")
    assert "as long" not in of_surge(400, 100, 4.0, 1.1)
    assert of_surge(100, 100, 1.0, 3.0).startswith("requests 3.0 times as long")


def test_where_nothing_is_usual_no_ratio_is_invented() -> None:
    assert of_surge(400, 0, 400.0, 1.0).startswith("400 requests where none is usual compared")


def test_a_storm_says_what_makes_it_one() -> None:
    assert "most of what came on top has one and the same input length of 77 tokens" in of_storm(9, 3, 3.0, 0.1, 77)
    assert "60 % of them did not complete" in of_storm(9, 3, 3.0, 0.6, None)


def test_failures_are_counted() -> None:
    assert of_failures(200, 150).startswith("150 of 200 requests did not complete")


@pytest.mark.parametrize(("minutes", "words"), [(45, "for 45 minutes"), (200, "for 3.3 hours")])
def test_a_silence_has_its_length_and_blames_nobody(minutes: int, words: str) -> None:
    said = of_silence(minutes * MINUTE, 330)
    assert words in said
    assert "330 or more" in said
    assert "or nobody called" in said
