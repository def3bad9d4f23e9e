"""The formats that can be imported, by the name that the command line knows."""

from collections.abc import Mapping
from types import MappingProxyType

from analyzer.traces.aiperf import AIPerf
from analyzer.traces.azure import Azure
from analyzer.traces.base import Format
from analyzer.traces.burstgpt import BurstGPT
from analyzer.traces.generic import Generic
from analyzer.traces.guidellm import GuideLLM
from analyzer.traces.litellm import LiteLLM
from analyzer.traces.mooncake import Mooncake
from analyzer.traces.otlp import OTLP
from analyzer.traces.servegen import ServeGen
from analyzer.traces.vllm_bench import VLLMBench

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "azure": Azure(),
        "burstgpt": BurstGPT(),
        "mooncake": Mooncake(),
        "servegen": ServeGen(),
        "csv": Generic(".csv"),
        "jsonl": Generic(".jsonl"),
        "parquet": Generic(".parquet"),
        "aiperf": AIPerf(),
        "guidellm": GuideLLM(),
        "vllm-bench": VLLMBench(),
        "litellm": LiteLLM(),
        "otlp": OTLP(),
    }
)
