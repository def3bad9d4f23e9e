"""What runs: serving profiles, models, GPUs, memory, and the time of a step."""

from analyzer.engine.profile import Admission, EngineLimits, EngineName, NumberFormat, ServingProfile
from analyzer.engine.steps import Source, StepTimes, Throughput

__all__ = [
    "Admission",
    "EngineLimits",
    "EngineName",
    "NumberFormat",
    "ServingProfile",
    "Source",
    "StepTimes",
    "Throughput",
]
