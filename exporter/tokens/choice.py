"""Which counter a model gets: the first rule that fits its name, else the built-in table, else the estimate."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from exporter.tokens.counters import ByteEstimate, Counter, Sampled, TiktokenCounter, Timed, hugging_face
from exporter.tokens.vocabulary import CL100K, O200K, SHIPPED, load

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


class Tokenizers:
    """Finds the counter of a model.

    `rules` are pairs of a glob pattern over model names (case ignored) and what to count with: the name of a shipped
    vocabulary, `bytes` for the estimate, or the path of a `tokenizer.json` or of the folder that holds one; the first
    that fits wins. Everything they name is loaded at once, so that a wrong path raises UnusableVocabulary here; the
    vocabularies of the built-in table are loaded when first needed. Built-in patterns also fit what follows the last
    slash, as in `openai/gpt-oss-120b`. `report` is told the counter's name and the nanoseconds of each count.
    """

    def __init__(self, rules: Sequence[tuple[str, str]] = (), report: Callable[[str, int], None] | None = None) -> None:
        self._report = report
        self._counters: dict[str, Counter] = {}
        self._by_model: dict[str, Counter] = {}
        self._rules = tuple((pattern.lower(), what) for pattern, what in rules)
        for _, what in self._rules:
            self._load(what)

    def counter(self, model: str | None, characters: int = 0) -> Counter:
        """The counter for a model as a client named it; the estimate where nothing is known of it.

        `characters` is the length of the longest text to be counted: where that is too long to be counted exactly, the
        counter samples it and its source is `estimate`.
        """
        counter = self._by_name(model)
        return Sampled(counter) if characters > counter.exact_up_to and counter.source != "estimate" else counter

    def _by_name(self, model: str | None) -> Counter:
        """What was found is remembered for a bounded number of names, because clients can invent them."""
        if model is None or len(model) > _CACHED_NAME:
            return self._load(self.choose(model))
        known = self._by_model.get(model)
        if known is None:
            if len(self._by_model) >= _CACHED_MODELS:
                self._by_model.clear()
            known = self._by_model[model] = self._load(self.choose(model))
        return known

    def choose(self, model: str | None) -> str:
        """What to count a model with: a vocabulary's name, a path, or `bytes`."""
        name = (model or "").lower()
        for pattern, what in self._rules:
            if fnmatchcase(name, pattern):
                return what
        bare = name.rsplit("/", 1)[-1]
        for pattern, what in DEFAULTS:
            if fnmatchcase(bare, pattern):
                return what
        return ESTIMATE

    def _load(self, what: str) -> Counter:
        counter = self._counters.get(what)
        if counter is None:
            counter = _counter(what)
            if self._report is not None:
                counter = Timed(counter, self._report)
            self._counters[what] = counter
        return counter


def _counter(what: str) -> Counter:
    if what == ESTIMATE:
        return ByteEstimate()
    if what in SHIPPED:
        return TiktokenCounter(load(what))
    return hugging_face(Path(what))
