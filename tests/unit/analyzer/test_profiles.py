"""Serving profiles as files."""

from pathlib import Path

import pytest

from analyzer import profiles
from analyzer.engine import ServingProfile
from analyzer.errors import BadSettings, UnknownEngine


def written(folder: Path, text: str) -> Path:
    path = folder / "profile.toml"
    path.write_text(text)
    return path


def test_what_is_left_out_is_the_engines_default(tmp_path: Path) -> None:
    path = written(tmp_path, 'model = "meta-llama/Llama-3.1-8B-Instruct"\ngpu = "h100"\nengine_version = "0.11.0"\n')
    assert profiles.load(path) == ServingProfile(
        model="meta-llama/Llama-3.1-8B-Instruct", gpu="h100-sxm", tp=1, pp=1, engine="vllm", engine_version="0.11.0",
        weights="bf16", kv_cache="bf16", max_model_len=None, max_num_seqs=1024, max_num_batched_tokens=8192,
        chunked_prefill=True, prefix_caching=True, async_scheduling=False, gpu_memory_utilization=0.9, replicas=1,
    )  # fmt: skip
    assert profiles.read(path).left_out == (
        "tp", "pp", "engine", "weights", "kv_cache", "max_model_len", "max_num_seqs", "max_num_batched_tokens",
        "chunked_prefill", "prefix_caching", "async_scheduling", "gpu_memory_utilization", "replicas",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "ahead"),
    [
        ('engine_version = "0.20.2"', True),
        ('engine_version = "0.20.2"\nasync_scheduling = false', False),
        ('engine_version = "0.13.0"\nasync_scheduling = true', True),
        ('engine = "sglang"\npp = 2', False),
    ],
)
def test_whether_steps_are_scheduled_ahead_may_be_said(tmp_path: Path, said: str, ahead: bool) -> None:
    path = written(tmp_path, f'model = "meta-llama/Llama-3.1-8B-Instruct"\ngpu = "h100"\n{said}\n')
    assert profiles.load(path).async_scheduling is ahead


def test_the_arguments_of_a_real_deployment_are_kept(tmp_path: Path) -> None:
    # the manifests of the inference-perf sweep on one H100 (KubeCon NA 2025)
    profile = profiles.load(
        written(
            tmp_path,
            'model = "meta-llama/Llama-3.1-8B-Instruct"\ngpu = "nvidia-h100-80gb"\nengine = "vllm"\n'
            'engine_version = "0.11.0"\nmax_model_len = 512\nmax_num_seqs = 128\nchunked_prefill = false\n'
            "prefix_caching = false\ngpu_memory_utilization = 0.9\n",
        )
    )
    assert (profile.max_model_len, profile.max_num_seqs, profile.max_num_batched_tokens) == (512, 128, 8192)
    assert (profile.chunked_prefill, profile.prefix_caching) == (False, False)


@pytest.mark.parametrize(
    ("split", "tp", "pp"),
    [
        ("", 1, 1),
        ("gpus_per_replica = 4", 4, 1),
        ("gpus_per_replica = 8\npp = 2", 4, 2),
        ("gpus_per_replica = 8\ntp = 2", 2, 4),
        ("tp = 8", 8, 1),
        ("gpus_per_replica = 16\ntp = 8\npp = 2", 8, 2),
    ],
)
def test_the_gpus_of_a_replica_may_stand_for_its_parts(tmp_path: Path, split: str, tp: int, pp: int) -> None:
    profile = profiles.load(written(tmp_path, f'model = "llama-3.1-70b"\ngpu = "h100"\n{split}\n'))
    assert (profile.tp, profile.pp) == (tp, pp)


def test_gpus_that_no_split_makes_are_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, 'model = "llama-3.1-70b"\ngpu = "h100"\ngpus_per_replica = 8\ntp = 3\n')
    with pytest.raises(BadSettings, match=r"contradicts itself: gpus_per_replica is 8, and tp times pp is 6: "):
        profiles.load(path)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, 'gpu = "h100"\nweights = "fp7"\nmax_seqs = 3\ngpu_memory_utilization = 90\n')
    with pytest.raises(BadSettings) as raised:
        profiles.load(path)
    said = str(raised.value).splitlines()
    assert [line.split()[2] for line in said] == ["model", "weights", "gpu_memory_utilization", "max_seqs"]
    assert said[0] == f"The setting model is missing in the profile {path}."


def test_an_unknown_model_and_an_unknown_gpu_are_told_together(tmp_path: Path) -> None:
    path = written(tmp_path, 'model = "llama-9"\ngpu = "h1000"\n')
    with pytest.raises(UnknownEngine, match=r"The model 'llama-9' is not known.*\nThe GPU 'h1000' is not known"):
        profiles.load(path)


def test_a_profile_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"The profile .*none\.toml cannot be read: No such file"):
        profiles.load(tmp_path / "none.toml")
