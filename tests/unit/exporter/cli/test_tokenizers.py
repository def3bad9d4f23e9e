import pytest

from exporter.cli import main


def test_each_verb_has_a_sentence_and_one_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["tokenizers"])
    assert ended.value.code == 2
    with pytest.raises(SystemExit):
        main(["tokenizers", "--help"])
    said = capsys.readouterr().out
    for line in ("list      what is there", "pull      fetch into the cache", "count     count a text"):
        assert line in said


def test_a_count_is_for_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["tokenizers", "count"])
    assert ended.value.code == 2
    assert "--model" in capsys.readouterr().err
