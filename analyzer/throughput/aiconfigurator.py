"""NVIDIA's measured tables of step times, through the core of AIConfigurator or AISimulate where one is installed."""

import importlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from analyzer.engine import Gpu, Model, NumberFormat, ServingProfile, StepTimes, Throughput, memory
from analyzer.engine import model as model_named
from analyzer.errors import DoesNotFit, NoThroughput, UnknownEngine
from analyzer.throughput import grids
from analyzer.throughput.grids import DECODE, MIXED, PREFILL, Grid, GridFit, GridKey

Packages = Sequence[tuple[str, str]]  # what to install, and the module that it has
PACKAGES: Packages = (("aisimulate", "aisimulate.sdk"), ("aiconfigurator-core", "aiconfigurator_core.sdk"))
VERSIONS = {"vllm": "0.24.0", "sglang": "0.5.14", "trtllm": "1.3.0rc20"}  # of the tables in aiconfigurator-core 0.12
CURRENT = "current"  # systems with tables of another version know theirs by this name
# Steps of an ideal engine: Llama-3-8B on a DGX H100 carried 70.7 requests/s by NVIDIA's own course where these tables
# promise 101.7 to 117 (1.44 to 1.66 times), and no sweep that they were held against was faster than they say.
LONGER_SHARE = 0.66
SHORTER_SHARE = 0.0
LENGTHS = (128, 256, 512, 1024, 2048, 4096, 8192, 16384)
CONTEXTS = (512, 1024, 2048, 4096, 8192)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
MIXED_LENGTHS, MIXED_BATCHES = (512, 2048, 8192), (1, 16, 64, 256)
_WEIGHTS: dict[NumberFormat, tuple[str, str | None]] = {  # of matrices, and of experts
    "bf16": ("bfloat16", "bfloat16"),
    "fp8": ("fp8", "fp8"),
    "int8": ("int8_wo", None),
    "int4": ("int4_wo", "int4_wo"),
    "nvfp4": ("nvfp4", "nvfp4"),
    "mxfp4": ("bfloat16", "w4a16_mxfp4"),
}
_KV_CACHE: dict[NumberFormat, str] = {"bf16": "bfloat16", "fp8": "fp8", "int8": "int8"}


class StepTables(Protocol):
    """What is asked of the package's engine handle; all answers are milliseconds."""

    def predict_prefill_latency(self, bs: int, isl: int, prefix: int = 0) -> float:
        """`bs` prompts of `isl` tokens each, read at once."""

    def decode_step_latency(self, gen_tokens: int, isl: int, osl: int) -> float:
        """One token for each of `gen_tokens` requests that are half through `osl`."""

    def mixed_step_latency(self, ctx_tokens: int, gen_tokens: int, isl: int, osl: int, prefix: int = 0) -> float:
        """The same while `ctx_tokens` of prompts of `isl` tokens are read."""


def throughput(
    profile: ServingProfile, model: Model, gpu: Gpu, folder: Path | None = None, packages: Packages = PACKAGES
) -> Throughput:
    """The step times of one replica by NVIDIA's tables, from a grid in `folder` or from the first of `packages`.

    What the package says is kept in `folder`, if one is given, for others and for later. Raises `NoThroughput` with the
    reason where neither has figures: the package is not installed, or has none of this model, GPU or number format.
    """
    key = grid_key(profile, model, gpu)
    grid = None if folder is None else grids.read(key, folder)
    origin = f"a grid in {folder}" if grid is not None else ""
    if grid is None:
        tables, version, origin = _opened(key, model, packages)
        grid = _collected(tables, replace(key, version=version), model.max_positions)
        if folder is not None:
            grids.write(grid, folder)
    found = grids.fit(grid, profile.max_num_seqs, _pool(profile, model, gpu))
    times = found.times
    shared = StepTimes(times.a0, times.a1, times.a2, times.b0, times.b1 / profile.pp, times.b2 / profile.pp, times.m0)
    return Throughput(
        shared, "aiconfigurator", _sentence(grid.key, found, origin), LONGER_SHARE, shorter_share=SHORTER_SHARE
    )


def grid_key(profile: ServingProfile, model: Model, gpu: Gpu) -> GridKey:
    """What the grid of a profile is called; raises `NoThroughput` where the tables have no name for it."""
    if model.aiconfigurator is None or gpu.aiconfigurator is None:
        unknown = model.name if model.aiconfigurator is None else gpu.name
        raise NoThroughput(f"NVIDIA's tables do not know {unknown}: use live records, a sweep, or the roofline.")
    if profile.kv_cache not in _KV_CACHE:
        raise NoThroughput(f"NVIDIA's tables have no KV cache in {profile.kv_cache}: use a sweep or the roofline.")
    engine = "vllm" if profile.engine == "nim" else profile.engine  # what NIM has inside since 2.0
    return GridKey(
        model=model.aiconfigurator,
        system=gpu.aiconfigurator,
        engine=engine,
        version=VERSIONS[engine],
        tp=profile.tp,
        pp=profile.pp,
        weights=profile.weights,
        kv_cache=profile.kv_cache,
    )


