"""What was not installed is named, with the command that installs it."""

from tests.interop import environments


def test_an_environment_that_was_not_made_is_told_with_how_to_make_it() -> None:
    said = environments.missing(["no-such-program"])
    assert said == "the environment no-such-program is missing; `make interop-no-such-program`"


def test_nothing_is_missing_where_nothing_is_needed() -> None:
    assert environments.missing([]) is None
