"""SGLang's own way to generate: the whole text in each event, unless the server is told otherwise."""

from typing import Final

from exporter.dialect.base import Delta, Foreign, Piece, Prompt, Text, Unreadable, Usage
from exporter.dialect.failure import error_type
from exporter.dialect.reading import Fields, fields, items, load, load_any, microseconds, number, token_ids, word

_DONE: Final = Delta(done=True)
_SECOND: Final = 1_000_000


class SglangGenerate:
    """`/generate`. Requests and answers name no model; several texts have `n` completions each, in order."""

    name = "sglang_generate"
    operation = "text_completion"
    open_ended = False

    def prompt(self, body: bytes, target: str) -> Prompt:  # noqa: ARG002 - the port
        """Reads a request; raises Foreign for one that has neither `text` nor `input_ids`."""
        request = load(body)
        given, ids = request.get("text"), request.get("input_ids")
        texts = [given] if isinstance(given, str) else [each for each in items(given) if isinstance(each, str)]
        if not texts and not isinstance(ids, list):
            raise Foreign
        sampling = request.get("sampling_params")
        parameters = fields(items(sampling)[0] if items(sampling) else sampling)
        return Prompt(
            None,
            stream=request.get("stream") is True,
            texts=tuple(Text("user", each) for each in texts),
            token_ids=token_ids(ids),
            max_tokens=number(parameters.get("max_new_tokens")),
            n=number(parameters.get("n")),
        )

    def delta(self, data: bytes) -> Delta:
        """Reads one event, which counts the tokens of its completion so far."""
        return _DONE if data == b"[DONE]" else _output(load(data), 0)

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole answer: one completion, or a list of them."""
        value = load_any(body)
        outputs = [fields(each) for each in value] if isinstance(value, list) else [fields(value)]
        if not all("meta_info" in output or error_type(output) for output in outputs):
            raise Unreadable
        return tuple(_output(output, position) for position, output in enumerate(outputs))


def _output(event: Fields, position: int) -> Delta:
    meta = fields(event.get("meta_info"))
    index = number(event.get("index"))
    completion = position if index is None else index
    ids = event.get("output_ids")
    counted = number(meta.get("completion_tokens"))
    written = event.get("text")
    pieces: tuple[Piece, ...] = ()
    if written and isinstance(written, str):
        pieces = (Piece(completion, "answer", written),)
    elif "text" not in event and items(ids):
        pieces = (Piece(completion, "answer", ""),)  # an engine without a tokenizer sends nothing but ids
    reason, failure = _finish(meta.get("finish_reason"))
    usage = Usage(
        number(meta.get("prompt_tokens")),
        counted,
        number(meta.get("reasoning_tokens")),
        number(meta.get("cached_tokens")),
    )
    return Delta(
        pieces,
        None if usage.input_tokens is None and counted is None else usage,
        continuous=True,
        finish_reason=reason,
        error_type=error_type(event) or failure,
        completion=completion,
        queue_us=microseconds(meta.get("queue_time"), _SECOND),
        growing=bool(written) and not _only_new(ids, counted),
    )


def _only_new(ids: object, counted: int | None) -> bool:
    """Whether an event brings fewer ids than its completion has tokens: then its text is not the whole text, either.

    An engine may leave out the last id, which ended the answer.
    """
    return isinstance(ids, list) and counted is not None and 2 * len(ids) <= counted


def _finish(reason: object) -> tuple[str | None, str | None]:
    """Why a completion ended, and the class of its failure: the engine ends an `abort` in the middle of a stream."""
    if not isinstance(reason, dict):
        return word(reason), None
    kind = word(reason.get("type"))
    return kind, (word(reason.get("err_type")) or kind) if kind == "abort" else None
