import pytest

from exporter.dialect.base import NAMELESS
from exporter.dialect.failure import error_type


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"error": {"message": "secret words", "type": "server_error"}}, "server_error"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, "overloaded_error"),
        ({"object": "error", "type": "BadRequestError", "code": 400}, "BadRequestError"),
        ({"error": "secret words", "error_type": "overloaded"}, "overloaded"),
        ({"error": "secret words"}, NAMELESS),
        ({"error": {"code": 503}}, "503"),
        ({"error": None}, None),
        ({"choices": []}, None),
    ],
)
def test_each_engine_writes_errors_in_its_own_form(event: dict[str, object], found: str | None) -> None:
    assert error_type(event) == found
