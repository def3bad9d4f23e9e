"""What an engine delivers: from live records, measured sweeps, AIConfigurator, or a roofline."""

from analyzer.throughput.arithmetic import roofline
from analyzer.throughput.closed_form import Carried, Objectives, carried, largest_batch, most_carried
from analyzer.throughput.mix import Mix

__all__ = ["Carried", "Mix", "Objectives", "carried", "largest_batch", "most_carried", "roofline"]
