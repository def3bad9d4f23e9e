import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import main

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
ASKED = ["size", "--model", LLAMA, "--gpu", "h100", "--isl", "2000", "--osl", "200", "--rps", "31"]


def told(capsys: pytest.CaptureFixture[str], *options: str, asked: list[str] = ASKED) -> tuple[int, str, str]:
    code = main([*asked, *options])
    said = capsys.readouterr()
    return code, said.out, said.err


def capacity(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    code, out, err = told(capsys, "--json", *options)
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_six_questions_are_answered_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "--ttft", "500ms")
    assert (code, err) == (0, "")
    questions = ("Which model?", "How many tokens in?", "How many tokens out?", "How many at the peak?")
    for question in (*questions, "Within which latency?", "On which GPUs?"):
        assert question in out
    assert "TTFT p95 ≤ 500 ms" in out
    assert "Error bars" in out
    assert "Source: " in out


def test_the_capacity_object_has_the_keys_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    found = capacity(capsys, "--ttft", "500ms")
    keys = (
        "gpu", "objectives", "source", "source_detail", "confidence", "profile", "rps_per_replica", "peak_rps",
        "replicas", "gpus_per_replica", "gpus", "nodes", "cost_per_hour", "cost_per_million_tokens", "current",
        "change_gpus", "fit_error",
    )  # fmt: skip
    assert set(keys) <= set(found)
    assert (found["peak_rps"], found["objectives"]) == (31, {"ttft_ms": 500, "percentile": 95})
    assert found["gpus"] == found["replicas"] * found["gpus_per_replica"]


def test_without_an_objective_a_replica_carries_its_saturation(capsys: pytest.CaptureFixture[str]) -> None:
    found = capacity(capsys)
    assert found["rps_per_replica"] == found["saturation_rps"]
    assert found["rho_max"] == 0.7


def test_a_tighter_percentile_carries_less(capsys: pytest.CaptureFixture[str]) -> None:
    usual, tight = (capacity(capsys, "--ttft", "500ms", "--percentile", p)["rps_per_replica"] for p in ("50", "99"))
    assert tight < usual


def test_a_profile_fixes_the_knobs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(f'model = "{LLAMA}"\ngpu = "h100"\ntp = 2\nmax_num_seqs = 48\n')
    found = capacity(capsys, "--ttft", "500ms", "--profile", str(file))
    assert (found["profile"]["tp"], found["profile"]["max_num_seqs"], found["gpus_per_replica"]) == (2, 48, 2)


