"""An S3 bucket as a place for finished files: each object appears whole or not at all."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa
from pyarrow import fs

T = TypeVar("T")
_CONNECT_SECONDS: Final = 5
_SILENT_SECONDS: Final = 10
_AWS_ERROR: Final = re.compile(r"AWS Error (\w+)(?: \(HTTP status (\d+)\))? during (\w+)")


class Unreachable(Exception):
    """The store did not take or answer something; the message is a few fixed words, never its own text."""


class Bucket:
    """Puts files below a bucket and prefix; credentials come from where the AWS SDK looks for them.

    `endpoint` and `region` may be empty for those of the environment. A connection is first made when it is needed.
    """

    def __init__(self, target: str, endpoint: str = "", region: str = "") -> None:
        self.url = target
        self._root = target.removeprefix("s3://")
        self._options = {name: value for name, value in (("endpoint_override", endpoint), ("region", region)) if value}
        self._store: fs.S3FileSystem | None = None

    def put(self, file: Path, place: str) -> None:
        """Copies a file over an object. Raises OSError for the file, Unreachable for the store."""
        with pa.memory_map(str(file)) as source:  # all of it before the first byte is sent: no half object is completed
            content = source.read_buffer()
            _told(lambda: self._write(f"{self._root}/{place}", content))

    def look(self) -> None:
        """Asks the store for the bucket. Raises Unreachable."""
        name = self._root.partition("/")[0]
        if _told(lambda: self._connection().get_file_info(name)).type is fs.FileType.NotFound:
            raise Unreachable("there is no such bucket")

    def _write(self, name: str, content: "pa.Buffer") -> None:
        with self._connection().open_output_stream(name) as stream:
            stream.write(content)

    def _connection(self) -> fs.S3FileSystem:
        if self._store is None:
            self._store = fs.S3FileSystem(
                **self._options,
                connect_timeout=_CONNECT_SECONDS,
                request_timeout=_SILENT_SECONDS,
                background_writes=False,
                allow_delayed_open=True,  # a file below 10 MB is one request
                retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=1),  # whoever calls tries again
            )
        return self._store


def _told(act: Callable[[], T]) -> T:
    try:
        return act()
    except (OSError, pa.ArrowException) as error:
        raise Unreachable(_reason(error)) from None


def _reason(error: Exception) -> str:
    """What the SDK calls the error: its own text could quote a key."""
    found = _AWS_ERROR.search(str(error))
    if found is None:
        return type(error).__name__
    name, status, operation = found.groups()
    return f"{name} during {operation}" if status is None else f"{name} (HTTP status {status}) during {operation}"
