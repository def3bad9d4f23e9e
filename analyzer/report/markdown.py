"""The report as Markdown, complete without pictures."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analyzer.report.blocks import Report

_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w)")
_NOT_IN_CODE = re.compile(r"[`|<>\\]")


def render(report: Report) -> str:
    """The Markdown of a report (tables as in GitHub's dialect); whatever would be Markdown in a text is escaped."""
    pages = Environment(
        loader=PackageLoader("analyzer.report"),
        autoescape=True,
        finalize=_escaped,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    pages.filters["typed"] = _typed
    return pages.get_template("report.md").render(report=report)


def _escaped(text: object) -> Markup:
    """Text on one line with a backslash before each character that Markdown or HTML would read."""
    if isinstance(text, Markup):
        return text
    return Markup(_SPECIAL.sub(lambda found: "\\" + found[0], re.sub(r"\s*\n\s*", " ", str(text))))  # noqa: S704 - escaped here


def _typed(name: str) -> Markup:
    """A name as code; one with characters that code or a table cell cannot hold is escaped text instead."""
    return _escaped(name) if _NOT_IN_CODE.search(name) else Markup(f"`{name}`")  # noqa: S704 - nothing in it to escape
