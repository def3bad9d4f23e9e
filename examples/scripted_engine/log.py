"""What the engine did and when: the truth that a test compares a measurement with."""

from collections import deque
from dataclasses import dataclass, field

import orjson

KEPT = 5000


@dataclass(slots=True)
class Entry:
    """One answer: when its content events were due and when they were written, in nanoseconds of the monotonic clock.

    The clock is `time.monotonic_ns`, which all processes of a machine share. `outcome` is running, completed, broken,
    hanging or left (the client went away).
    """

    request_id: str
    path: str
    received_ns: int
    prompt_tokens: int
    due_ns: list[int] = field(default_factory=list)
    written_ns: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    outcome: str = "running"
    ended_ns: int | None = None


class Log:
    """The newest answers, oldest first; old ones are forgotten."""

    def __init__(self, kept: int = KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)

    def open(self, request_id: str, path: str, received_ns: int, prompt_tokens: int) -> Entry:
        """A new entry for an answer that begins now."""
        entry = Entry(request_id, path, received_ns, prompt_tokens)
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def as_json(self) -> bytes:
        """All entries as a JSON list of objects with the fields of `Entry`."""
        return orjson.dumps(list(self._entries))
