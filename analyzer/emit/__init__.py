"""Advice as files that people apply."""

from analyzer.emit.command_line import command_line
from analyzer.emit.every_file import files
from analyzer.emit.recommendation import Recommendation, SeasonPlan

__all__ = ["Recommendation", "SeasonPlan", "command_line", "files"]
