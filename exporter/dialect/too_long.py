"""Whether an error says that a request is longer than the engine allows, in the words of the engines."""

import re
from typing import Final

from exporter.dialect.reading import Fields, fields, text

TOO_LONG: Final = "context_length_exceeded"
"""The error type of a request that is longer than the engine allows, whatever the engine calls it."""

_CODES: Final = frozenset({TOO_LONG, "context_window_exceeded", "exceed_context_size_error"})
_MESSAGE = re.compile(
    r"maximum context length|context length is only|longer than the (?:model's context length|maximum model length)"
    r"|exceeds? (?:the )?max(?:imum)?[ _](?:allowed )?(?:input|context|sequence|seq|model|prompt)[ _]len"
    r"|should not exceed max_(?:num_tokens|seq_len|input_len)|prompt is too long|available context size"
    r"|`inputs` must have less than|`max_new_tokens` must be <=",
    re.IGNORECASE,
)
_LONGEST: Final = 4096


def too_long(error: object) -> bool:
    """Whether an error, an object with code, type and message or a sentence alone, is one of this class.

    Codes: OpenAI's, and llama.cpp's. Sentences: those of vLLM, SGLang, TensorRT-LLM, Triton, TGI, llama.cpp and of the
    Messages API. No word of them is kept.
    """
    told: Fields = fields(error)
    if text(told.get("code")) in _CODES or text(told.get("type")) in _CODES:
        return True
    sentence = error if isinstance(error, str) else text(told.get("message"))
    return _MESSAGE.search(sentence[:_LONGEST]) is not None
