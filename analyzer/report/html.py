"""The report as one web page that needs no network and no script."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analyzer.report import figures
from analyzer.report.blocks import Figure, Report

_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h|GPUs?|replicas?)\b|%)")


def render(report: Report) -> str:
    """The page of a report; every text in it is escaped, charts are pictures inside the page."""
    pages = Environment(
        loader=PackageLoader("analyzer.report"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    pages.filters["picture"] = _picture
    pages.filters["unbroken"] = _unbroken
    return pages.get_template("report.html").render(report=report)


def _unbroken(text: str) -> str:
    """The text with each number tied to its unit, so that no line ends between them."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", text)


def _picture(figure: Figure) -> Markup:
    """The drawing of a figure; its texts were escaped by the drawing program."""
    return Markup(figures.picture(figure))  # noqa: S704 - an SVG that we drew, not text that came from outside
