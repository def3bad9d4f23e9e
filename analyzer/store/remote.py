"""Records in an S3 bucket: listed and looked at where they are, fetched to be counted."""

import fnmatch
import glob
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import fs, parquet

from analyzer.errors import UnreadableFile, UnreadableRecords

SCHEME = "s3://"
_CONNECT_SECONDS = 10
_SILENT_SECONDS = 60
_AWS_ERROR = re.compile(r"AWS Error (\w+)(?: \(HTTP status (\d+)\))?")


class Bucket:
    """What the AWS SDK's environment gives access to: keys, region, and `AWS_ENDPOINT_URL` for other stores."""

    __slots__ = ("_store",)

    def __init__(self) -> None:
        """Nothing is asked before something is read."""
        # Arrow does not look at the endpoint that the SDK's other programs take from there
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None
        self._store = fs.S3FileSystem(
            endpoint_override=endpoint, connect_timeout=_CONNECT_SECONDS, request_timeout=_SILENT_SECONDS
        )

    def urls(self, place: str) -> Iterator[str]:
        """The objects that `place` means, in order: one, those below a prefix that end in `.parquet`, or a glob.

        What is hidden is left out, as in a folder; a star of a glob also goes over slashes. Raises `UnreadableRecords`
        where there is nothing or the bucket cannot be asked.
        """
        path = place.removeprefix(SCHEME).rstrip("/")
        try:
            found = sorted(self._paths(path))
            known = bool(found) or (not glob.has_magic(path) and self._is_folder(path))
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(place, f"it cannot be listed ({_reason(error)})") from None
        if not known:
            raise _unreadable(place, "there is no such object or prefix")
        yield from (f"{SCHEME}{one}" for one in found)

    def schema(self, url: str) -> pa.Schema:
        """The columns of a Parquet object, from its end; raises `OSError` or `pa.ArrowException` as for a file."""
        try:
            return parquet.read_schema(url.removeprefix(SCHEME), filesystem=self._store)
        except OSError as error:
            # the SDK's own text could quote a key
            raise OSError(_reason(error)) from None

    def fetch(self, url: str, folder: Path) -> Path:
        """A copy of an object in `folder`, with a name of its own; raises `UnreadableRecords` where there is none."""
        local = folder / re.sub(r"[^\w.=-]", "_", url.removeprefix(SCHEME))
        try:
            with self._store.open_input_stream(url.removeprefix(SCHEME)) as source, local.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(url, f"it cannot be fetched ({_reason(error)})") from None
        return local

    def _paths(self, path: str) -> Iterator[str]:
        if glob.has_magic(path):
            fixed = re.split(r"[*?\[]", path, maxsplit=1)[0].rpartition("/")[0]
            yield from (one for one in self._below(fixed) if fnmatch.fnmatchcase(one, path))
        elif self._store.get_file_info(path).type is fs.FileType.File:
            yield path
        else:
            yield from (one for one in self._below(path) if not _hidden(one.removeprefix(path)))

    def _below(self, path: str) -> Iterator[str]:
        selector = fs.FileSelector(path, recursive=True, allow_not_found=True)
        for info in self._store.get_file_info(selector):
            if info.type is fs.FileType.File and info.path.endswith(".parquet"):
                yield info.path

    def _is_folder(self, path: str) -> bool:
        return bool(self._store.get_file_info(path).type is fs.FileType.Directory)


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _unreadable(url: str, reason: str) -> UnreadableRecords:
    return UnreadableRecords((UnreadableFile(url, reason),))


def _reason(error: Exception) -> str:
    """What the SDK calls the error, or what kind it is."""
    found = _AWS_ERROR.search(str(error))
    if found is None:
        return "it is no Parquet file" if isinstance(error, pa.ArrowInvalid) else type(error).__name__
    name, status = found.groups()
    return name if status is None else f"{name}, HTTP status {status}"
