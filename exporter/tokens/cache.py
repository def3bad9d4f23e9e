"""The folder of pulled tokenizers: one folder for each model, with the hashes that its files had."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from exporter.dialect.reading import fields, text
from exporter.tokens.folder import checked
from exporter.tokens.vocabulary import UnusableVocabulary

MANIFEST = "tokentide.json"
_DEPTH = 2


@dataclass(frozen=True, slots=True)
class Pulled:
    """A tokenizer in the cache: the model's name, its folder, the revision that was pulled, and its files' hashes."""

    name: str
    folder: Path
    revision: str
    files: Mapping[str, str]

    def check(self) -> None:
        """Raises UnusableVocabulary, by name, where a file is not there any more or has another hash."""
        for file, expected in self.files.items():
            path = self.folder / file
            if not path.is_file():
                raise UnusableVocabulary(f"The file {path} is missing; pull {self.name} again.")
            checked(path, expected)


def names(cache: Path) -> tuple[str, ...]:
    """The names of all models in the cache, in order."""
    manifests = (*cache.glob(f"*/{MANIFEST}"), *cache.glob(f"*/*/{MANIFEST}"))
    return tuple(sorted(manifest.parent.relative_to(cache).as_posix() for manifest in manifests))


def write(folder: Path, revision: str, hashes: Mapping[str, str]) -> None:
    """Writes down which revision a folder holds, and the hashes of its files."""
    said = {"revision": revision, "files": dict(hashes)}
    (folder / MANIFEST).write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2))


def find(cache: Path, name: str) -> Pulled | None:
    """The pulled tokenizer of a name; None where there is none, as for every name that would leave the cache.

    Raises UnusableVocabulary for a list of hashes that cannot be read.
    """
    parts = name.split("/")
    if len(parts) > _DEPTH or any(part in {"", ".", ".."} or os.sep in part for part in parts):
        return None
    manifest = cache.joinpath(*parts, MANIFEST)
    return _read(cache, manifest) if manifest.is_file() else None


def _read(cache: Path, manifest: Path) -> Pulled:
    try:
        said = fields(orjson.loads(manifest.read_bytes()))
    except (OSError, ValueError) as error:
        raise UnusableVocabulary(f"The file {manifest} cannot be read ({error}); pull its model again.") from None
    folder = manifest.parent
    files = {name: text(expected) for name, expected in fields(said.get("files")).items()}
    return Pulled(folder.relative_to(cache).as_posix(), folder, text(said.get("revision")), files)
