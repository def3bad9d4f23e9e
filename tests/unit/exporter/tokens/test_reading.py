"""A prompt without template is read text by text, in the order in which engines see it."""

import numpy as np

from exporter.dialect.base import Conversation, Prompt, Text
from exporter.tokens.reading import BEGINS, Ids, bare, is_plain, tools_first

CHAT = Conversation([], [], {})


def letters(text: str) -> Ids | None:
    return None if "?" in text else np.array([ord(letter) for letter in text], np.uint32)


def chat(*texts: Text) -> Prompt:
    return Prompt("m", stream=False, texts=texts, messages=1, chat=CHAT)


def test_a_prompt_is_plain_where_it_has_no_messages() -> None:
    assert is_plain(Prompt("m", stream=False))
    assert not is_plain(Prompt("m", stream=False, messages=1))
    assert not is_plain(chat())


def test_tools_stand_before_the_messages_and_each_text_is_marked_where_it_begins() -> None:
    read = bare(chat(Text("system", "ab"), Text("user", ""), Text("user", "c"), Text("tools", "de")), letters, len)
    assert (read.tokens, read.of_each, read.exact) == (5, (2, 0, 1, 2), True)
    [ids] = read.ids
    assert [chr(token & 0x7FFFFFFF) for token in ids.tolist()] == list("deabc")
    assert [bool(token & int(BEGINS)) for token in ids.tolist()] == [True, False, True, False, True]


def test_where_one_text_cannot_be_read_it_is_estimated_and_the_prompt_is_not_exact() -> None:
    read = bare(chat(Text("system", "ab"), Text("user", "what?")), letters, lambda _: 7)
    assert (read.tokens, read.of_each, read.exact, read.ids) == (9, (2, 7), False, ())


def test_an_empty_chat_has_no_ids() -> None:
    assert [len(ids) for ids in bare(chat(Text("user", "")), letters, len).ids] == [0]


def test_the_order_of_texts_is_kept_but_for_tools() -> None:
    parts = ("system", "history", "user", "tools", "tools")
    assert tools_first([Text(part, "") for part in parts]) == [3, 4, 0, 1, 2]
