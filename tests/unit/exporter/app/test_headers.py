"""Secrets are read where the settings say, and stand in no sentence."""

from pathlib import Path

import pytest

from exporter.app.headers import header_values
from exporter.errors import Unusable
from exporter.settings import OtlpHeader


def test_a_header_s_value_comes_from_the_environment_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKEN_FOR_TEST", "Bearer one")
    (tmp_path / "key").write_text("two\n")
    headers = (
        OtlpHeader(name="Authorization", environment="TOKEN_FOR_TEST"),
        OtlpHeader(name="x-key", file=str(tmp_path / "key")),
    )
    assert header_values(headers) == {"authorization": "Bearer one", "x-key": "two"}


@pytest.mark.parametrize("content", [None, "", "  \n", "secret\nsecond line", "sécret", b"\xff"])
def test_a_header_without_a_usable_value_is_named_and_its_value_is_not(
    content: str | bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Unusable, match="the header x-key needs the file") as refused:
        header_values((OtlpHeader(name="x-key", file=str(file)),))
    assert "cret" not in str(refused.value)


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(Unusable, match="needs the environment variable NOBODY_SET_THIS, which holds no value"):
        header_values((OtlpHeader(name="x-key", environment="NOBODY_SET_THIS"),))
