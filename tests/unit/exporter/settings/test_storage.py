import pytest
from pydantic import ValidationError

from exporter.settings.storage import Retention, Upload


def test_nothing_is_uploaded_or_deleted_unless_asked_for() -> None:
    assert Upload().target == ""
    assert (Retention().hours, Retention().bytes) == (0, 0)


@pytest.mark.parametrize("target", ["s3://bucket", "s3://bucket/", "s3://bucket/deep/er"])
def test_a_target_is_a_bucket_with_or_without_a_prefix(target: str) -> None:
    assert Upload(target=target).target == target.rstrip("/")


@pytest.mark.parametrize("endpoint", ["store:9000", "ftp://store", "http://key:secret@store", "http://store/path"])
def test_an_endpoint_is_the_url_of_a_host(endpoint: str) -> None:
    with pytest.raises(ValidationError):
        Upload(endpoint=endpoint)
