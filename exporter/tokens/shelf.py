"""All vocabularies that a sidecar could count with, and for which models it would."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from exporter.tokens import cache, folder
from exporter.tokens.choice import DEFAULTS, ESTIMATE, Rule, open_counter
from exporter.tokens.vocabulary import SHIPPED, UnusableVocabulary


@dataclass(frozen=True, slots=True)
class Listed:
    """One vocabulary: `sha256` is of its file, `models` are name patterns, `problem` says why it cannot be used."""

    name: str
    kind: str
    path: str
    sha256: str
    models: tuple[str, ...]
    problem: str = ""


def vocabularies(rules: Sequence[Rule], pulled: Path) -> tuple[Listed, ...]:
    """Shipped ones, pulled ones and those that the rules name, in this order; each is loaded to see that it works.

    A rule goes before a pulled tokenizer of the model's own name, and that before the patterns of the shipped ones.
    """
    names = cache.names(pulled)
    others = dict.fromkeys(rule.vocabulary for rule in rules if rule.vocabulary not in {*SHIPPED, *names, ESTIMATE})
    return (
        *(_shipped(name, rules) for name in SHIPPED),
        *(_found(name, pulled / name, rules, pulled, own=(name,)) for name in names),
        *(_found(path, Path(path), rules, pulled, own=()) for path in others),
    )


def _shipped(name: str, rules: Sequence[Rule]) -> Listed:
    path = files("exporter.tokens").joinpath("vocabularies", f"{name}.tiktoken.xz")
    patterns = tuple(pattern for pattern, what in DEFAULTS if what == name)
    return Listed(name, "tiktoken", str(path), SHIPPED[name].sha256, (*_models(name, rules), *patterns))


def _found(what: str, path: Path, rules: Sequence[Rule], pulled: Path, own: tuple[str, ...]) -> Listed:
    models = (*_models(what, rules), *own)
    expected = next((rule.sha256 for rule in rules if rule.vocabulary == what and rule.sha256), "")
    try:
        file = folder.tokenizer_file(path)
    except UnusableVocabulary as error:
        return Listed(what, "unknown", str(path), "", models, str(error))
    found = folder.sha256(file)
    try:
        open_counter(what, pulled, expected)
    except UnusableVocabulary as error:
        return Listed(what, folder.kind(file), str(file), found, models, str(error))
    template = " with chat template" if folder.chat_template(file.resolve().parent, what) is not None else ""
    return Listed(what, f"{folder.kind(file)}{template}", str(file), found, models)


def _models(what: str, rules: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(rule.models for rule in rules if rule.vocabulary == what)
