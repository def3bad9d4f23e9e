import pytest

from exporter.errors import BadSettings
from exporter.settings import load


def test_a_table_in_the_environment_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENTIDE_LIMITS", "{bad")
    monkeypatch.setenv("TOKENTIDE_TOKENIZERS", "nope")
    monkeypatch.setenv("TOKENTIDE_RECORDS", "{no table}")
    with pytest.raises(BadSettings) as error:
        load({"upstream": "http://e"}, None)
    limits, tokenizers = error.value.sentences
    assert limits.startswith('The variable TOKENTIDE_LIMITS is not JSON such as {"name": …}: ')
    assert tokenizers.startswith("The variable TOKENTIDE_TOKENIZERS is not JSON such as […]: ")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"limits": {"head": 1}}, "There is no setting `limits.head`; did you mean `limits.head_bytes`?"),
        (
            {"tokenizers": [{"models": "a", "vocabulary": "bytes", "sha": ""}]},
            "There is no setting `tokenizers.0.sha`; did you mean `tokenizers.0.sha256`?",
        ),
        ({"limits": {"zzz": 1}}, "There is no setting `limits.zzz`."),
        ({"limits": []}, "The setting `limits` is wrong: a table of keys and values is expected."),
        ({"tokenizers": {}}, "The setting `tokenizers` is wrong: a list is expected, such as [] with what it holds."),
    ],
)
def test_a_mistake_within_a_table_is_told_in_its_words(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadSettings) as error:
        load({"upstream": "http://e", **given}, None)
    assert error.value.sentences == (sentence,)
