"""What the store says is told in fixed words; the rest needs a store (tests/e2e/test_upload.py)."""

from pathlib import Path

import pytest

from exporter.sinks.object_store import Bucket, _reason


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "When uploading key 'a' in bucket 'b': AWS Error NO_SUCH_BUCKET during PutObject operation: secret",
            "NO_SUCH_BUCKET during PutObject",
        ),
        (
            "When listing: AWS Error UNKNOWN (HTTP status 403) during ListObjectsV2 operation: key AKIAMARKED is wrong",
            "UNKNOWN (HTTP status 403) during ListObjectsV2",
        ),
        ("something with AKIAMARKED in it", "OSError"),
    ],
)
def test_a_reason_holds_nothing_of_the_text_of_an_error(text: str, told: str) -> None:
    assert _reason(OSError(text)) == told


def test_a_file_that_is_gone_is_no_fault_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Bucket("s3://bucket/prefix").put(tmp_path / "gone.parquet", "gone.parquet")
