"""What may be meant in settings but seldom is, and how a finding about settings reads."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporter.app import keys
from exporter.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the command's output; `good` is False for what would keep the sidecar from doing its work.

    A `note` is good, and yet seldom meant.
    """

    good: bool
    sentence: str
    note: bool = False

    def __str__(self) -> str:
        return f"{'note ' if self.note else 'ok   ' if self.good else 'wrong'} {self.sentence}"


def notes(settings: Settings) -> Iterator[Finding]:
    """What may be meant but seldom is."""
    for engine in settings.engines:
        if engine.url.endswith("/v1"):
            doubled = f"{engine.url} ends in /v1, so /v1/chat/completions becomes /v1/v1/chat/completions"
            yield Finding(good=True, sentence=f"upstream: {doubled}: leave /v1 to the clients", note=True)
    with contextlib.suppress(OSError):
        if settings.client_id and keys.read_by_others(Path(settings.client_key_file)):
            everybody = f"everybody on this machine may read {settings.client_key_file}: take that right away"
            yield Finding(good=True, sentence=f"key for client ids: {everybody}", note=True)
