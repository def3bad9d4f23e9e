from typing import Any

import pytest

from exporter.app.upkeep import bucket, keeper, try_bucket
from exporter.settings import Settings, load
from tests.fakes.executors import Inline


def settings(**more: Any) -> Settings:
    return load({"upstream": "http://e", **more}, None)


def test_nobody_looks_after_files_unless_asked_to() -> None:
    assert keeper(settings(), {"AWS_ENDPOINT_URL": "http://store"}, Inline()) is None
    assert bucket(settings(), {"AWS_ENDPOINT_URL": "http://store"}) is None
    try_bucket(settings(), {})


@pytest.mark.parametrize(
    ("more", "uploading"),
    [
        ({"retention": {"hours": 1}}, False),
        ({"retention": {"bytes": 1}}, False),
        ({"upload": {"target": "s3://bucket"}}, True),
    ],
)
def test_each_wish_has_its_keeper(more: dict[str, object], uploading: bool) -> None:
    kept = keeper(settings(**more), {}, Inline())
    assert kept is not None
    assert kept.uploading is uploading


@pytest.mark.parametrize(
    ("endpoint", "environment", "used"),
    [
        ("http://set", {"AWS_ENDPOINT_URL": "http://all"}, "http://set"),
        ("", {"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3"}, "http://s3"),
        ("", {"AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        ("", {}, None),
    ],
)
def test_the_endpoint_is_the_setting_s_or_the_environment_s(
    endpoint: str, environment: dict[str, str], used: str | None
) -> None:
    target = bucket(settings(upload={"target": "s3://b/p", "endpoint": endpoint, "region": "eu-1"}), environment)
    assert target is not None
    assert (target.url, target._options.get("endpoint_override")) == ("s3://b/p", used)
    assert target._options["region"] == "eu-1"
