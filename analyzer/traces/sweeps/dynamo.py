"""Dynamo's profiler: `raw_data.npz` of prefill or decode, and the same as JSON."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analyzer.throughput.sweeps.point import Figures
from analyzer.traces.base import unreadable
from analyzer.traces.sweeps.base import Heard, Run, Told
from analyzer.traces.sweeps.files import each
from analyzer.traces.tabular import document

PREFILL = ("prefill_isl", "prefill_ttft", "prefill_thpt_per_gpu")
DECODE = ("x_kv_usage", "y_context_length", "z_itl", "z_thpt_per_gpu", "max_kv_tokens")
Floats = NDArray[np.float64]


class DynamoProfile:
    """A grid of prefill, one prompt at a time over its length, or of decode, over cache use and context.

    Times are milliseconds. A file that holds seconds is told by itself: isl · 1000 / TTFT is the prefill throughput of
    all GPUs. In decode `isl_mean` is the context, in the cache while a token is written, and requests at once are
    usage · `max_kv_tokens` / context; the profiler's outputs of 500 tokens are not in the file.
    """

    def read(self, paths: Sequence[Path], told: Told) -> Heard:
        """A run for each point of each grid."""
        notes: list[str] = []
        gpus = told.n_gpu or (told.tp or 1) * (told.pp or 1)
        found = each(paths, lambda path: list(_runs(path, gpus, notes)))
        return Heard(found.runs, tuple(notes), found.unreadable)


def _runs(path: Path, gpus: int, notes: list[str]) -> Iterator[Run]:
    held = _arrays(path)
    if all(name in held for name in PREFILL):
        yield from _prefill(path, held, gpus, notes)
    elif all(name in held for name in DECODE):
        yield from _decode(path, held)
    else:
        raise unreadable(path, "it holds neither the prefill nor the decode grid of Dynamo's profiler")


def _prefill(path: Path, held: Mapping[str, Floats], gpus: int, notes: list[str]) -> Iterator[Run]:
    isl, ttft, throughput = (held[name] for name in PREFILL)
    if len({len(isl), len(ttft), len(throughput)}) != 1 or not len(isl) or not (ttft > 0).all():
        raise unreadable(path, "its columns are not of one length, or a time is not above zero")
    per_second = float(np.median(throughput * ttft / np.maximum(isl, 1.0)))
    if per_second < 5:  # 1000 over the GPUs where TTFT is in milliseconds, 1 over them where it is in seconds
        notes.append(f"{path}: TTFT is in seconds there, as its throughput shows, and was taken so.")
        ttft = ttft * 1000
    for tokens, first in zip(isl.tolist(), ttft.tolist(), strict=True):
        alone = Figures(mean=first)
        yield Run(path, isl=tokens, osl=1.0, load_kind="concurrency", load=1.0, ttft=alone, e2e=alone, conc=1.0,
                  rps=1000 / first, n_gpu=gpus)  # fmt: skip


def _decode(path: Path, held: Mapping[str, Floats]) -> Iterator[Run]:
    usage, context, itl, throughput, most = (np.atleast_1d(held[name]) for name in DECODE)
    if len({len(usage), len(context), len(itl), len(throughput)}) != 1 or not len(itl):
        raise unreadable(path, "its columns are not of one length")
    at_once = usage * float(most.ravel()[0]) / np.maximum(context, 1.0)
    for tokens, streams, time in zip(context.tolist(), at_once.tolist(), itl.tolist(), strict=True):
        yield Run(path, isl=tokens, load_kind="concurrency", load=streams, itl=Figures(mean=time), conc=streams)


def _arrays(path: Path) -> dict[str, Floats]:
    if path.suffix != ".npz":
        held: Mapping[str, object] = document(path)
        return {name: _floats(path, held[name]) for name in (*PREFILL, *DECODE) if name in held}
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: _floats(path, archive[name]) for name in archive.files if name in {*PREFILL, *DECODE}}
    except (OSError, ValueError, zipfile.BadZipFile, KeyError) as error:
        raise unreadable(path, "it is no archive of arrays that can be read") from error


def _floats(path: Path, value: object) -> Floats:
    try:
        found = np.atleast_1d(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise unreadable(path, "it holds a column that is no list of numbers") from error
    if not np.isfinite(found).all():
        raise unreadable(path, "it holds a number that is not finite")
    return found
