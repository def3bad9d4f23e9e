"""The generate extension of Triton, as the TensorRT-LLM and vLLM backends serve it."""

import re
from typing import Final
from urllib.parse import unquote

from exporter.dialect.base import Delta, Foreign, Piece, Prompt, Text, Unreadable, Usage
from exporter.dialect.failure import error_type
from exporter.dialect.reading import Fields, fields, first_number, items, load, name, number, word

_PATH: Final = re.compile(r"/v2/models/([^/?]+)(?:/versions/[^/?]+)?/generate(_stream)?/?(?:\?|$)")


class Generate:
    """`/v2/models/{model}[/versions/{version}]/generate` and `…/generate_stream`.

    The model is named in the path only. An answer may begin with the prompt, and the text of an event may be the whole
    text so far (`accumulate_tokens`, which is set on the server): the text itself tells both.
    """

    name = "triton_generate"
    operation = "text_completion"
    open_ended = True

    def prompt(self, body: bytes, target: str) -> Prompt:
        """Reads a request; raises Foreign for another path, and for a model that takes no `text_input`."""
        path = _PATH.search(target)
        if path is None:
            raise Foreign
        request = load(body)
        given = request.get("text_input")
        texts = [given] if isinstance(given, str) else [each for each in items(given) if isinstance(each, str)]
        if not texts:
            raise Foreign
        options = {**request, **fields(request.get("parameters"))}
        return Prompt(
            name(unquote(path.group(1))),
            stream=path.group(2) is not None,
            texts=tuple(Text("user", each) for each in texts),
            max_tokens=first_number(options, "max_tokens", "request_output_len"),
            n=first_number(options, "n", "num_return_sequences"),
            echo=options.get("exclude_input_in_output") is not True,
        )

    def delta(self, data: bytes) -> Delta:
        """Reads one event; what the vLLM backend counts in it is new since the one before."""
        event = load(data)
        return _output(event)._replace(
            growing=True,
            token_ids=_counted(event) or 0,
            prompt_token_ids=number(event.get("num_input_tokens")) or 0,
        )

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole answer."""
        answer = load(body)
        if "text_output" not in answer and error_type(answer) is None:
            raise Unreadable
        read, written = number(answer.get("num_input_tokens")), _counted(answer)
        usage = None if read is None and written is None else Usage(read, written)
        return (_output(answer)._replace(usage=usage),)


def _output(event: Fields) -> Delta:
    written = event.get("text_output")
    texts = written if isinstance(written, list) else [written]
    first = number(event.get("sequence_index")) or 0
    pieces = [Piece(first + i, "answer", each) for i, each in enumerate(texts) if each and isinstance(each, str)]
    reasons = event.get("finish_reason")
    reason = word(items(reasons)[0] if items(reasons) else reasons)
    return Delta(
        tuple(pieces),
        model=name(event.get("model_name")),
        # The vLLM backend writes Python's None as a word.
        finish_reason=None if reason == "None" else reason,
        error_type=error_type(event),
        completion=first,
    )


def _counted(event: Fields) -> int | None:
    """Output tokens where the vLLM backend was asked for them: one number, or one for each completion."""
    counts = event.get("num_output_tokens")
    several = [number(count) for count in items(counts)] if isinstance(counts, list) else [number(counts)]
    known = [count for count in several if count is not None]
    return sum(known) if known else None
