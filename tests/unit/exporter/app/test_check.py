from pathlib import Path

from exporter.app.check import findings
from exporter.errors import Unusable
from exporter.settings import load
from tests.fakes.vocabularies import model_folder
from tests.unit.exporter.tokens.test_cache import kept


def said(options: dict[str, object], problem: str | None = None) -> list[str]:
    settings = load({"upstream": "http://engine:8000", **options}, None)
    return [str(finding) for finding in findings(settings, lambda _url, _timeout: problem)]


def test_good_settings_are_found_good() -> None:
    assert all(line.startswith("ok ") for line in said({}))
    assert said({})[-1] == "ok    upstream: http://engine:8000 accepts connections"


def test_an_engine_that_is_not_there_is_found() -> None:
    assert said({}, "connection refused")[-1] == (
        "wrong upstream: http://engine:8000 cannot be reached: connection refused"
    )


def test_a_tokenizer_that_is_not_there_is_found_and_the_rest_is_still_checked(tmp_path: Path) -> None:
    rules = [
        {"models": "a*", "vocabulary": str(tmp_path / "tokenizer.json")},
        {"models": "b*", "vocabulary": "cl100k_base"},
    ]
    lines = said({"tokenizers": rules})
    assert lines[1].startswith("wrong tokenizer for a*: ")
    assert lines[2] == "ok    tokenizer for b*: cl100k_base"
    assert lines[-1].startswith("ok ")


def test_what_serving_would_stumble_over_is_tried_and_found() -> None:
    def impossible() -> None:
        raise Unusable("The records folder /x cannot be written: Permission denied.")

    settings = load({"upstream": "http://engine:8000"}, None)
    trials = [("addresses", "free", lambda: None), ("records", "can be written to /x", impossible)]
    lines = [str(each) for each in findings(settings, lambda *_: None, trials)]
    assert lines[1] == "ok    addresses: free"
    assert lines[2] == "wrong records: The records folder /x cannot be written: Permission denied."


def test_an_engine_url_that_doubles_v1_is_noted() -> None:
    lines = said({"upstream": "http://engine:8000/v1"})
    assert lines[-1].startswith("note  upstream: http://engine:8000/v1 ends in /v1")


def test_a_wrong_hash_and_a_changed_pulled_tokenizer_are_found(tmp_path: Path) -> None:
    folder = kept(tmp_path / "cache", "org/model")
    (folder / "tokenizer.json").write_text("{}")
    rules = [{"models": "a*", "vocabulary": str(model_folder(tmp_path / "m")), "sha256": "00" * 32}]
    lines = said({"tokenizers": rules, "tokenizer_cache": tmp_path / "cache"})
    assert lines[1].startswith("wrong tokenizer for a*: The file ")
    assert lines[1].endswith("get it again, or correct what is expected.")
    assert lines[2].startswith("wrong tokenizer pulled: org/model: The file ")


def test_a_key_for_client_ids_that_everybody_may_read_is_noted(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    options: dict[str, object] = {"client_id": "api_key", "client_key_file": str(key)}
    key.chmod(0o600)
    assert said(options)[-1].startswith("ok ")
    key.chmod(0o644)
    assert said(options)[-1] == (
        f"note  key for client ids: everybody on this machine may read {key}: take that right away"
    )
