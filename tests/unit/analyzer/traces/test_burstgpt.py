from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.traces.base import Wishes
from analyzer.traces.burstgpt import BurstGPT
from analyzer.traces.fields import FAILED
from analyzer.window import microseconds
from tests.unit.analyzer.traces.reading import seen, written

START = datetime(2025, 1, 1, tzinfo=UTC)
WISHES = Wishes(start=microseconds(START))
FIRST = (
    "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type",
    "5,ChatGPT,472,18,490,Conversation log",
    "45,GPT-4,1087,0,1087,API log",
)
SECOND = (
    "Timestamp,SessionID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type",
    "5,1,4.5,ChatGPT,472,18,490,Conversation log",
    "45,,0.5,GPT-4,1087,0,1087,API log",
)
THIRD = (
    "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type",
    "5.0,1722ac82-0a46-4bf0-aa08-89794e7a2b3f,4.5,ChatGPT,472,18,490,Conversation log",
    "45.0,,0.5,GPT-4,1087,0,1087,API log",
)


@pytest.mark.parametrize("lines", [FIRST, SECOND, THIRD], ids=["without_sessions", "announced", "with_sessions"])
def test_every_generation_of_columns_gives_the_same_requests(tmp_path: Path, lines: tuple[str, ...]) -> None:
    found = seen(BurstGPT(), written(tmp_path / "BurstGPT.csv", *lines), WISHES)
    assert found.column("timestamp") == [START + timedelta(seconds=5), START + timedelta(seconds=45)]
    assert found.column("model") == ["ChatGPT", "GPT-4"]
    assert found.column("operation") == ["chat", "other"]
    assert list(zip(found.column("input_tokens"), found.column("output_tokens"), strict=True)) == [(472, 18), (1087, 0)]
    assert found.column("e2e_us") == ([None, None] if lines is FIRST else [4_500_000, 500_000])
    assert not {"session_id", "client_id"} & set(found.rows[0])


def test_an_answer_of_no_token_is_a_failure(tmp_path: Path) -> None:
    found = seen(BurstGPT(), written(tmp_path / "a.csv", *FIRST), WISHES)
    assert found.column("outcome") == ["completed", "upstream_error"]
    assert found.notes == {FAILED: 1}


def test_columns_in_another_order_are_found_by_name(tmp_path: Path) -> None:
    lines = ("Log Type,Timestamp,Request tokens,Response tokens,Total tokens,Model", "API log,7,1,2,3,GPT-4")
    found = seen(BurstGPT(), written(tmp_path / "a.csv", *lines), WISHES)
    assert (found.column("input_tokens"), found.column("model")) == ([1], ["GPT-4"])


def test_its_times_need_a_start() -> None:
    assert BurstGPT().relative
