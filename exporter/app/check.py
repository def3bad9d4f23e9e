"""What `check` finds out about settings before they are trusted with traffic."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from exporter.errors import SidecarError
from exporter.settings import Settings
from exporter.tokens.choice import Tokenizers


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the command's output; `good` is False for what would keep the sidecar from doing its work."""

    good: bool
    sentence: str

    def __str__(self) -> str:
        return f"{'ok   ' if self.good else 'wrong'} {self.sentence}"


def findings(settings: Settings, probe: Callable[[str, float], str | None]) -> Iterator[Finding]:
    """Everything that can be checked without serving; `probe` says why a URL cannot be reached, or None."""
    yield Finding(good=True, sentence=f"settings: {settings.workers} relay worker(s) on {settings.listen}")
    yield from _tokenizers(settings)
    for engine in settings.engines:
        problem = probe(engine.url, settings.connect_timeout_seconds)
        said = "accepts connections" if problem is None else f"cannot be reached: {problem}"
        yield Finding(good=problem is None, sentence=f"upstream: {engine.url} {said}")


def _tokenizers(settings: Settings) -> Iterator[Finding]:
    for rule in settings.tokenizers:
        try:
            counter = Tokenizers([(rule.models, rule.vocabulary)]).counter(rule.models)
        except SidecarError as error:
            yield Finding(good=False, sentence=f"tokenizer for {rule.models}: {error}")
        else:
            yield Finding(good=True, sentence=f"tokenizer for {rule.models}: {counter.name}")
    known = "built-in: OpenAI's models by o200k_base and cl100k_base, others estimated from bytes"
    yield Finding(good=True, sentence=f"tokenizers {known}")
