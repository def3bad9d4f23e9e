"""What engines call the knobs, and in which of their versions that was looked up."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from analyzer.engine import EngineName


@dataclass(frozen=True, slots=True)
class Names:
    """One engine's names: `of` by knob, `off` for a switch that is turned off, `kv_cache` formats by ours.

    `absent` says of a knob without a name why there is none; `known` lists the names that were found in the sources of
    each version, oldest version first.
    """

    title: str
    of: Mapping[str, str]
    off: Mapping[str, str]
    kv_cache: Mapping[str, str]
    absent: Mapping[str, str]
    known: Mapping[str, tuple[str, ...]]

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that were looked into, oldest first."""
        return tuple(self.known)

    def as_of(self, version: str | None) -> str:
        """The sentence that says for which versions the names are, and whether `version` is one of them."""
        first, last = self.versions[0], self.versions[-1]
        if version is None:
            return f"Names as of {self.title} {last}; which version you run is not stated."
        if _ordered(first) <= _ordered(version) <= _ordered(last):
            span = last if first == last else f"{first} to {last}"
            return f"Names looked up in {self.title} {span}; yours is {version}."
        return f"Names as of {self.title} {last}; yours is {version}, in which they were not looked up: check them."


def names() -> Mapping[str, Names]:
    """The names of each engine, read from the table beside this module."""
    table = tomllib.loads(resources.files("analyzer.emit").joinpath("names.toml").read_text(encoding="utf-8"))
    return {
        engine: Names(
            title=part["title"],
            of=part["names"],
            off=part["off"],
            kv_cache=part["kv_cache"],
            absent=part["absent"],
            known={version: tuple(known) for version, known in part["known"].items()},
        )
        for engine, part in table.items()
    }


def spoken(engine: EngineName) -> str:
    """An engine's name as its makers write it."""
    return {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM", "nim": "NIM"}[engine]


def same_family(one: EngineName, other: EngineName) -> bool:
    """Whether two engines count memory alike; NIM from 2.0 on runs vLLM."""
    return one == other or {one, other} == {"vllm", "nim"}


def _ordered(version: str) -> tuple[int, ...]:
    """A version as numbers: 0.11.1.post2 is (0, 11, 1)."""
    numbers = re.match(r"v?(\d+(?:\.\d+)*)", version)
    parts = [int(part) for part in numbers[1].split(".")] if numbers else []
    return tuple([*parts, 0, 0, 0][:3])
