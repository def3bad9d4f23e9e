"""All files of a recommendation: as kept beside the tests, and safe whatever names come from outside."""

import shlex
from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.emit import Recommendation, files
from analyzer.engine import ServingProfile, schedules_ahead
from tests.unit.analyzer.emit.cases import CASES, GOLDEN, one_number, over_the_week


@pytest.mark.parametrize("case", CASES)
def test_the_files_are_those_that_are_kept(case: str) -> None:
    """After a change that is meant: `python -m tests.unit.analyzer.emit.regenerate`, and read the difference."""
    folder = GOLDEN / case
    kept = {place.relative_to(folder).as_posix(): place for place in folder.rglob("*") if place.is_file()}
    made = files(CASES[case]())
    assert sorted(made) == sorted(kept)
    for path, text in made.items():
        assert text == kept[path].read_text(encoding="utf-8"), path


@pytest.mark.parametrize("recommendation", CASES.values(), ids=CASES)
def test_every_yaml_file_is_yaml_and_none_names_a_key_twice(recommendation: Callable[[], Recommendation]) -> None:
    for path, text in files(recommendation()).items():
        if path.endswith(".yaml"):
            root = yaml.compose(text)
            assert isinstance(root, yaml.MappingNode), path
            keys = [key.value for key, _ in root.value]
            assert len(keys) == len(set(keys)), path


def test_the_index_names_every_file() -> None:
    for recommendation in CASES.values():
        made = files(recommendation())
        for path in made:
            assert path == "README.md" or path in made["README.md"] or path.startswith("seasons/"), path


def test_the_index_says_when_there_is_no_schedule_and_when_a_season_has_its_own_files() -> None:
    assert "There is no schedule" in files(one_number())["README.md"]
    assert "There is no schedule" not in files(over_the_week())["README.md"]
    assert "| seasons/ |" in files(over_the_week())["README.md"]
    assert "| seasons/ |" not in files(one_number())["README.md"]


def test_the_same_recommendation_gives_the_same_files() -> None:
    assert files(over_the_week()) == files(over_the_week())


def named(name: str) -> Recommendation:
    """The recommendation with one name in every place that a name from outside can come to."""
    plain = over_the_week()

    def renamed(profile: ServingProfile) -> ServingProfile:
        ahead = schedules_ahead(profile.engine, name)  # as the version has it, which then needs no setting
        return replace(profile, model=name, engine_version=name, async_scheduling=ahead)

    return replace(
        plain,
        profile=renamed(plain.profile),
        window=name,
        seasons=tuple(
            replace(season, name=f"{place} {name}", profile=renamed(season.profile))
            for place, season in enumerate(plain.seasons)
        ),
        reasons={"tp": name, "max_model_len": name},
        deployment=name,
    )


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40))
@example("x\nexec rm -rf /\nkey: [")
@example('"; $(touch /tmp/x) `id` {{ 7*7 }} {% raw %} \\')
@example("--trust_remote_code")
@example("| a | <b> `c`\u2028d\x85e")
def test_a_name_from_outside_changes_no_structure(name: str) -> None:
    made, plain = files(named(name)), files(over_the_week())
    assert len(made) == len(plain)
    assert yaml.safe_load(made["vllm.yaml"])["model"] == name
    assert yaml.safe_load(made["kubernetes/dynamo.yaml"])["spec"]["components"][1]["replicas"] == 3
    assert all(yaml.safe_load(text) for path, text in made.items() if path.endswith(".yaml"))
    for path in ("nim/nim.env", "triton/legacy-config.pbtxt", "trtllm/legacy-build.sh"):
        assert code(made[path]) == code(plain[path]), path
    served = made["trtllm/serve.sh"]
    assert shlex.split(served[served.index("\nexec ") :])[-2:] == ["--", name.replace("\0", "")]


def code(text: str) -> list[str]:
    """The lines that are not comments."""
    return [line for line in text.splitlines() if not line.startswith("#")]
