import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalog import DROP_REASONS
from exporter.dialect.base import Dialect, Foreign, Unreadable
from exporter.dialect.table import DIALECTS, find, names
from tests.fakes import transcripts


@pytest.mark.parametrize(
    ("target", "spoken"),
    [
        ("/v1/chat/completions", ["openai_chat"]),
        ("/openai/v1/chat/completions", ["openai_chat"]),
        ("/openai/deployments/gpt/chat/completions?api-version=2024-10-21", ["openai_chat"]),
        ("/v1/chat/completions?x=/v1/completions", ["openai_chat"]),
        ("/v1/chat/completions/", ["openai_chat"]),
        ("/v1/completions", ["openai_completions"]),
        ("/engine/v1/completions?a=b", ["openai_completions"]),
        ("/v1/responses", ["openai_responses"]),
        ("/openai/responses?api-version=preview", ["openai_responses"]),
        ("/v1/messages", ["anthropic_messages"]),
        ("/anthropic/v1/messages?beta=true", ["anthropic_messages"]),
        ("/v1/embeddings", ["embeddings"]),
        ("/openai/deployments/ada/embeddings", ["embeddings"]),
        ("/v1/rerank", ["scores"]),
        ("/rerank", ["scores"]),
        ("/v1/score", ["scores"]),
        ("/v2/models/m/generate", ["triton_generate", "tgi_generate", "sglang_generate"]),
        ("/generate", ["triton_generate", "tgi_generate", "sglang_generate"]),
        ("/v2/models/m/versions/1/generate_stream", ["triton_generate", "tgi_generate"]),
        ("/generate_stream", ["triton_generate", "tgi_generate"]),
        ("/", ["tgi_generate"]),
        ("/?a=/b", ["tgi_generate"]),
    ],
)
def test_a_path_is_known_behind_any_prefix_and_with_any_query(target: str, spoken: list[str]) -> None:
    assert [dialect.name for dialect in find("POST", target)] == spoken
    assert find("GET", target) == ()


@pytest.mark.parametrize(
    "target",
    [
        "/v1/models",
        "/completions",  # llama.cpp's own form
        "/other?path=/v1/chat/completions",
        "/v1/chat/completions/render",
        "/v1/messages/count_tokens",
        "/v1/messages/batches",
        "/v1/threads/t/messages",
        "/v1/responses/r/cancel",
        "/v1/",
        "*",
    ],
)
def test_every_other_path_has_no_dialect(target: str) -> None:
    assert find("POST", target) == ()


def test_the_name_of_every_dialect_is_a_reason_for_which_observations_are_dropped() -> None:
    assert set(names()) == set(DROP_REASONS) - {"tap_full", "observer_lost", "observer_error"}


SPOKEN = {dialect.name: dialect for dialects in DIALECTS.values() for dialect in dialects}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["text", "error"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def altered(draw: st.DrawFn, value: object) -> object:
    """The value with any JSON in one of its places, or one key less."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 5)):
            return {name: held for name, held in value.items() if name != key}
        return {**value, key: draw(altered(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], draw(altered(value[at])), *value[at + 1 :]]
    return draw(ANY)


def said(name: str) -> list[object]:
    """Everything that is JSON in a transcript: the request, and each event or the whole answer."""
    script = transcripts.load(name).script
    body = b"".join(data for _, data in script.reads)
    found: list[object] = [script.request]
    for line in [body, *body.removeprefix(b"\xef\xbb\xbf").splitlines()]:
        with suppress(ValueError):
            found.append(json.loads(line.removeprefix(b"data:")))
    return found


def read_all(dialect: Dialect, body: bytes, target: str) -> None:
    """Fails if anything but what the port names is raised."""
    with suppress(Unreadable, Foreign):
        dialect.prompt(body, target)
    with suppress(Unreadable):
        dialect.delta(body)
    with suppress(Unreadable):
        for delta in dialect.answer(body):
            assert all(isinstance(piece.text, str) for piece in delta.pieces)


@given(st.data())
def test_any_json_in_any_place_is_read_or_unreadable_and_nothing_else(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in transcripts.names() if name.partition("/")[0] in SPOKEN]))
    value = data.draw(altered(data.draw(st.sampled_from(said(name)))))
    target = transcripts.load(name).script.target
    read_all(SPOKEN[name.partition("/")[0]], json.dumps(value).encode(), target)


@given(st.sampled_from(sorted(SPOKEN)), st.binary(max_size=50) | ANY.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_unreadable_and_nothing_else(name: str, body: bytes) -> None:
    for target in ("/v2/models/m/generate", "/generate", "/"):
        read_all(SPOKEN[name], body, target)


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_every_dialect_has_transcripts(name: str) -> None:
    assert any(each.startswith(f"{name}/") for each in transcripts.names())
