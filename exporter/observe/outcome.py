"""How an exchange ended, in one word and the class of its failure."""

from exporter.dialect.base import NAMELESS, Prompt
from exporter.observe.answer import Answer
from exporter.wire.events import Aborted

Ending = tuple[str, str | None]
"""One of the catalogue's OUTCOMES, and an error type or None."""


def ending(
    status: int | None, aborted: Aborted | None, answer: Answer | None, prompt: Prompt | None, *, streamed: bool
) -> Ending:
    """Outcome and error type of an exchange.

    `answer` is None where no dialect is known. A client that leaves after the answer was complete (many do not wait
    for the end of the stream) has completed it.
    """
    failed = status is not None and status >= 400
    if answer is not None and answer.error_type is not None and not failed:
        return ("mid_stream_error" if streamed else "upstream_error"), answer.error_type
    if aborted is not None and not _whole(aborted, answer, prompt):
        return _broken(status, aborted), aborted.reason
    if status is None:
        return "upstream_error", "no_answer"
    if failed:
        named = None if answer is None or answer.error_type == NAMELESS else answer.error_type
        return ("refused" if status < 500 else "upstream_error"), named or str(status)
    if streamed and _cut(answer):
        return "mid_stream_error", "incomplete_stream"
    return "completed", None


def _broken(status: int | None, aborted: Aborted) -> str:
    if aborted.by == "client":
        return "client_disconnect"
    return "upstream_error" if status is None else "mid_stream_error"


def _whole(aborted: Aborted, answer: Answer | None, prompt: Prompt | None) -> bool:
    """Whether nothing of the answer was missing when the exchange broke off."""
    if answer is None:
        return False
    if answer.done:
        return True
    several = (prompt is not None and (prompt.n or 1) > 1) or any(content.index for content in answer.contents)
    return aborted.by == "client" and answer.finish_reason is not None and not several


def _cut(answer: Answer | None) -> bool:
    """Whether a stream that ended in good order lacks its end, as far as it could be read."""
    if answer is None or answer.open_ended:
        return False
    return not (answer.done or answer.finish_reason or answer.failures)
