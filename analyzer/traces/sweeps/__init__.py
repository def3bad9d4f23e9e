"""Results of benchmarks, read into the points of a sweep."""

from analyzer.traces.sweeps.base import Told
from analyzer.traces.sweeps.reading import BENCHMARKS, Sweep, read_sweep

__all__ = ["BENCHMARKS", "Sweep", "Told", "read_sweep"]
