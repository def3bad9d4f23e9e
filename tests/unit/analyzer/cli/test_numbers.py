import pytest

from analyzer.cli import numbers


def test_tokens_are_read_with_and_without_commas() -> None:
    assert [numbers.tokens("--isl", text) for text in ("2000", "2,000", "131,072", "1")] == [2000, 2000, 131_072, 1]


@pytest.mark.parametrize("text", ["2k", "2 K", "1.5k"])
def test_a_thousand_that_may_be_1024_is_asked_back(text: str) -> None:
    with pytest.raises(ValueError, match=r"--isl .* may mean .*: write the one you mean"):
        numbers.tokens("--isl", text)


@pytest.mark.parametrize("text", ["0", "-3", "2.5", "2,00", "many", ""])
def test_what_is_no_count_of_tokens_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"--osl .*is no whole number of tokens above zero"):
        numbers.tokens("--osl", text)


def test_rates_are_finite_and_above_zero() -> None:
    assert numbers.rate("--rps", "0.5") == 0.5
    for text in ("0", "inf", "nan", "31/s"):
        with pytest.raises(ValueError, match=r"--rps .*is no number above zero"):
            numbers.rate("--rps", text)


def test_percentiles_are_no_shares() -> None:
    assert numbers.percentile("--percentile", "99.9") == 99.9
    for text in ("0.95", "100", "p95"):
        with pytest.raises(ValueError, match="is not between 1 and 100"):
            numbers.percentile("--percentile", text)
