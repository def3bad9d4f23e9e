# ruff: noqa: INP001 - a script beside the picture that it draws, not a package
"""Draws `docs/images/heat-map.svg`, the heat map of a report, from the trace in `examples/`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from analyzer.advise.bounds import LengthTarget
from analyzer.analysis import Questions, Recorded, analyse
from analyzer.report import figures
from analyzer.shape import Thresholds
from analyzer.store import find, opened
from analyzer.window import everything

ROOT = Path(__file__).resolve().parents[1]
TRACE = ROOT / "examples" / "azure_conv.parquet"
PICTURE = ROOT / "docs" / "images" / "heat-map.svg"


def drawn() -> str:
    """The heat map of the whole trace with the limits that the defaults recommend, as SVG."""
    with opened(find([str(TRACE)])) as records:
        (span,) = records.spans()
        first, last = (datetime.fromtimestamp(moment / 1e6, UTC) for moment in (span.first, span.last))
        window, model = everything(first, last, "UTC"), span.model or ""
        reading = records.read(window, [model], Thresholds())
    recorded = Recorded(span.first, span.last, reading.set_aside)
    questions = {model: Questions(LengthTarget(), None)}
    analysis = analyse(window, recorded, reading.traffic, questions, Thresholds())
    return figures.picture(figures.heat_map(analysis.models[model]))


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}\n")
