"""The head of an answer as its bytes come, behind any number of interim ones."""

from typing import Final, NamedTuple

from exporter.wire.http1 import BadMessage, ResponseHead, response_head

_LARGEST: Final = 65_536


class BrokenAnswer(Exception):
    """The bytes are no answer to what was asked; `reason` is a fixed word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Found(NamedTuple):
    """The final head, its bytes, and those behind it."""

    head: ResponseHead
    raw: bytes
    rest: bytes


def read(data: bytes, method: bytes) -> tuple[list[ResponseHead], Found | None, bytes]:
    """Interim heads (100 Continue and its kin), the final one once it is whole, and what is not read yet.

    Raises BrokenAnswer.
    """
    interim: list[ResponseHead] = []
    while (end := data.find(b"\r\n\r\n")) >= 0:
        try:
            head = response_head(data[:end], method)
        except BadMessage:
            raise BrokenAnswer("malformed_head") from None
        raw, data = data[: end + 4], data[end + 4 :]
        if head.status >= 200:
            return interim, Found(head, raw, data), b""
        if head.status == 101:  # a switch of protocols was never asked for
            raise BrokenAnswer("switched_protocols")
        interim.append(head)
    if len(data) > _LARGEST:
        raise BrokenAnswer("head_too_large")
    return interim, None, data
