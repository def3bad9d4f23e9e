"""Hourly bucket counts of input and output lengths, and what can be said from them alone."""

from analyzer.marginals.answer import MarginalAnalysis, MarginalHour, MarginalModel, Marginals, analyse
from analyzer.marginals.as_json import as_json
from analyzer.marginals.buckets import Buckets

__all__ = ["Buckets", "MarginalAnalysis", "MarginalHour", "MarginalModel", "Marginals", "analyse", "as_json"]
