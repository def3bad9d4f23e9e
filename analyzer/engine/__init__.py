"""What runs: serving profiles, models, GPUs, memory, and the time of a step."""

from analyzer.engine import concurrency, parameters, tuning
from analyzer.engine.catalogue import gpu, gpu_names, model, model_names, model_or_file
from analyzer.engine.defaults import Defaults, complete, defaults, schedules_ahead
from analyzer.engine.fitting import limits, memory
from analyzer.engine.footprint import Memory
from analyzer.engine.formats import KV_BYTES, WEIGHT_BYTES, read_bytes, weight_bytes
from analyzer.engine.from_config import model_from_config
from analyzer.engine.gpus import Gpu
from analyzer.engine.models import Experts, LatentAttention, Model
from analyzer.engine.parallel import ParallelChoice, parallel_choices, possible, unsplit
from analyzer.engine.profile import Admission, EngineLimits, EngineName, NumberFormat, ServingProfile
from analyzer.engine.steps import Source, StepTimes, Throughput

__all__ = [
    "KV_BYTES",
    "WEIGHT_BYTES",
    "Admission",
    "Defaults",
    "EngineLimits",
    "EngineName",
    "Experts",
    "Gpu",
    "LatentAttention",
    "Memory",
    "Model",
    "NumberFormat",
    "ParallelChoice",
    "ServingProfile",
    "Source",
    "StepTimes",
    "Throughput",
    "complete",
    "concurrency",
    "defaults",
    "gpu",
    "gpu_names",
    "limits",
    "memory",
    "model",
    "model_from_config",
    "model_names",
    "model_or_file",
    "parallel_choices",
    "parameters",
    "possible",
    "read_bytes",
    "schedules_ahead",
    "tuning",
    "unsplit",
    "weight_bytes",
]
