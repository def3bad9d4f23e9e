"""The table of names: consistent in itself, and honest about versions."""

from dataclasses import replace

import pytest

from analyzer.emit.changes import changes
from analyzer.emit.names import Names, names, same_family, spoken
from analyzer.emit.plan import plans
from analyzer.engine import EngineName
from tests.unit.analyzer.emit.cases import CASES, VLLM, over_the_week

TABLE = names()
PLAIN = ("vllm", "sglang", "trtllm")


def bare(name: str) -> str:
    """A name without the no- of a switch that is off."""
    return name.removeprefix("no-")


@pytest.mark.parametrize("engine", TABLE)
def test_every_name_was_found_in_every_version_of_the_table(engine: str) -> None:
    table = TABLE[engine]
    used = {bare(name) for name in (*table.of.values(), *table.off.values())}
    for version, known in table.known.items():
        assert used == set(known), f"{engine} {version}"


@pytest.mark.parametrize("engine", PLAIN)
@pytest.mark.parametrize("case", CASES)
def test_every_setting_that_is_written_has_a_name_of_the_table(engine: EngineName, case: str) -> None:
    table = TABLE[engine]
    for plan in plans(CASES[case](), TABLE):
        for setting in plan.settings(engine):
            if setting.name is not None:
                assert bare(setting.name) in table.known[table.versions[-1]]


@pytest.mark.parametrize("engine", PLAIN)
def test_every_knob_has_a_name_or_a_reason_why_there_is_none(engine: str) -> None:
    knobs = set(changes(over_the_week(), VLLM, 1)) - {"replicas"}
    assert knobs <= set(TABLE[engine].of) | set(TABLE[engine].off) | set(TABLE[engine].absent)


def vllm(*versions: str) -> Names:
    return replace(TABLE["vllm"], known=dict.fromkeys(versions, ()))


def test_a_version_between_those_looked_into_is_said_to_be_known() -> None:
    assert (
        vllm("0.11.0", "0.33.0").as_of("0.12.1.post2")
        == "Names looked up in vLLM 0.11.0 to 0.33.0; yours is 0.12.1.post2."
    )
    assert vllm("0.33.0").as_of("0.33.0") == "Names looked up in vLLM 0.33.0; yours is 0.33.0."


@pytest.mark.parametrize("version", ["0.34.0", "0.10.2", "1.0", "nightly", ""])
def test_any_other_version_is_said_not_to_be(version: str) -> None:
    assert (
        vllm("0.11.0", "0.33.0")
        .as_of(version)
        .endswith(f"yours is {version}, in which they were not looked up: check them.")
    )


def test_an_unstated_version_is_said_to_be_unstated() -> None:
    assert vllm("0.33.0").as_of(None) == "Names as of vLLM 0.33.0; which version you run is not stated."


def test_nim_counts_memory_as_the_vllm_inside_it_does() -> None:
    assert same_family("nim", "vllm")
    assert same_family("sglang", "sglang")
    assert not same_family("vllm", "sglang")
    assert not same_family("trtllm", "nim")


def test_engines_are_called_what_their_makers_call_them() -> None:
    assert [spoken(engine) for engine in ("vllm", "sglang", "trtllm", "nim")] == [
        "vLLM",
        "SGLang",
        "TensorRT-LLM",
        "NIM",
    ]
