import pytest

from exporter.dialect.table import find


@pytest.mark.parametrize(
    "target",
    [
        "/v1/chat/completions",
        "/openai/v1/chat/completions",
        "/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
        "/v1/chat/completions?x=/v1/completions",
        "/v1/chat/completions/",
    ],
)
def test_a_chat_path_is_known_behind_any_prefix_and_with_any_query(target: str) -> None:
    dialect = find("POST", target)
    assert dialect is not None
    assert dialect.operation == "chat"


@pytest.mark.parametrize("target", ["/v1/completions", "/engine/v1/completions?a=b"])
def test_a_completions_path_is_no_chat_path(target: str) -> None:
    dialect = find("POST", target)
    assert dialect is not None
    assert dialect.operation == "text_completion"


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/chat/completions"),
        ("POST", "/v1/models"),
        ("POST", "/completions"),  # llama.cpp's own form
        ("POST", "/other?path=/v1/chat/completions"),
        ("POST", "/v1/chat/completions/render"),
        ("POST", "/"),
        ("OPTIONS", "*"),
    ],
)
def test_every_other_path_has_no_dialect(method: str, target: str) -> None:
    assert find(method, target) is None
