"""What `check` finds out about settings before they are trusted with traffic."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

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


def findings(settings: Settings, probe: Callable[[str, int, float], str | None]) -> Iterator[Finding]:
    """Everything that can be checked without serving; `probe` says why a host and port cannot be reached, or None."""
    yield Finding(good=True, sentence=f"settings: {settings.workers} relay worker(s) on {settings.listen}")
    yield from _tokenizers(settings)
    url = urlsplit(settings.upstream)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    problem = probe(host, port, settings.connect_timeout_seconds)
    if problem is None:
        yield Finding(good=True, sentence=f"upstream: {settings.upstream} accepts connections")
    else:
        yield Finding(good=False, sentence=f"upstream: {settings.upstream} cannot be reached: {problem}")


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