def test_a_profile_names_the_model_and_the_gpu_where_no_option_does(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(f'model = "{LLAMA}"\ngpu = "h100"\n')
    code, out, _ = told(capsys, "--profile", str(file), "--json", asked=["size", *ASKED[5:]])
    assert (code, json.loads(out)["profile"]["model"]) == (0, LLAMA)
    code, _, err = told(capsys, asked=["size", *ASKED[5:]])
    assert (code, "--model and --gpu, or a --profile that names both" in err) == (2, True)


def test_an_objective_that_cannot_be_kept_ends_with_4_and_the_best_that_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = told(capsys, "--ttft", "2ms", "--json")
    assert (code, out) == (4, "null\n")
    assert "cannot keep TTFT p95 ≤ 2 ms (the best is" in err
    assert len(err.splitlines()) == 1


def test_a_model_that_does_not_fit_ends_with_2_and_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [word.replace(LLAMA, "meta-llama/Llama-3.1-405B-Instruct").replace("h100", "l4") for word in ASKED]
    code, out, err = told(capsys, asked=asked)
    assert (code, out) == (2, "")
    assert "GiB of weights on each GPU" in err


@pytest.mark.parametrize(("wrong", "known"), [("meta-llama/Lama-3.1-8B", "nearest"), ("h101", "h100-sxm")])
def test_unknown_names_end_with_2_and_the_nearest_ones(
    capsys: pytest.CaptureFixture[str], wrong: str, known: str
) -> None:
    replaced = "h100" if wrong == "h101" else LLAMA
    code, _, err = told(capsys, asked=[word.replace(replaced, wrong) for word in ASKED])
    assert code == 2
    assert known in err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--ttft", "fast"], "--ttft fast is no duration"),
        (["--percentile", "100"], "--percentile 100 is not between 1 and 100"),
        (["--percentile", "0.95"], "--percentile 0.95 is not between 1 and 100"),
        (["--rps", "0"], "--rps 0 is no number above zero"),
        (["--rps", "inf"], "--rps inf is no number above zero"),
        (["--isl", "2k"], "--isl 2k may mean 2000 or 2048 tokens: write the one you mean."),
        (["--osl", "two"], "--osl two is no whole number of tokens above zero"),
        (["--prices", "nowhere.toml"], "The price file nowhere.toml cannot be read"),
        (["--throughput", "nowhere.parquet"], "nowhere.parquet: there is no such file"),
        (["--max-model-len", "200000"], "takes at most 131,072 tokens: lower --max-model-len 200000"),
        (["--max-model-len", "1024"], "--max-model-len 1024 takes at most 1,024 tokens, and --isl and --osl ask for"),
        (["--isl", "200000"], "takes at most 131,072 tokens, and --isl and --osl ask for 200,200"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_sentence(
    capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    code, out, err = told(capsys, *options)
    assert (code, out) == (3 if "--throughput" in options else 2, "")
    assert sentence in err


def test_every_mistake_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = told(capsys, "--isl", "2k", "--rps", "-1", "--ttft", "soon", "--percentile", "p95")
    assert [line.split()[1] for line in err.splitlines()] == ["--isl", "--rps", "--percentile", "--ttft"]
    _, _, err = told(capsys, asked=["size", "--model", "lama-9", "--gpu", "h900", *ASKED[5:]])
    assert ["The model 'lama-9'" in err, "The GPU 'h900'" in err] == [True, True]


def test_a_spare_replica_is_a_replica_more(capsys: pytest.CaptureFixture[str]) -> None:
    alone, spare = capacity(capsys), capacity(capsys, "--n-plus-one")
    assert spare["replicas"] == alone["replicas"] + 1
    assert spare["spare"] == 1


def test_engine_and_number_formats_can_be_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = capacity(capsys, "--engine", "sglang", "--weights", "fp8", "--kv-cache", "fp8")
    assert [found["profile"][knob] for knob in ("engine", "weights", "kv_cache")] == ["sglang", "fp8", "fp8"]
    file = tmp_path / "profile.toml"
    file.write_text(f'model = "{LLAMA}"\ngpu = "h100"\n')
    code, _, err = told(capsys, "--profile", str(file), "--weights", "fp8", "--kv-cache", "fp8")
    assert (code, "fixes the knobs: leave out --weights, --kv-cache" in err) == (2, True)


def test_weights_that_the_model_does_not_come_in_are_told_where_it_is_started(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert capacity(capsys, "--weights", "fp8")["command"].endswith("  # of a checkpoint whose weights are in fp8")
    assert "#" not in capacity(capsys, "--weights", "bf16")["command"]


def test_a_limit_frees_the_cache_of_an_engine_that_reserves_it(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--engine", "trtllm", "--rps", "4")
    whole, cut = (capacity(capsys, *asked, *more) for more in ((), ("--max-model-len", "8192")))
    assert cut["profile"]["max_model_len"] == 8192
    assert cut["rps_per_replica"] / cut["gpus_per_replica"] > 1.2 * whole["rps_per_replica"] / whole["gpus_per_replica"]


def test_prices_can_be_one_s_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    price = 'name = "h100-sxm"\nkind = "reserved"\nper_hour = 1.5\nsource = "a contract"\nread = 2026-01-01\n'
    file.write_text(f'currency = "EUR"\n[[gpu]]\n{price}')
    found = capacity(capsys, "--prices", str(file))
    assert (found["currency"], found["cost_per_hour"]) == ("EUR", 1.5 * found["gpus"])


def test_the_settings_that_were_sized_are_a_command_and_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = told(capsys, "--ttft", "500ms", "--emit", str(tmp_path / "advice"))
    assert (code, f"  vllm serve {LLAMA} --" in out) == (0, True)
    assert str(tmp_path / "advice" / "README.md") in out
    said = (tmp_path / "advice" / "vllm.yaml").read_text()
    assert "Advice from what was asked for, without records: 31 requests/s of 2,000 tokens in, 200 out." in said
    (tmp_path / "file").touch()
    code, _, err = told(capsys, "--emit", str(tmp_path / "file"))
    assert (code, "cannot be written" in err) == (2, True)


def test_an_engine_is_never_started_with_a_context_that_its_cache_cannot_hold(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(f'model = "{LLAMA}"\ngpu = "l4"\n')
    found = json.loads(told(capsys, "--json", "--profile", str(file), asked=["size", *ASKED[5:]])[1])
    longest = found["profile"]["max_model_len"]
    assert 2200 < longest <= found["memory"]["kv_pool_tokens"] < 131_072
    assert f"--max-model-len {longest}" in found["command"]
