from typing import get_args

from analyzer.engine import Source
from analyzer.throughput.source_words import spoken


def test_every_source_of_step_times_is_explained() -> None:
    assert [source for source in get_args(Source) if spoken(source) == source] == ["stated"]


def test_a_stated_throughput_stays_stated() -> None:
    assert spoken("stated") == "stated"
