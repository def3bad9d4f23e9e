"""Measured sweeps: the points, the table that holds them, and the step times that are fitted to them."""

from analyzer.throughput.sweeps.point import BenchPoint, Figures, LoadKind, Setup, setup

__all__ = ["BenchPoint", "Figures", "LoadKind", "Setup", "setup"]
