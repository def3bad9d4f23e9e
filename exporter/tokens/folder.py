"""A model's folder as it lies beside its weights: the tokenizer, its special tokens and its chat template."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import orjson

from exporter.dialect.reading import Fields, fields, items, text
from exporter.tokens import hugging_face, tekken
from exporter.tokens.counters import Counter
from exporter.tokens.template import ChatTemplate
from exporter.tokens.templated import Templated
from exporter.tokens.vocabulary import UnusableVocabulary

HUGGING_FACE = "tokenizer.json"
TEKKEN = "tekken.json"
TEMPLATE = "chat_template.jinja"
OLD_TEMPLATE = "chat_template.json"
CONFIG = "tokenizer_config.json"
SPECIAL = "special_tokens_map.json"
FILES = (HUGGING_FACE, TEKKEN, CONFIG, TEMPLATE, OLD_TEMPLATE, SPECIAL)
"""All that is read of a model."""


def tokenizer_file(path: Path) -> Path:
    """The tokenizer that a path means: the file itself, or the folder's `tokenizer.json`, else its `tekken.json`.

    Raises UnusableVocabulary where there is none.
    """
    if path.is_dir():
        there = [path / name for name in (HUGGING_FACE, TEKKEN) if (path / name).is_file()]
        if there:
            return there[0]
        raise UnusableVocabulary(f"There is no tokenizer at {path}: the folder has no {HUGGING_FACE} and no {TEKKEN}.")
    if not path.is_file():
        raise UnusableVocabulary(
            f"There is no tokenizer at {path}; give the path of a model's folder, {HUGGING_FACE} or {TEKKEN}."
        )
    return path


def sha256(file: Path) -> str:
    """The hash of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checked(file: Path, expected: str) -> None:
    """Raises UnusableVocabulary with the file's name where it has another hash than expected."""
    found = sha256(file)
    if found != expected.lower():
        raise UnusableVocabulary(
            f"The file {file} has SHA-256 {found}, expected is {expected}; get it again, or correct what is expected."
        )


def kind(file: Path) -> str:
    """Which kind of tokenizer a file holds."""
    return "tekken" if "tekken" in file.name else "hugging face"


def counter(path: Path, warn: Callable[[str], None], name: str | None = None) -> Counter:
    """A counter from a model's folder or from the tokenizer in it, named after the folder unless a name is given.

    Raises UnusableVocabulary where there is none or it cannot be read.
    """
    file = tokenizer_file(path)
    folder = file.resolve().parent
    loaded = (tekken if kind(file) == "tekken" else hugging_face).load(file, name or folder.name)
    template = chat_template(folder, loaded.name)
    return loaded if template is None else Templated(loaded, template, warn)


def chat_template(folder: Path, name: str) -> ChatTemplate | None:
    """The chat template of a folder, None where it has none. Raises UnusableVocabulary where it cannot be read."""
    config = _json(folder / CONFIG)
    sources = _sources(folder, config)
    if "default" not in sources:
        return None
    return ChatTemplate(name, sources, {**_special(_json(folder / SPECIAL)), **_special(config)})


def _sources(folder: Path, config: Fields) -> dict[str, str]:
    """Templates by name; the file of its own goes before the configuration, as in transformers."""
    old = _json(folder / OLD_TEMPLATE).get("chat_template")
    for given in (_read(folder / TEMPLATE), config.get("chat_template"), old):
        if isinstance(given, str):
            return {"default": given}
        named = {text(each.get("name")): text(each.get("template")) for each in map(fields, items(given))}
        if named:
            return named
    return {}


def _special(config: Fields) -> dict[str, str]:
    """The special tokens by name, each of which is written as text or as an object that says more of it."""
    special: dict[str, str] = {}
    for key, value in config.items():
        written = value if isinstance(value, str) else fields(value).get("content")
        if key.endswith("_token") and isinstance(written, str):
            special[key] = written
    return special


def _json(file: Path) -> Fields:
    written = _read(file)
    if written is None:
        return {}
    try:
        return fields(orjson.loads(written))
    except ValueError as error:
        raise UnusableVocabulary(f"The file {file} is not JSON ({error}); get it again.") from None


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableVocabulary(f"The file {file} cannot be read ({error}); get it again.") from None
