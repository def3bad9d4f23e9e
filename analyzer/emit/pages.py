"""The templates, with the filters by which text from outside gets into files."""

import functools
import json

from jinja2 import Environment, PackageLoader, StrictUndefined

from analyzer.emit.quoting import command, comment, shell_word, yaml_value


def render(template: str, **values: object) -> str:
    """The text of a file from its template."""
    return _pages().get_template(template).render(**values).strip("\n") + "\n"


@functools.cache
def _pages() -> Environment:
    """One environment, so that a template is compiled once for all files that it makes."""
    pages = Environment(
        loader=PackageLoader("analyzer.emit"),
        autoescape=False,  # noqa: S701 - no HTML: YAML, shell and protobuf text, each quoted by its filter
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    quoting = {"yaml": yaml_value, "word": shell_word, "comment": comment, "command": command, "pbtxt": json.dumps}
    pages.filters.update(quoting)
    return pages
