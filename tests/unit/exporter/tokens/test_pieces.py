"""Long texts are cut and sampled without losing a character."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.tokens.pieces import encodable, even_ends, pieces, sample

TEXTS = st.text(alphabet="ab \n\t😀é", max_size=300)


@given(TEXTS, st.integers(1, 40))
def test_pieces_joined_are_the_text_and_none_is_too_long(text: str, longest: int) -> None:
    cut = list(pieces(text, longest))
    assert "".join(cut) == text
    assert all(0 < len(piece) <= longest for piece in cut)


def test_a_cut_falls_after_a_newline_where_there_is_one() -> None:
    assert list(pieces("one\ntwo three", 8)) == ["one\n", "two", " three"]


def test_a_cut_falls_before_a_blank_where_there_is_no_newline() -> None:
    assert list(pieces("one two three", 8)) == ["one two", " three"]


def test_a_text_without_any_gap_is_cut_at_the_limit() -> None:
    assert list(pieces("abcdefg", 3)) == ["abc", "def", "g"]


def test_a_sample_spreads_its_windows_over_the_whole_text() -> None:
    windows = sample("a" * 50 + "b" * 50, characters=20, longest=5)
    assert [window[0] for window in windows] == ["a", "a", "b", "b"]
    assert sum(map(len, windows)) == 20


def test_lone_surrogates_are_replaced_one_by_one() -> None:
    assert encodable("a\ud83d\ude00b") == "a\ufffd\ufffdb"
    assert encodable("héllo 😀") == "héllo 😀"


def test_even_ends_reach_the_last_character() -> None:
    assert even_ends(3, 10).tolist() == [3, 6, 10]
    assert even_ends(0, 0).tolist() == []
