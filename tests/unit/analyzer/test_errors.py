import pytest

from analyzer.errors import (
    BadSettings,
    NoTraffic,
    TooLittleTraffic,
    UnreadableFile,
    UnreadableRecords,
    exit_code,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadSettings("x"), 2),
        (UnreadableRecords((UnreadableFile("a", "b"),)), 3),
        (NoTraffic("x"), 4),
        (TooLittleTraffic("x"), 4),
        (KeyError("x"), 1),
    ],
)
def test_an_error_ends_the_program_with_the_code_of_the_contract(error: Exception, code: int) -> None:
    assert exit_code(error) == code


def test_each_unreadable_file_is_named_with_its_reason() -> None:
    error = UnreadableRecords((UnreadableFile("a.parquet", "it is empty"), UnreadableFile("b.parquet", "it is text")))
    assert str(error) == "a.parquet: it is empty\nb.parquet: it is text"
