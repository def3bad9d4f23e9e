import shlex
from dataclasses import replace

from analyzer.emit import Recommendation, command_line
from analyzer.engine import EngineName
from tests.unit.analyzer.emit.cases import VLLM, one_number


def advised(engine: EngineName) -> Recommendation:
    return replace(one_number(), profile=replace(VLLM, engine=engine, engine_version=None))


def test_vllm_and_sglang_are_started_with_every_setting_on_one_line() -> None:
    words = shlex.split(command_line(advised("vllm")))
    assert words[:3] == ["vllm", "serve", VLLM.model]
    assert words[words.index("--max-num-seqs") + 1] == "256"
    assert words[words.index("--max-model-len") + 1] == "8192"
    words = shlex.split(command_line(advised("sglang")))
    assert words[:5] == ["python", "-m", "sglang.launch_server", "--model-path", VLLM.model]
    assert words[words.index("--context-length") + 1] == "8192"


def test_tensorrt_llm_and_nim_are_told_where_their_settings_go() -> None:
    said = command_line(advised("trtllm"))
    assert said.startswith("trtllm-serve serve --extra_llm_api_options serve.yaml -- meta-llama/")
    assert "max_batch_size: 256" in said
    assert "enable_chunked_prefill: true" in said
    said = command_line(advised("nim"))
    assert "-e NIM_MAX_MODEL_LEN=8192" in said
    assert "-e NIM_PASSTHROUGH_ARGS='--max-num-seqs 256" in said


def test_a_name_from_outside_is_one_word_of_a_shell() -> None:
    strange = replace(one_number(), profile=replace(VLLM, model="a b; rm -rf x"))
    assert shlex.split(command_line(strange))[2] == "a b; rm -rf x"
