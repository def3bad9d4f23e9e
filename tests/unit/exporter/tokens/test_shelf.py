"""All vocabularies are listed with their models, and with what is wrong with them."""

import json
from pathlib import Path

from exporter.tokens.choice import Rule
from exporter.tokens.folder import sha256
from exporter.tokens.shelf import vocabularies
from exporter.tokens.vocabulary import O200K
from tests.fakes.vocabularies import model_folder, tekken
from tests.unit.exporter.tokens.test_cache import kept


def test_shipped_pulled_and_named_vocabularies_are_listed_with_their_models(tmp_path: Path) -> None:
    kept(tmp_path / "cache", "org/model")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "tekken.json").write_text(json.dumps(tekken()))
    rules = [Rule("m*", str(mine)), Rule("x*", "o200k_base"), Rule("y*", "org/model"), Rule("z*", "bytes")]
    listed = {each.name: each for each in vocabularies(rules, tmp_path / "cache")}
    assert list(listed) == ["cl100k_base", "o200k_base", "org/model", str(mine)]
    assert (listed["o200k_base"].sha256, listed["o200k_base"].models[:2]) == (O200K.sha256, ("x*", "gpt-4o*"))
    assert listed["org/model"].models == ("y*", "org/model")
    assert listed["org/model"].kind == "hugging face with chat template"
    assert (listed[str(mine)].kind, listed[str(mine)].models) == ("tekken", ("m*",))
    assert listed[str(mine)].sha256 == sha256(mine / "tekken.json")
    assert not any(each.problem for each in listed.values())


def test_what_is_missing_or_has_changed_is_listed_with_its_problem(tmp_path: Path) -> None:
    (kept(tmp_path / "cache", "org/model") / "tokenizer.json").write_text("{}")
    model_folder(tmp_path / "m")
    rules = [Rule("a*", str(tmp_path / "nowhere")), Rule("b*", str(tmp_path / "m"), "00" * 32)]
    problems = [each.problem for each in vocabularies(rules, tmp_path / "cache")]
    assert problems[:2] == ["", ""]
    for problem, said in zip(problems[2:], ("has SHA-256", "There is no tokenizer", "expected is 0000"), strict=True):
        assert said in problem
