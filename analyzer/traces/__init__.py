"""Public traces and other tools' exports, read into records."""

from analyzer.traces.base import Wishes
from analyzer.traces.formats import FORMATS
from analyzer.traces.importing import Imported, import_files

__all__ = ["FORMATS", "Imported", "Wishes", "import_files"]
