import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.observe.growing import Growing

LONG = "a text that is longer than any text which is written twice by chance, "


def taken(*texts: str) -> tuple[list[str], bool | None]:
    growing = Growing()
    return [growing.take(at, text) for at, text in enumerate(texts)], growing.repeats


@pytest.mark.parametrize(
    ("texts", "added", "repeats"),
    [
        (["a", "ab", "abc"], ["a", "b", "c"], None),
        (["a", "a", "ab"], ["a", "", "b"], None),
        (["a", "b"], ["a", "b"], False),
        (["a", "b", "bc"], ["a", "b", "bc"], False),
        ([LONG, LONG + "x", LONG + "xy", "z"], [LONG, "x", "y", ""], True),
        (["caf\ufffd", "café", "café\ufffd\ufffd"], ["caf", "é", ""], None),
        ([LONG, LONG + "and STO", LONG + "and "], [LONG, "and STO", ""], True),
        (["!"] * 16, ["!", *[""] * 15], None),
        (["!"] * 18, ["!", *[""] * 15, "!", "!"], False),
    ],
)
def test_what_is_new_is_told_from_what_was_there(texts: list[str], added: list[str], repeats: bool | None) -> None:
    assert taken(*texts) == (added, repeats)


def test_what_was_taken_wrongly_is_kept_until_it_is_certain() -> None:
    growing = Growing()
    for at, text in enumerate(["1", "1", "0", "!"]):
        growing.take(at, text, at + 1)
    assert growing.events == [(0, "1", 1), (1, "1", 2), (2, "0", 3)]


def test_nothing_is_kept_of_a_long_answer() -> None:
    growing = Growing()
    for size in range(1, 200):
        growing.take(size, "x" * size)
    assert (growing.repeats, growing.events) == (True, [])


@given(st.lists(st.text(min_size=1, max_size=9), max_size=30))
def test_a_text_that_grows_is_added_up_to_itself(steps: list[str]) -> None:
    whole = ["".join(steps[: i + 1]) for i in range(len(steps))]
    added, _ = taken(*whole)
    assert "".join(added) == ("".join(steps)).rstrip("\ufffd")
