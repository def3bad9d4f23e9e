from dataclasses import replace
from pathlib import Path

import pytest

from analyzer import engine, profiles
from analyzer.cli import step_times
from analyzer.engine import StepTimes
from analyzer.errors import BadSettings, NoThroughput, UnknownEngine
from analyzer.throughput.sweeps import BenchPoint, Figures, table
from tests.fakes.served import poisson, served

MODEL, GPU = engine.model("Llama-3.1-8B-Instruct"), engine.gpu("h100")
TODAY = 'model = "meta-llama/Llama-3.1-8B-Instruct"\ngpu = "h100"\ntp = 2\nmax_num_seqs = 64\n'


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "profile.toml"
    path.write_text(text)
    return path


def test_a_profile_is_read_and_completed(tmp_path: Path) -> None:
    found = step_times.profile(profiles.read(file(tmp_path, TODAY)), MODEL, GPU, "x")
    assert (found.tp, found.max_num_seqs, found.max_num_batched_tokens) == (2, 64, 8192)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (TODAY.replace("8B", "70B"), "is of meta-llama/Llama-3.1-70B-Instruct, and what is asked about is"),
        (TODAY.replace("h100", "h200"), "is for h200-sxm, and what is asked about is h100-sxm"),
    ],
)
def test_a_profile_of_something_else_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        step_times.profile(profiles.read(file(tmp_path, text)), MODEL, GPU, "x")


def test_without_anything_measured_there_is_always_a_source() -> None:
    profile = engine.complete(MODEL, GPU)
    assert step_times.source(MODEL, GPU)(profile).source in {"roofline", "aiconfigurator"}


def test_an_unknown_model_is_told_with_the_nearest_names() -> None:
    with pytest.raises(UnknownEngine, match="nearest: meta"):
        step_times.model("meta-llama/Llama-3.1-9B-Instruct")


def measured(tmp_path: Path) -> Path:
    """A sweep of one GPU at three rates, far from saturation."""
    points = [
        BenchPoint(
            model="meta-llama/Llama-3.1-8B-Instruct", gpu="h100-sxm", n_gpu=1, tp=1, pp=1, backend="vllm",
            version="0.11.0", quant="bf16", isl_mean=2000.0, osl_mean=200.0, load_kind="rate", load=rate, rps=rate,
            ttft=Figures(60 + 4 * rate, 60 + 4 * rate, None, None), itl=Figures(8 + rate, 8 + rate, None, None),
            e2e=Figures(None, None, None, None), conc=None, requests=1000, src="f", src_sha256="0",
        )
        for rate in (1.0, 3.0, 5.0)
    ]  # fmt: skip
    path = tmp_path / "sweep.parquet"
    table.write(points, path)
    return path


def test_a_sweep_is_the_only_source_where_it_is_given(tmp_path: Path) -> None:
    times = step_times.source(MODEL, GPU, measured(tmp_path))
    assert times(engine.complete(MODEL, GPU)).source == "sweep"
    with pytest.raises(NoThroughput, match="holds no points of"):
        times(engine.complete(MODEL, GPU, tp=2))


def test_why_recorded_times_were_not_used_is_told_with_what_was() -> None:
    fixed = engine.complete(MODEL, GPU)
    few = served(poisson(4, 50), StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5))
    found = step_times.recorded(fixed, MODEL, GPU, few, None, None)(fixed)
    assert found.source in {"roofline", "aiconfigurator"}
    assert "Recorded times were not used. Only 50 requests have their TTFT" in found.detail


def test_replicas_that_an_address_hides_share_what_was_recorded() -> None:
    fixed = replace(engine.complete(MODEL, GPU), replicas=4)
    many = served(poisson(4, 600), StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5))
    found = step_times.recorded(fixed, MODEL, GPU, many, None, None)(fixed)
    assert "do not tell replicas apart: 4 share" in found.detail
