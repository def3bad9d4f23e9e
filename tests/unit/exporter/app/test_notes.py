from pathlib import Path

from exporter.app.notes import Finding, notes
from exporter.settings import load


def noted(**given: object) -> list[str]:
    return [str(note) for note in notes(load({"upstream": "http://engine:8000", **given}, None))]


def test_usual_settings_have_no_notes() -> None:
    assert noted() == []


def test_an_engine_url_that_doubles_v1_is_noted() -> None:
    [note] = noted(upstream="http://engine:8000/v1")
    assert note.startswith("note  upstream: http://engine:8000/v1 ends in /v1, so /v1/chat/completions becomes")


def test_a_key_that_everybody_may_read_is_noted(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef")
    key.chmod(0o644)
    [note] = noted(client_id="authorization", client_key_file=str(key))
    assert note == f"note  key for client ids: everybody on this machine may read {key}: take that right away"
    key.chmod(0o600)
    assert noted(client_id="authorization", client_key_file=str(key)) == []


def test_a_finding_says_first_whether_it_is_good() -> None:
    assert str(Finding(good=True, sentence="settings")) == "ok    settings"
    assert str(Finding(good=False, sentence="keys")) == "wrong keys"
