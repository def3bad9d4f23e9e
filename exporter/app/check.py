"""What `check` finds out about settings before they are trusted with traffic."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from exporter.app.notes import Finding, notes
from exporter.errors import SidecarError
from exporter.settings import Settings
from exporter.tokens import cache
from exporter.tokens.choice import open_counter

Trial = tuple[str, str, Callable[[], object]]
"""What is tried, what is said of it where it is well, and the call that raises SidecarError where it is not."""


def findings(
    settings: Settings, probe: Callable[[str, float], str | None], trials: Sequence[Trial] = ()
) -> Iterator[Finding]:
    """Everything that can be checked without serving; `probe` says why a URL cannot be reached, or None."""
    yield Finding(good=True, sentence=f"settings: {settings.workers} relay worker(s) on {settings.listen}")
    yield from (_tried(subject, f"{subject}: {good}", trial) for subject, good, trial in trials)
    yield from _tokenizers(settings)
    for engine in settings.engines:
        problem = probe(engine.url, settings.connect_timeout_seconds)
        said = "accepts connections" if problem is None else f"cannot be reached: {problem}"
        yield Finding(good=problem is None, sentence=f"upstream: {engine.url} {said}")
    yield from notes(settings)


def _tried(subject: str, good: str, trial: Callable[[], object]) -> Finding:
    try:
        trial()
    except SidecarError as error:
        return Finding(good=False, sentence=f"{subject}: {error}")
    return Finding(good=True, sentence=good)


def _tokenizers(settings: Settings) -> Iterator[Finding]:
    for rule in settings.tokenizers:
        try:
            counter = open_counter(rule.vocabulary, settings.tokenizer_cache, rule.sha256)
        except SidecarError as error:
            yield Finding(good=False, sentence=f"tokenizer for {rule.models}: {error}")
        else:
            yield Finding(good=True, sentence=f"tokenizer for {rule.models}: {counter.name}")
    for name in cache.names(settings.tokenizer_cache):
        pulled = f"tokenizer pulled: {name}"
        yield _tried(pulled, pulled, partial(open_counter, name, settings.tokenizer_cache))
    known = "built-in: OpenAI's models by o200k_base and cl100k_base, others estimated from bytes"
    yield Finding(good=True, sentence=f"tokenizers {known}")
