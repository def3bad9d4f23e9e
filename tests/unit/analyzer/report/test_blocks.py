from analyzer.report.blocks import LONGEST_NAME, Span, code, strong, words


def test_empty_strings_leave_no_span() -> None:
    assert words("", "a", strong("b")) == (Span("a"), Span("b", "strong"))


def test_a_name_cannot_break_lines_or_turn_the_direction_of_reading() -> None:
    assert code("a\nb\u202ec").text == "a\ufffdb\ufffdc"


def test_a_name_without_letters_is_said_to_be_none() -> None:
    assert code("  ").text == "(no name)"


def test_an_endless_name_is_cut() -> None:
    assert len(code("x" * 100_000).text) == LONGEST_NAME
