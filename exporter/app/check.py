"""What `check` finds out about settings before they are trusted with traffic."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from exporter.app import keys
from exporter.errors import SidecarError
from exporter.settings import Settings
from exporter.tokens import cache
from exporter.tokens.choice import open_counter


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


Trial = tuple[str, Callable[[], object]]
"""What is tried, in a few words, and the call that raises SidecarError where it cannot be done."""


def findings(
    settings: Settings, probe: Callable[[str, float], str | None], trials: Sequence[Trial] = ()
) -> Iterator[Finding]:
    """Everything that can be checked without serving; `probe` says why a URL cannot be reached, or None."""
    yield Finding(good=True, sentence=f"settings: {settings.workers} relay worker(s) on {settings.listen}")
    yield from (_tried(name, trial) for name, trial in trials)
    yield from _tokenizers(settings)
    for engine in settings.engines:
        problem = probe(engine.url, settings.connect_timeout_seconds)
        said = "accepts connections" if problem is None else f"cannot be reached: {problem}"
        yield Finding(good=problem is None, sentence=f"upstream: {engine.url} {said}")
    yield from notes(settings)


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


def _tried(name: str, trial: Callable[[], object]) -> Finding:
    try:
        trial()
    except SidecarError as error:
        return Finding(good=False, sentence=f"{name}: {error}")
    return Finding(good=True, sentence=name)


def _tokenizers(settings: Settings) -> Iterator[Finding]:
    for rule in settings.tokenizers:
        try:
            counter = open_counter(rule.vocabulary, settings.tokenizer_cache, rule.sha256)
        except SidecarError as error:
            yield Finding(good=False, sentence=f"tokenizer for {rule.models}: {error}")
        else:
            yield Finding(good=True, sentence=f"tokenizer for {rule.models}: {counter.name}")
    for name in cache.names(settings.tokenizer_cache):
        yield _tried(f"tokenizer pulled: {name}", partial(open_counter, name, settings.tokenizer_cache))
    known = "built-in: OpenAI's models by o200k_base and cl100k_base, others estimated from bytes"
    yield Finding(good=True, sentence=f"tokenizers {known}")
