"""Shapes in, Analysis out: the whole argument in one pure function."""

from analyzer.analysis.argument import Recorded, analyse
from analyzer.analysis.as_json import as_json, capacity_as_json
from analyzer.analysis.questions import Questions
from analyzer.analysis.result import SCHEMA, Analysis, Coverage, Hour, ModelAnalysis, Origin

__all__ = [
    "SCHEMA",
    "Analysis",
    "Coverage",
    "Hour",
    "ModelAnalysis",
    "Origin",
    "Questions",
    "Recorded",
    "analyse",
    "as_json",
    "capacity_as_json",
]