def collected(tables: StepTables, key: GridKey, longest: int) -> Grid:
    """The grid of `tables` for a model with contexts of up to `longest` tokens."""
    rows: list[tuple[int, float, float, float, float]] = [
        (PREFILL, isl, 0, 0, tables.predict_prefill_latency(1, isl)) for isl in LENGTHS if isl <= longest
    ]
    # with an output of two tokens a request is one beyond its input on average
    rows += [
        (DECODE, 0, batch, context, tables.decode_step_latency(batch, context - 1, 2))
        for batch in BATCHES
        for context in CONTEXTS
        if context <= longest
    ]
    rows += [
        (MIXED, isl, batch, isl + 1, tables.mixed_step_latency(isl, batch, isl, 2))
        for batch in MIXED_BATCHES
        for isl in MIXED_LENGTHS
        if isl <= longest
    ]
    return Grid.of(key, rows)


def _collected(tables: StepTables, key: GridKey, longest: int) -> Grid:
    with _quiet():
        try:
            return collected(tables, key, longest)
        except (ValueError, RuntimeError) as error:
            raise _nothing(key, error) from error


def _opened(key: GridKey, model: Model, packages: Packages) -> tuple[StepTables, str, str]:
    """The package's tables for `key`, the version of the engine that they are of, and the package with its version."""
    distribution, sdk = _package(packages)
    settings = _settings(key, model)
    with _quiet():
        known = importlib.import_module(f"{sdk.__name__}.common").DefaultHFModels
        if key.model not in known:  # it would ask the Hugging Face hub for it
            raise NoThroughput(
                f"{distribution} has no tables of {key.model}: use live records, a sweep, or the roofline."
            )
        for version in (key.version, CURRENT):
            try:
                handle: StepTables = sdk.EngineHandle.compile(
                    key.model, key.system, key.engine, backend_version=version, **settings
                )
                handle.predict_prefill_latency(1, LENGTHS[0])
            except (ValueError, RuntimeError, KeyError) as error:
                failure = error
            else:
                return handle, version, f"{distribution} {metadata.version(distribution)}"
    raise _nothing(key, failure) from failure


def _package(packages: Packages) -> tuple[str, Any]:
    """The package that is installed, by its name and its facade; AISimulate is what AIConfigurator will be called."""
    for distribution, module in packages:
        try:
            return distribution, importlib.import_module(module)
        except ImportError:
            continue
    raise NoThroughput(
        "AIConfigurator is not installed: `pip install tokentide[analyzer,aic]` on Linux x86-64, or name a folder that "
        "holds its grids."
    )


def _settings(key: GridKey, model: Model) -> dict[str, str | int | None]:
    """How the package is told parallelism and number formats; those that a model is published in it knows itself."""
    matrices, experts = (None, None) if key.weights == _published(model) else _WEIGHTS[key.weights]
    settings: dict[str, str | int | None] = {
        "tp_size": key.tp,
        "pp_size": key.pp,
        "gemm_quant_mode": matrices,
        "kvcache_quant_mode": _KV_CACHE[key.kv_cache],
    }
    if model.experts is not None:
        settings |= {"moe_tp_size": key.tp, "moe_ep_size": 1, "moe_quant_mode": experts}
    return settings


def _published(model: Model) -> NumberFormat | None:
    """The number format of the checkpoint that the tables have under the model's name."""
    try:
        return model_named(model.family).native_weights
    except UnknownEngine:
        return None


def _pool(profile: ServingProfile, model: Model, gpu: Gpu) -> float:
    """Tokens that the cache holds; without limit where that is not known, as another part says so."""
    try:
        return memory(profile, model, gpu).pool_tokens
    except DoesNotFit:
        return float("inf")


def _nothing(key: GridKey, error: Exception) -> NoThroughput:
    said = str(error).split("\n", maxsplit=1)[0].split("(", maxsplit=1)[0].strip().rstrip(".:")
    how = f"{key.model} in {key.weights} on {key.system} with {key.engine} and tp {key.tp}"
    return NoThroughput(
        f"NVIDIA's tables have nothing for {how} ({said[:120]}): use live records, a sweep, or the roofline."
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the package's many log messages to itself."""
    loggers = [logging.getLogger(name.replace("-", "_")) for name, _ in PACKAGES]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def _sentence(key: GridKey, found: GridFit, origin: str) -> str:
    parts = (("prefill", found.prefill), ("decode", found.decode), ("mixed steps", found.mixed))
    off = ", ".join(
        f"{name} {median * 100:.1f} % off in the median and {most * 100:.1f} % at most"
        for name, (most, median) in parts
    )
    version = "in the version that they have" if key.version == CURRENT else key.version
    return (
        f"NVIDIA's measured tables for {key.engine} {version} on {key.system} ({origin}), fitted with {off}; "
        "they are of an ideal engine, and whole runs carried up to 40 % less."
    )
