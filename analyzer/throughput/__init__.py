"""What an engine delivers: from live records, measured sweeps, AIConfigurator, or a roofline."""

from analyzer.throughput import aiconfigurator, live
from analyzer.throughput.arithmetic import roofline
from analyzer.throughput.choice import Chosen, PassedOver, blended, choose
from analyzer.throughput.closed_form import Carried, Objectives, carried, largest_batch, most_carried
from analyzer.throughput.mix import Mix

__all__ = [
    "Carried",
    "Chosen",
    "Mix",
    "Objectives",
    "PassedOver",
    "aiconfigurator",
    "blended",
    "carried",
    "choose",
    "largest_batch",
    "live",
    "most_carried",
    "roofline",
]
