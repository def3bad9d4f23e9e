from datetime import UTC, datetime, timedelta
from pathlib import Path

from analyzer.traces.base import Wishes
from analyzer.traces.servegen import ServeGen
from analyzer.window import microseconds
from tests.unit.analyzer.traces.reading import seen, written

START = datetime(2025, 1, 1, tzinfo=UTC)
WISHES = Wishes(start=microseconds(START))


def test_generated_requests_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "request_id,timestamp,input_tokens,output_tokens", "0,0.25,120,30", "1,1.5,7,8")
    assert seen(ServeGen(), path, WISHES).rows == [
        {"timestamp": START + timedelta(seconds=0.25), "request_id": "0", "input_tokens": 120, "output_tokens": 30},
        {"timestamp": START + timedelta(seconds=1.5), "request_id": "1", "input_tokens": 7, "output_tokens": 8},
    ]


def test_clients_and_reasoning_are_kept_where_they_are_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "timestamp,client_id,input_tokens,output_tokens,reason_tokens", "0,c7,1,9,5")
    (row,) = seen(ServeGen(), path, WISHES).rows
    assert (row["client_id"], row["reasoning_tokens"]) == ("c7", 5)


def test_its_times_need_a_start() -> None:
    assert ServeGen().relative
