"""Hugging Face's Text Generation Inference: one event for each token."""

from exporter.dialect.base import Delta, Foreign, Piece, Prompt, Text, Unreadable, Usage
from exporter.dialect.failure import error_type
from exporter.dialect.reading import Fields, fields, items, load, load_any, number, text, word


class TextGeneration:
    """`/generate`, `/generate_stream` and `/`. Requests and answers name no model."""

    name = "tgi_generate"
    operation = "text_completion"
    open_ended = False

    def prompt(self, body: bytes, target: str) -> Prompt:
        """Reads a request; raises Foreign for one without `inputs`."""
        request = load(body)
        given = request.get("inputs")
        if not isinstance(given, str):
            raise Foreign
        path = target.partition("?")[0].rstrip("/")
        parameters = fields(request.get("parameters"))
        stream = path.endswith("_stream") or (not path and request.get("stream") is True)
        return Prompt(
            None,
            stream,
            texts=(Text("user", _without_images(given)),),
            max_tokens=number(parameters.get("max_new_tokens")),
            # At `/` the server's own default decides; a stream of tokens never begins with the prompt.
            echo=not stream and parameters.get("return_full_text", not path) is not False,
        )

    def delta(self, data: bytes) -> Delta:
        """Reads one event: one token with its id. A special token is counted, but is no text of the answer."""
        event = load(data)
        token = event.get("token")
        if not isinstance(token, dict):
            return Delta(error_type=error_type(event))
        written = "" if token.get("special") is True else text(token.get("text"))
        details = fields(event.get("details"))
        return Delta(
            (Piece(0, "answer", written),) if written else (),
            _usage(number(details.get("input_length")), number(details.get("generated_tokens"))),
            finish_reason=word(details.get("finish_reason")),
            done=isinstance(event.get("generated_text"), str),
            token_ids=1,
        )

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole answer, at `/` in a list of one."""
        value = load_any(body)
        answer = fields(items(value)[0] if items(value) else value)
        error = error_type(answer)
        if "generated_text" not in answer and error is None:
            raise Unreadable
        return (_whole(answer)._replace(error_type=error),)


def _without_images(written: str) -> str:
    """An image stands in the text as an empty Markdown link, often with all its data."""
    first, *rest = written.split("![](")
    kept = [first]
    for piece in rest:
        _, closed, after = piece.partition(")")
        kept.append(after if closed else f"![]({piece}")
    return "".join(kept)


def _whole(answer: Fields) -> Delta:
    """With `best_of` the sequences that were not chosen are output, too: they took the engine's time."""
    details = fields(answer.get("details"))
    others = [fields(each) for each in items(details.get("best_of_sequences"))]
    texts = [text(each.get("generated_text")) for each in (answer, *others)]
    counts = [number(each.get("generated_tokens")) for each in (details, *others)]
    written = sum(count for count in counts if count is not None) if None not in counts else None
    return Delta(
        tuple(Piece(i, "answer", each) for i, each in enumerate(texts) if each),
        _usage(None, written),
        finish_reason=word(details.get("finish_reason")),
        prompt_token_ids=len(items(details.get("prefill"))),
    )


def _usage(read: int | None, written: int | None) -> Usage | None:
    return None if read is None and written is None else Usage(read, written)
