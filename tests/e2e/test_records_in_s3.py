"""Records in a bucket are analysed like those in a folder."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs

from analyzer.cli import main
from analyzer.traces.marginal_files import write as write_marginals
from tests.fakes.marginals import marginals
from tests.fakes.recordings import row, write

HOUR = "records/date=2025-03-03/hour=00"
Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, bytes], None]:
    """A bucket `traffic` with 4,000 requests in two files; puts further objects into it."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", endpoint),
    ):
        monkeypatch.setenv(name, value)
    store = fs.S3FileSystem(endpoint_override=endpoint, allow_bucket_creation=True)
    if store.get_file_info("traffic").type is fs.FileType.Directory:
        store.delete_dir_contents("traffic")
    store.create_dir("traffic")

    def put(name: str, content: bytes) -> None:
        with store.open_output_stream(f"traffic/{name}") as stream:
            stream.write(content)

    rows = [row(i * 0.5, 50 + i * 37 % 900, 5 + i * 11 % 90) for i in range(4000)]
    put(f"{HOUR}/a.parquet", write(tmp_path / "a.parquet", rows[:2000]).read_bytes())
    put(f"{HOUR}/b.parquet", write(tmp_path / "b.parquet", rows[2000:]).read_bytes())
    put("records/.spool/c.parquet", b"still being written")
    put("records/notes.txt", b"no records")
    return put


@pytest.fixture
def analyzed(capsys: pytest.CaptureFixture[str]) -> Run:
    def once(*arguments: str) -> tuple[int, Any, str]:
        code = main(["analyze", *arguments])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else None, told.err

    return once


@pytest.mark.parametrize(
    ("place", "requests"),
    [
        ("s3://traffic/records", 4000),
        ("s3://traffic/records/", 4000),
        ("s3://traffic/records/date=2025-03-*/*.parquet", 4000),
        (f"s3://traffic/{HOUR}/a.parquet", 2000),
    ],
)
def test_a_prefix_a_glob_and_an_object_are_read(
    bucket: Callable[[str, bytes], None], analyzed: Run, place: str, requests: int
) -> None:
    code, analysis, _ = analyzed(place)
    assert code in {0, 4}
    assert analysis["models"]["m"]["requests"] == requests


def test_the_same_rows_give_the_same_analysis_from_a_folder(
    bucket: Callable[[str, bytes], None], analyzed: Run, tmp_path: Path
) -> None:
    assert analyzed("s3://traffic/records")[1] == analyzed(str(tmp_path))[1]


def test_objects_that_cannot_be_read_are_named_by_their_address(
    bucket: Callable[[str, bytes], None], analyzed: Run, tmp_path: Path
) -> None:
    bucket("records/bad.parquet", b"text")
    whole = write(tmp_path / "whole" / "c.parquet", [row(i) for i in range(9000)]).read_bytes()
    bucket("records/damaged.parquet", whole[:100] + b"\xff" * 4000 + whole[4100:])
    counts = write_marginals({"m": marginals({0: ([1], [1])})}, tmp_path / "m", "counts").read_bytes()
    bucket("records/counts.parquet", counts)
    code, analysis, err = analyzed("s3://traffic/records")
    assert code == 3
    assert analysis["models"]["m"]["requests"] == 4000
    assert "s3://traffic/records/bad.parquet: it is not a Parquet file" in err
    assert "s3://traffic/records/damaged.parquet: it is damaged" in err
    assert "s3://traffic/records/counts.parquet: it holds bucket counts" in err
    assert "The other 2 file(s) were read" in err


@pytest.mark.parametrize("place", ["s3://traffic/none", "s3://nobody/records", "s3://traffic/none*.parquet"])
def test_a_place_that_holds_nothing_is_named(bucket: Callable[[str, bytes], None], analyzed: Run, place: str) -> None:
    code, _, err = analyzed(place)
    assert code == 3
    assert err.startswith(f"tokentide-analyzer: {place}: ")
    assert len(err.splitlines()) == 1


def test_a_store_that_is_away_is_said_without_what_could_hold_a_key(
    bucket: Callable[[str, bytes], None], analyzed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    code, _, err = analyzed("s3://traffic/records")
    assert code == 3
    assert err == "tokentide-analyzer: s3://traffic/records: it cannot be listed (NETWORK_CONNECTION)\n"
