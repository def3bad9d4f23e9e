"""From settings to who looks after finished records."""

from collections.abc import Mapping
from concurrent.futures import Executor

from exporter.errors import Unusable
from exporter.settings import Settings
from exporter.sinks.keeper import Keeper, Rules
from exporter.sinks.object_store import Bucket, Unreachable

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


def keeper(settings: Settings, environment: Mapping[str, str], executor: Executor) -> Keeper | None:
    """Who uploads and deletes finished files, or None where neither is wanted."""
    kept, upload = settings.retention, settings.upload
    if not (upload.target or kept.hours or kept.bytes):
        return None
    rules = Rules(kept.hours, kept.bytes, upload.keep_hours)
    return Keeper(settings.records, bucket(settings, environment), rules, executor)


def bucket(settings: Settings, environment: Mapping[str, str]) -> Bucket | None:
    """The upload target; its endpoint is the setting's, else the environment's, else that of AWS."""
    upload = settings.upload
    if not upload.target:
        return None
    named = (environment.get(name, "") for name in _ENDPOINTS)
    return Bucket(upload.target, upload.endpoint or next(filter(None, named), ""), upload.region)


def try_bucket(settings: Settings, environment: Mapping[str, str]) -> None:
    """Asks for the bucket of the upload target. Raises Unusable where it does not answer."""
    target = bucket(settings, environment)
    if target is None:
        return
    try:
        target.look()
    except Unreachable as error:
        raise Unusable(
            f"{target.url} does not answer: {error}; correct `upload`, or the credentials in the environment."
        ) from None
