"""Measured sweeps: the points, the table that holds them, and the step times that are fitted to them."""

from analyzer.throughput.sweeps import table
from analyzer.throughput.sweeps.choosing import throughput
from analyzer.throughput.sweeps.fit import SweepFit, fit
from analyzer.throughput.sweeps.kernels import kernels
from analyzer.throughput.sweeps.point import BenchPoint, Figures, LoadKind, Setup, setup

__all__ = [
    "BenchPoint",
    "Figures",
    "LoadKind",
    "Setup",
    "SweepFit",
    "fit",
    "kernels",
    "setup",
    "table",
    "throughput",
]
