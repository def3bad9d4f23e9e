"""Finished files reach an object store, late where it was away, and leave the local disk only then."""

import subprocess
import sys
from pathlib import Path

import pytest

from exporter.sinks.object_store import Bucket, Unreachable
from tests.e2e.test_fail_open import asked
from tests.fakes.processes import Engine, eventually, sidecar
from tests.fakes.stores import ObjectStore
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

MARKED_KEY, MARKED_SECRET = "AKIAZIRCONQUILT", "vexhalberdsecret"
BUCKET = "records-of-a-team"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", MARKED_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", MARKED_SECRET)
    monkeypatch.setenv("AWS_REGION", "us-east-1")


def test_records_wait_for_a_store_that_is_away_then_are_uploaded_and_then_deleted_locally(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ObjectStore() as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
        settings = f'rotate_seconds = 0.3\n[upload]\ntarget = "s3://{BUCKET}/deep/er"\nkeep_hours = 0\n'
        with sidecar(engine.url, tmp_path, settings=settings) as relay:
            for number in range(10):
                asked(relay, number)
            eventually(lambda: relay.metric("tokentide_record_uploads_total", result="failed") >= 2, "two attempts")
            waiting = {str(file.relative_to(relay.records)) for file in relay.records.glob("date=*/hour=*/*.parquet")}
            assert waiting
            assert relay.metric("tokentide_upload_backlog_bytes") > 0
            assert relay.log.count("Records cannot be uploaded") == 1
            assert "NETWORK_CONNECTION during PutObject. They wait in" in relay.log
            store.start(BUCKET)
            eventually(lambda: relay.metric("tokentide_upload_backlog_bytes") == 0, "the upload of what waited", 40)
            eventually(lambda: not list(relay.records.glob("date=*")), "the end of the local copies")
            assert f"Records are uploaded to s3://{BUCKET}/deep/er again." in relay.log
            asked(relay, 10)
            pages = web().get(f"{relay.admin}/metrics").text
            assert relay.stop() == 0
        assert waiting <= {name.removeprefix("deep/er/") for name in store.objects(BUCKET)}
        assert [row["request_id"] for row in store.rows(BUCKET)] == [f"request-{number}" for number in range(11)]
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) + pages.encode()
    assert MARKED_KEY.encode() not in left
    assert MARKED_SECRET.encode() not in left


def test_check_tells_whether_the_bucket_is_there(engine: Engine, tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("tokentide-exporter"))
    settings = tmp_path / "settings.toml"

    def said(bucket: str) -> tuple[int, str]:
        settings.write_text(
            f'upstream = "{engine.url}"\nrecords = "{tmp_path / "records"}"\nlisten = "127.0.0.1:0"\n'
            'admin = "127.0.0.1:0"\nhealth = "127.0.0.1:0"\n'
            f'[upload]\ntarget = "s3://{bucket}/x"\nendpoint = "{store.url}"\n'
        )
        command = [program, "check", "--settings", str(settings)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    with ObjectStore() as store:
        store.start(BUCKET)
        assert said(BUCKET) == (0, said(BUCKET)[1])
        assert f"ok    upload: s3://{BUCKET}/x can be reached" in said(BUCKET)[1]
        status, lines = said("no-such-bucket")
    assert status == 2
    assert "wrong upload: s3://no-such-bucket/x does not answer: there is no such" in lines


def test_an_object_is_whole_whatever_its_size_and_replaced_by_the_next(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with ObjectStore() as store:
        store.start(BUCKET)
        bucket = Bucket(f"s3://{BUCKET}/some", store.url)
        for content in (b"", b"small", b"in several parts" * 800_000, b"small again"):
            file.write_bytes(content)
            bucket.put(file, "date=2025-11-21/file.parquet")
            assert store.content(BUCKET, "some/date=2025-11-21/file.parquet") == content
        with pytest.raises(Unreachable, match="NO_SUCH_BUCKET during PutObject"):
            Bucket("s3://nowhere", store.url).put(file, "file.parquet")
    with pytest.raises(Unreachable, match="NETWORK_CONNECTION during PutObject"):
        bucket.put(file, "file.parquet")
