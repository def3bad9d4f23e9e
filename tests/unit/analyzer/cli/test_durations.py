import pytest

from analyzer.cli.durations import milliseconds
from analyzer.errors import BadSettings


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 500), ("2s", 2000), ("1.5 s", 1500), ("250us", 0.25), ("1min", 60_000), (".5s", 500)],
)
def test_a_duration_is_read_with_its_unit(text: str, expected: float) -> None:
    assert milliseconds("--ttft", text) == pytest.approx(expected)


def test_no_duration_is_none() -> None:
    assert milliseconds("--ttft", None) is None


@pytest.mark.parametrize("text", ["500", "fast", "0ms", "-5ms", "ms", "5 h"])
def test_anything_else_is_refused_with_the_name_of_the_option(text: str) -> None:
    with pytest.raises(BadSettings, match=r"--ttft .* is no duration above zero: write it as 500ms or 2s\."):
        milliseconds("--ttft", text)
