"""Advice as files that people apply."""

from analyzer.emit.every_file import files
from analyzer.emit.recommendation import Recommendation, SeasonPlan

__all__ = ["Recommendation", "SeasonPlan", "files"]
