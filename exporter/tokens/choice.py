"""Which counter a model gets: the first rule that fits its name, else a pulled one, else the built-in table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from exporter.tokens import cache, folder
from exporter.tokens.byte_pairs import TiktokenCounter
from exporter.tokens.counters import Counter, Sampled, Timed
from exporter.tokens.estimate import ByteEstimate
from exporter.tokens.vocabulary import CL100K, O200K, SHIPPED, UnusableVocabulary, load

ESTIMATE = ByteEstimate.name

DEFAULTS: tuple[tuple[str, str], ...] = (
    ("gpt-4o*", O200K.name),
    ("chatgpt-4o*", O200K.name),
    ("gpt-4.1*", O200K.name),
    ("gpt-4.5*", O200K.name),
    ("gpt-5*", O200K.name),
    ("gpt-oss*", O200K.name),  # o200k_harmony differs in special tokens only
    ("o1", O200K.name),
    ("o1-*", O200K.name),
    ("o3", O200K.name),
    ("o3-*", O200K.name),
    ("o4-*", O200K.name),
    ("ft:gpt-4o*", O200K.name),
    ("gpt-4*", CL100K.name),
    ("gpt-3.5*", CL100K.name),
    ("gpt-35-turbo*", CL100K.name),
    ("ft:gpt-4*", CL100K.name),
    ("ft:gpt-3.5-turbo*", CL100K.name),
    ("ft:davinci-002*", CL100K.name),
    ("ft:babbage-002*", CL100K.name),
    ("davinci-002", CL100K.name),
    ("babbage-002", CL100K.name),
    ("text-embedding-ada-002", CL100K.name),
    ("text-embedding-3-*", CL100K.name),
)
"""Name patterns of the models whose vocabulary is shipped, as in tiktoken's own table of models."""

_CACHED_MODELS = 1024
_CACHED_NAME = 256


@dataclass(frozen=True, slots=True)
class Rule:
    """What counts for the models whose name matches a glob pattern (case ignored).

    `vocabulary` is the name of a shipped vocabulary, `bytes` for the estimate, the name of a pulled model, or the path
    of a model's folder or of the tokenizer in it. `sha256` is what the tokenizer's file must hash to, where given.
    """

    models: str
    vocabulary: str
    sha256: str = ""


class Tokenizers:
    """Finds the counter of a model.

    The first of the `rules` that fits wins, then a tokenizer in the folder `pulled` whose name is the model's, then the
    built-in table, whose patterns also fit what follows the last slash, as in `openai/gpt-oss-120b`. Everything but the
    vocabularies of the built-in table is loaded at once. What cannot be used is told to `warn` in one sentence, and its
    models are estimated. `report` is told the counter's name and the nanoseconds of each count, `loaded` the name of
    each shipped vocabulary that is in use.
    """

    def __init__(
        self,
        rules: Sequence[Rule] = (),
        report: Callable[[str, int], None] | None = None,
        warn: Callable[[str], None] = lambda _: None,
        pulled: Path | None = None,
        loaded: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._report = report
        self._loaded = loaded
        self._warn = warn
        self._cache = pulled
        self._counters: dict[str, Counter] = {}
        self._by_model: dict[str, Counter] = {}
        self._rules = tuple((rule.models.lower(), rule.vocabulary) for rule in rules)
        self._pulled = _names(pulled)
        hashes = {rule.vocabulary: rule.sha256 for rule in rules if rule.sha256}
        for rule in rules:
            self._try(rule.vocabulary, hashes.get(rule.vocabulary, ""))
        for name in self._pulled.values():
            self._try(name)

    def counter(self, model: str | None, characters: int = 0) -> Counter:
        """The counter for a model as a client named it; the estimate where nothing is known of it.

        `characters` is the length of the texts to be counted: where that is too long to be counted exactly, the counter
        samples them and its source is `estimate`.
        """
        counter = self._by_name(model)
        return Sampled(counter) if characters > counter.exact_up_to and counter.source != "estimate" else counter

    def _by_name(self, model: str | None) -> Counter:
        """What was found is remembered for a bounded number of names, because clients can invent them."""
        if model is None or len(model) > _CACHED_NAME:
            return self._try(self.choose(model))
        known = self._by_model.get(model)
        if known is None:
            if len(self._by_model) >= _CACHED_MODELS:
                self._by_model.clear()
            known = self._by_model[model] = self._try(self.choose(model))
        return known

    def choose(self, model: str | None) -> str:
        """What to count a model with: a vocabulary's name, a path, the name of a pulled model, or `bytes`."""
        name = (model or "").lower()
        for pattern, what in self._rules:
            if fnmatchcase(name, pattern):
                return what
        bare = name.rsplit("/", 1)[-1]
        for known in (name, bare):
            if known in self._pulled:
                return self._pulled[known]
        for pattern, what in DEFAULTS:
            if fnmatchcase(bare, pattern):
                return what
        return ESTIMATE

    def _try(self, what: str, sha256: str = "") -> Counter:
        """The counter of a vocabulary, loaded once; the estimate, with a warning, for what cannot be used."""
        counter = self._counters.get(what)
        if counter is None:
            try:
                counter = open_counter(what, self._cache, sha256, self._warn)
            except UnusableVocabulary as error:
                self._warn(f"{error} Until then its models are estimated from bytes.")
                counter = ByteEstimate()
            else:
                if what in SHIPPED:
                    self._loaded(what)
            if self._report is not None:
                counter = Timed(counter, self._report)
            self._counters[what] = counter
        return counter


def open_counter(
    what: str, pulled: Path | None, sha256: str = "", warn: Callable[[str], None] = lambda _: None
) -> Counter:
    """The counter of a vocabulary as a rule names it. Raises UnusableVocabulary."""
    if what == ESTIMATE:
        return ByteEstimate()
    if what in SHIPPED:
        return TiktokenCounter(load(what))
    found = cache.find(pulled, what) if pulled is not None else None
    if found is not None:
        found.check()
    path = Path(what) if found is None else found.folder
    if sha256:
        folder.checked(folder.tokenizer_file(path), sha256)
    return folder.counter(path, warn, None if found is None else found.name)


def _names(pulled: Path | None) -> dict[str, str]:
    """Names of models, in small letters, that mean a pulled one: its own, and what follows its last slash."""
    found = cache.names(pulled) if pulled is not None else ()
    return {name.lower().rsplit("/", 1)[-1]: name for name in found} | {name.lower(): name for name in found}
