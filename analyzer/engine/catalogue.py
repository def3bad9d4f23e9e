"""The models and GPUs that are known by name, and the nearest ones for a name that is not."""

import difflib
import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from analyzer.engine.from_config import model_from_config
from analyzer.engine.gpus import Gpu
from analyzer.engine.models import Experts, LatentAttention, Model
from analyzer.engine.profile import NumberFormat
from analyzer.errors import UnknownEngine

_MAKERS = ("nvidia", "amdinstinct", "amd", "tesla")


def model(name: str) -> Model:
    """The model called `name`: on Hugging Face, by NIM or Ollama, or in short, in any spelling.

    The organisation before the slash may be left out or be another. Raises `UnknownEngine` with the nearest names. It
    opens no file: the names in records are those that strangers send.
    """
    known = _models()
    found = known.get(_folded(name)) or known.get(_folded(name.rsplit("/", 1)[-1]))
    if found is None:
        raise UnknownEngine(
            f"The model {name!r} is not known{_nearest(name, model_names())}: correct the name, or give the path of "
            "its config.json."
        )
    return found


def model_or_file(name: str) -> Model:
    """The model that a user means by `name`: the path of a config.json or of a folder with one, else as `model` does.

    Raises `BadSettings` for a file that cannot be used.
    """
    path = Path(name)
    return model_from_config(path) if path.suffix == ".json" or path.is_dir() else model(name)


def gpu(name: str) -> Gpu:
    """The GPU called `name`: in short, as the driver or a Kubernetes label spells it, or by NVIDIA's tables.

    Raises `UnknownEngine` with the nearest names.
    """
    known = _gpus()
    folded = _folded(name)
    for maker in _MAKERS:
        folded = folded.removeprefix(maker)
    if folded not in known:
        raise UnknownEngine(
            f"The GPU {name!r} is not known{_nearest(name, gpu_names())}: give one of {', '.join(gpu_names())}."
        )
    return known[folded]


def model_names() -> tuple[str, ...]:
    """Every full name of a model that is known, in the order of the data file."""
    return tuple(dict.fromkeys(each.name for each in _models().values()))


def gpu_names() -> tuple[str, ...]:
    """The name of every GPU that is known, in the order of the data file."""
    return tuple(dict.fromkeys(each.name for each in _gpus().values()))


def _folded(name: str) -> str:
    """`name` without what spellings differ in: case, hyphens, dots, underscores, blanks."""
    return re.sub(r"[^a-z0-9/]", "", name.lower()).strip("/")


def _nearest(name: str, known: Iterable[str]) -> str:
    """Up to three known names that look like `name`, as part of a sentence."""
    by_short = {each.rsplit("/", 1)[-1].lower(): each for each in known}
    close = difflib.get_close_matches(name.rsplit("/", 1)[-1].lower(), by_short, n=3, cutoff=0.5)
    return f" (nearest: {', '.join(by_short[each] for each in close)})" if close else ""


def _entries(file: str, kind: str) -> list[dict[str, Any]]:
    text = files("analyzer.engine").joinpath("data", file).read_text(encoding="utf-8")
    return cast("list[dict[str, Any]]", tomllib.loads(text)[kind])


@functools.cache
def _models() -> Mapping[str, Model]:
    """Models by folded name: full names first, then what follows the slash, then short names."""
    full: dict[str, Model] = {}
    short: dict[str, Model] = {}
    for entry in _entries("models.toml", "model"):
        read = _model(entry)
        named: list[tuple[str, NumberFormat]] = [(each, read.native_weights) for each in (read.name, *entry["also"])]
        named += [(each, form) for form, names in entry["quantised"].items() for each in names]
        for name, form in named:
            made = replace(read, name=name, native_weights=form)
            full[_folded(name)] = made
            short.setdefault(_folded(name.rsplit("/", 1)[-1]), made)
        for name in entry["short"]:
            short.setdefault(_folded(name), read)
    return short | full


def _model(entry: dict[str, Any]) -> Model:
    """The model of one entry; its other names are filled in, empty where there are none."""
    for names in ("also", "short"):
        entry.setdefault(names, [])
    entry.setdefault("quantised", {})
    values = {key: value for key, value in entry.items() if key not in {"also", "short", "quantised", "parameters"}}
    if "latent" in values:
        values["latent"] = LatentAttention(**values["latent"])
    if "experts" in values:
        values["experts"] = Experts(**values["experts"])
    return Model(**values, family=values["name"], stated_parameters=entry.get("parameters"))


@functools.cache
def _gpus() -> Mapping[str, Gpu]:
    known: dict[str, Gpu] = {}
    for entry in _entries("gpus.toml", "gpu"):
        read = Gpu(**{key: value for key, value in entry.items() if key != "also"})
        for name in (read.name, *entry["also"], *([read.aiconfigurator] if read.aiconfigurator else [])):
            known[_folded(name)] = read
    return known
