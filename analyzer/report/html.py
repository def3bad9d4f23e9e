"""The report as one web page that needs no network and no script."""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analyzer.report import figures
from analyzer.report.blocks import Figure, Report


def render(report: Report) -> str:
    """The page of a report; every text in it is escaped, charts are pictures inside the page."""
    pages = Environment(
        loader=PackageLoader("analyzer.report"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    pages.filters["picture"] = _picture
    return pages.get_template("report.html").render(report=report)


def _picture(figure: Figure) -> Markup:
    """The drawing of a figure; its texts were escaped by the drawing program."""
    return Markup(figures.picture(figure))  # noqa: S704 - an SVG that we drew, not text that came from outside
