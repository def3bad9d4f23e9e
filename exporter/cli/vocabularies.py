"""What the command `tokenizers` does: what vocabularies there are, fetching more at image build, counting a text."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from exporter.errors import Unusable
from exporter.settings import Settings, tokenizer_settings
from exporter.tokens import shelf
from exporter.tokens.choice import Rule, Tokenizers
from exporter.tokens.pull import pull


def _settings(given: argparse.Namespace) -> Settings:
    return tokenizer_settings({"tokenizer_cache": given.cache}, given.settings)


def _rules(settings: Settings) -> list[Rule]:
    return [Rule(rule.models, rule.vocabulary, rule.sha256) for rule in settings.tokenizers]


def _list(given: argparse.Namespace) -> int:
    settings = _settings(given)
    found = shelf.vocabularies(_rules(settings), settings.tokenizer_cache)
    _say("\n\n".join("\n".join(_lines(each)) for each in found))
    return Unusable.exit_code if any(each.problem for each in found) else 0


def _lines(each: shelf.Listed) -> Iterable[str]:
    yield each.name
    yield f"  kind    {each.kind}"
    yield f"  path    {each.path}"
    if each.sha256:
        yield f"  sha256  {each.sha256}"
    yield f"  models  {', '.join(each.models) or 'none'}"
    if each.problem:
        yield f"  wrong   {each.problem}"


def _pull(given: argparse.Namespace) -> int:
    cache = _settings(given).tokenizer_cache
    for name in given.names:
        pulled = pull(name, cache)
        _say(f"{pulled.name} at revision {pulled.revision} is in {pulled.folder}")
    return 0


def _count(given: argparse.Namespace) -> int:
    settings = _settings(given)
    text = _text(given.file)
    tokenizers = Tokenizers(_rules(settings), warn=_warn, pulled=settings.tokenizer_cache)
    counter = tokenizers.counter(given.model, len(text))
    _say(f"{counter.count(text)} tokens, {counter.name}, {'exact' if counter.source == 'tokenizer' else 'estimate'}")
    return 0


def _text(file: Path | None) -> str:
    try:
        octets = sys.stdin.buffer.read() if file is None else file.read_bytes()
    except OSError as error:
        raise Unusable(f"The file {file} cannot be read: {error.strerror or error}.") from None
    return octets.decode("utf-8", "replace")


def _warn(sentence: str) -> None:
    print(f"tokentide-exporter: {sentence}", file=sys.stderr)  # noqa: T201 - the command's own output


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command's own output


VERBS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {"list": _list, "pull": _pull, "count": _count}
"""What each verb does with the options; returns the exit status."""
