"""Templates get text from outside through their filters, and fail where a value is missing."""

import jinja2
import pytest

from analyzer.emit.pages import render


def test_a_value_that_a_template_needs_is_never_left_empty_in_silence() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("flat.yaml", header="# h", settings=())


def test_a_file_ends_with_one_newline_and_its_values_are_quoted() -> None:
    text = render("flat.yaml", header="# h", model_name="model", model='a"b', settings=())
    assert text == '# h\n\nmodel: "a\\"b"\n'
