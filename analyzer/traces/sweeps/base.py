"""What a benchmark's file says of one run, and what its reader hands over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from analyzer.errors import UnreadableFile
from analyzer.throughput.sweeps.point import Figures, LoadKind


@dataclass(frozen=True, slots=True)
class Run:
    """One run as its file tells it: `None` where it does not; times in milliseconds, lengths in tokens.

    `per_token` is the mean time between tokens over all tokens of all requests, where the tool has one besides `itl`.
    """

    path: Path
    model: str | None = None
    gpu: str | None = None
    n_gpu: int | None = None
    tp: int | None = None
    pp: int | None = None
    backend: str | None = None
    version: str | None = None
    quant: str | None = None
    isl: float | None = None
    osl: float | None = None
    load_kind: LoadKind | None = None
    load: float | None = None
    rps: float | None = None
    ttft: Figures = field(default_factory=Figures)
    itl: Figures = field(default_factory=Figures)
    e2e: Figures = field(default_factory=Figures)
    per_token: float | None = None
    conc: float | None = None
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the user says about the runs, before what the files say; `osl` are the output tokens of every answer."""

    model: str | None = None
    gpu: str | None = None
    n_gpu: int | None = None
    tp: int | None = None
    pp: int | None = None
    backend: str | None = None
    version: str | None = None
    quant: str | None = None
    isl: float | None = None
    osl: float | None = None

    def over(self, run: Run) -> Run:
        """`run` with what the user says put in."""
        said: Mapping[str, object] = {
            name: value for name in self.__slots__ if (value := getattr(self, name)) is not None
        }
        return replace(run, **said)  # type: ignore[arg-type]  # both have these fields with these types


@dataclass(frozen=True, slots=True)
class Heard:
    """The runs of some files, what the user should hear of them in whole sentences, and the files that are none."""

    runs: Sequence[Run]
    notes: Sequence[str] = ()
    unreadable: Sequence[UnreadableFile] = ()


class Benchmark(Protocol):
    """How one benchmark writes down results; what cannot be read is named in the answer and raises nothing."""

    def read(self, paths: Sequence[Path], told: Told) -> Heard:
        """The runs of these files."""
        ...
