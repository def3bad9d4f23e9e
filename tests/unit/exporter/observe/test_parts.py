"""Input tokens are shared among the parts of a prompt without counting anything twice."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.dialect.base import Prompt, Text
from exporter.observe.parts import part_tokens, shared_out

TEXTS = (Text("system", "abcd"), Text("history", "a"), Text("user", "é"), Text("history", "abc"))


def test_texts_of_a_part_are_added_and_a_part_without_text_is_zero() -> None:
    prompt = Prompt("m", stream=False, texts=TEXTS)
    assert part_tokens(prompt, (1, 2, 3, 4)) == {"system": 1, "history": 6, "user": 3, "tools": 0}


def test_ids_without_text_are_the_user_s() -> None:
    assert part_tokens(Prompt("m", stream=False, token_ids=9), ())["user"] == 9


def test_a_part_of_another_name_is_kept() -> None:
    assert part_tokens(Prompt("m", stream=False, texts=(Text("retrieved", "a"),)), (5,))["retrieved"] == 5


def test_a_count_is_shared_out_by_bytes() -> None:
    assert shared_out(10, TEXTS) == (4, 1, 2, 3)
    assert shared_out(20, TEXTS) == (8, 2, 4, 6)


def test_an_empty_text_gets_nothing() -> None:
    assert shared_out(10, (Text("user", ""), Text("user", "a"))) == (0, 10)
    assert shared_out(10, (Text("user", ""),)) == (0,)
    assert shared_out(10, ()) == ()


@given(st.integers(0, 10_000), st.lists(st.text(max_size=20), min_size=1))
def test_the_shares_add_up_to_the_whole(total: int, texts: list[str]) -> None:
    shares = shared_out(total, [Text("user", text) for text in texts])
    assert sum(shares) == (total if any(texts) else 0)
    assert min(shares) >= 0


def test_broken_unicode_has_a_size() -> None:
    assert shared_out(3, (Text("user", "\ud800"),)) == (3,)
