"""The files of the engines say what the profile says, and shells and YAML read it as that."""

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from analyzer.emit import Recommendation
from analyzer.emit.engine_files import arguments, engine_files
from analyzer.emit.names import names
from analyzer.emit.plan import plans
from tests.unit.analyzer.emit.cases import CASES, one_number, over_the_week, two_nodes


def made(recommendation: Recommendation) -> dict[str, str]:
    return engine_files(plans(recommendation, names())[0])


def run(text: str, folder: Path, program: str) -> list[str]:
    """The words that a script hands to a program, which here writes them down."""
    fake = folder / program
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    script = folder / "script.sh"
    script.write_text(text)
    done = subprocess.run(
        ["/bin/sh", script, "--extra", "of mine"],
        env={"PATH": f"{folder}:/usr/bin:/bin", "CHECKPOINT_DIR": "/a b", "ENGINE_DIR": "/e"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_trtllm_serve_gets_the_options_file_those_of_the_caller_and_the_model_last(tmp_path: Path) -> None:
    assert run(made(one_number())["trtllm/serve.sh"], tmp_path, "trtllm-serve") == [
        "serve",
        "--extra_llm_api_options",
        f"{tmp_path}/serve.yaml",
        "--extra",
        "of mine",
        "--",
        "nvidia/Llama-3.1-70B-Instruct-FP8",
    ]


def test_trtllm_build_gets_its_flags_and_says_that_it_is_gone(tmp_path: Path) -> None:
    text = made(one_number())["trtllm/legacy-build.sh"]
    words = run(text, tmp_path, "trtllm-build")
    assert {words[place]: words[place + 1] for place in range(0, len(words), 2)} == {
        "--use_paged_context_fmha": "enable",
        "--max_input_len": "12032",
        "--max_seq_len": "16384",
        "--max_num_tokens": "8192",
        "--max_batch_size": "256",
        "--checkpoint_dir": "/a b",
        "--output_dir": "/e",
        "--extra": "of mine",
    }
    assert "removed trtllm-build" in text.replace("\n# ", " ")


def test_a_build_without_limits_and_reuse_asks_for_neither(tmp_path: Path) -> None:
    words = run(made(two_nodes())["trtllm/legacy-build.sh"], tmp_path, "trtllm-build")
    assert not {"--max_seq_len", "--max_input_len", "--use_paged_context_fmha"} & set(words)


def test_the_llm_api_takes_the_same_options_from_trtllm_serve_and_from_triton() -> None:
    files = made(one_number())
    served, triton = yaml.safe_load(files["trtllm/serve.yaml"]), yaml.safe_load(files["triton/model.yaml"])
    assert served == {
        "max_seq_len": 16384,
        "max_batch_size": 256,
        "max_num_tokens": 8192,
        "enable_chunked_prefill": True,
        "tensor_parallel_size": 4,
        "pipeline_parallel_size": 1,
        "kv_cache_config": {"enable_block_reuse": True, "free_gpu_memory_fraction": 0.9, "dtype": "fp8"},
    }
    own = {key: triton.pop(key) for key in ("model", "backend", "triton_config")}
    assert triton == served
    assert own["model"] == "nvidia/Llama-3.1-70B-Instruct-FP8"


def test_tritons_fragment_sets_what_it_can_and_says_what_it_cannot() -> None:
    text = made(one_number())["triton/legacy-config.pbtxt"]
    parameters = dict(re.findall(r'key: "(\w+)"\n  value: \{ string_value: "([^"]*)" \}', text))
    assert parameters == {
        "enable_chunked_context": "true",
        "enable_kv_cache_reuse": "true",
        "kv_cache_free_gpu_mem_fraction": "0.9",
    }
    assert "\nmax_batch_size: 256\n" in text
    assert "max_input_len, max_seq_len and max_num_tokens cannot be set here" in text
    assert text.count("{") == text.count("}")


def test_an_env_file_of_docker_holds_nothing_but_comments_and_whole_variables() -> None:
    lines = [line for line in made(over_the_week())["nim/nim.env"].splitlines() if line and not line.startswith("#")]
    variables = dict(line.split("=", 1) for line in lines)
    assert variables["NIM_MAX_MODEL_LEN"] == "8192"
    words = shlex.split(variables["NIM_PASSTHROUGH_ARGS"])
    assert words[:4] == ["--max-num-seqs", "256", "--max-num-batched-tokens", "2048"]
    assert "--max-model-len" not in words
    assert len(variables) == 2


def test_no_limit_of_length_is_no_variable() -> None:
    assert "\nNIM_MAX_MODEL_LEN" not in made(two_nodes())["nim/nim.env"]


def test_switches_are_arguments_without_a_value() -> None:
    settings = plans(two_nodes(), names())[0].settings("sglang")
    words = arguments(settings)
    assert words[words.index("--disable-radix-cache") + 1].startswith("--")
    assert words[words.index("--mem-fraction-static") + 1] == "0.88"


@pytest.mark.parametrize("recommendation", CASES.values(), ids=CASES)
def test_every_file_gives_each_knob_with_its_effect(recommendation: Callable[[], Recommendation]) -> None:
    for path in ("vllm.yaml", "sglang.yaml", "trtllm/serve.yaml", "nim/nim.env"):
        text = made(recommendation())[path]
        for knob in ("max_model_len", "max_num_seqs", "max_num_batched_tokens", "kv_cache", "weights", "tp", "pp"):
            assert re.search(rf"^ *# {knob}: .*", text, re.MULTILINE), (path, knob)
        assert "effect: " in text
