"""Pages in the words that the engines document, and one that vLLM 0.32 really wrote."""

from pathlib import Path

import pytest

from exporter.engines.load import Load, read

SAMPLE = Path(__file__).parents[5] / "shared" / "samples" / "vllm_metrics.txt"

VLLM = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_running{engine="1",model_name="m"} 4.0
vllm:num_requests_waiting{engine="0",model_name="m"} 0.0
vllm:num_requests_waiting{engine="1",model_name="m"} 2.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="m",reason="capacity"} 9.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.5
vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="100"} 1.0
vllm:cache_config_info{block_size="16",engine="1",kv_cache_size_tokens="1700",num_gpu_blocks="100"} 1.0
"""
SGLANG = """\
sglang:num_running_reqs{model_name="m",tp_rank="0",priority=""} 14.0
sglang:num_running_reqs{model_name="m",tp_rank="1",priority=""} 14.0
sglang:num_running_reqs{model_name="m",tp_rank="0",priority="-1"} 5.0
sglang:num_queue_reqs{model_name="m"} 2826.0
sglang:token_usage{model_name="m"} 0.28
sglang:max_total_num_tokens{model_name="m"} 37081
"""
TRTLLM = """\
# TYPE trtllm_num_requests_running gauge
trtllm_num_requests_running{engine_type="trtllm",model_name="m"} 7.0
trtllm_num_requests_waiting{engine_type="trtllm",model_name="m"} 1.0
trtllm_kv_cache_utilization{engine_type="trtllm",model_name="m"} 0.75
trtllm_kv_cache_max_blocks{engine_type="trtllm",model_name="m"} 1000
trtllm_kv_cache_tokens_per_block{engine_type="trtllm",model_name="m"} 32
"""
NIM = """\
num_requests_running{model_name="m"} 2.0
num_requests_waiting{model_name="m"} 1.0
gpu_cache_usage_perc{model_name="m"} 0.1
"""
TRITON = """\
nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="scheduled",version="1"} 5
nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="active",version="1"} 8
nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="waiting",version="1"} 3
nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="fraction",model="tensorrt_llm",version="1"} 0.4
nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="used",model="tensorrt_llm",version="1"} 40
"""


@pytest.mark.parametrize(
    ("page", "load"),
    [
        (VLLM, Load(7, 2, 0.5, 3300)),
        (SGLANG, Load(14, 2826, 0.28, 37081)),
        (TRTLLM, Load(7, 1, 0.75, 32000)),
        (NIM, Load(2, 1, 0.1, None)),
        (TRITON, Load(5, 3, 0.4, None)),
        ('vllm:gpu_cache_usage_perc{model_name="m"} 0.2\n', Load(None, None, 0.2, None)),
        ("nv_inference_pending_request_count 4\n", Load(None, 4, None, None)),
        ("vllm:num_requests_running NaN\nvllm:num_requests_waiting 1\n", Load(None, 1, None, None)),
    ],
)
def test_the_figures_of_every_engine_become_the_same_few(page: str, load: Load) -> None:
    assert read(page) == load


@pytest.mark.parametrize("page", ["", "<html>no</html>", '[{"iterLatencyMS":1}]', "python_info 1\n"])
def test_a_page_without_any_of_them_says_nothing(page: str) -> None:
    assert read(page) is None


def test_a_line_that_is_no_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match=r".+"):
        read('vllm:num_requests_running{engine="0" x\n')


def test_a_page_that_vllm_wrote_is_read() -> None:
    if not SAMPLE.exists():
        pytest.skip(f"{SAMPLE.name} is not there: it is a sample beside the repository")
    assert read(SAMPLE.read_text()) == Load(0, 0, 0, 1048576)
