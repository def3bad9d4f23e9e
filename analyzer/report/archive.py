"""Reports as files in a folder per window, each appearing complete or not at all."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from analyzer import backtest as backtests
from analyzer.analysis import Analysis, as_json
from analyzer.backtest import Backtest
from analyzer.errors import BadSettings
from analyzer.marginals import MarginalAnalysis
from analyzer.marginals import as_json as marginals_as_json
from analyzer.report import document, html, marginal_document, markdown

EMIT = "emit"
UNFIT = re.compile(r"[^A-Za-z0-9._+-]+")
LONGEST = 100


def write(
    analysis: Analysis | MarginalAnalysis,
    folder: Path,
    tried: Backtest | None = None,
    emitted: Mapping[str, str] | None = None,
) -> tuple[Path, ...]:
    """Files `report.html`, `report.md` and `analysis.json` under `folder/<window>` and returns their paths in order.

    A report of some of the models only has their names behind that of the window, and so replaces none of all models.
    `backtest.json` is filed as well where `tried` could try anything. `emitted` are the files of the advice by
    their path below the folder `emit`, which replaces that of an earlier report; its path comes last.
    Each file is written under another name and then renamed, so that a reader never meets half of one; earlier files of
    the same window are replaced. The same analysis gives the same bytes. Raises `BadSettings` where the folder cannot
    be written.
    """
    if isinstance(analysis, MarginalAnalysis):
        report, said = marginal_document.compose(analysis), marginals_as_json(analysis)
    else:
        report, said = document.compose(analysis, tried), as_json(analysis)
    contents = {
        "report.html": html.render(report),
        "report.md": markdown.render(report),
        "analysis.json": _as_text(said),
    }
    if tried is not None and tried.tried:
        contents["backtest.json"] = _as_text(backtests.as_json(tried))
    place = folder / _named(analysis)
    try:
        place.mkdir(parents=True, exist_ok=True)
        written = tuple(_appear(place / name, text) for name, text in contents.items())
        return (*written, *_emit(place / EMIT, emitted or {}))
    except OSError as error:
        raise BadSettings(f"The report cannot be written to {place}: {error.strerror}.") from error


def _emit(place: Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    """Write `files` in place of those that an earlier report left: what these schedule may be advised no more."""
    if place.is_dir():
        shutil.rmtree(place)
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        _appear(place / name, text)
    return (place,) if files else ()


def _named(analysis: Analysis | MarginalAnalysis) -> str:
    """The folder's name: that of the window, and where models were left out those that were not."""
    origin = analysis.origin if isinstance(analysis, Analysis) else None
    if origin is None or origin.models is None:
        return analysis.window.name
    models = UNFIT.sub("-", "+".join(origin.models))
    if len(models) > LONGEST:
        models = models[:LONGEST] + hashlib.sha256(models.encode()).hexdigest()[:8]
    return f"{analysis.window.name}--{models}"


def _as_text(said: dict[str, object]) -> str:
    return json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _appear(path: Path, text: str) -> Path:
    hidden = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        hidden.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        hidden.replace(path)
    finally:
        hidden.unlink(missing_ok=True)
    return path
