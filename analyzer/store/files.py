"""Which files are meant, and whether each of them holds records."""

import glob
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from analyzer.errors import UnreadableFile, UnreadableRecords
from analyzer.store.marginals import COLUMNS as MARGINAL_COLUMNS
from analyzer.store.remote import SCHEME, Bucket
from exporter.record import REQUIRED_COLUMNS


@dataclass(frozen=True, slots=True)
class Found:
    """The files that hold records, and those that do not or cannot be read, each with the reason.

    `marginals` are the files that hold bucket counts instead of requests, `remote` objects in S3 that hold records.
    """

    readable: tuple[Path, ...]
    unreadable: tuple[UnreadableFile, ...]
    marginals: tuple[Path, ...] = ()
    remote: tuple[str, ...] = ()


def find(places: Iterable[str]) -> Found:
    """The Parquet files at `places`: files, folders (searched for `*.parquet`, hidden ones left out), globs and `s3://`.

    Only the end of each file is read, where its columns are named. Nothing is raised for a file that cannot be read;
    it is named in the answer. An empty folder gives no file and is no error: nothing was recorded yet.
    """
    readable: dict[Path, None] = {}
    marginals: dict[Path, None] = {}
    unreadable: list[UnreadableFile] = []
    remote: dict[str, None] = {}
    for place in places:
        try:
            if place.startswith(SCHEME):
                _look(Bucket(), place, remote, unreadable)
                continue
            paths = sorted(_paths(place))
        except UnreadableRecords as error:
            unreadable.extend(error.files)
            continue
        for path in paths:
            reason = _reason_against(path)
            if reason is None and _holds_marginals(path):
                marginals[path.resolve()] = None
            elif reason is None:
                readable[path.resolve()] = None
            else:
                unreadable.append(UnreadableFile(str(path), reason))
    return Found(tuple(readable), tuple(unreadable), tuple(marginals), tuple(remote))


def _look(bucket: Bucket, place: str, found: dict[str, None], unreadable: list[UnreadableFile]) -> None:
    """Add the objects at `place` to those that hold records, or to those that cannot be read."""
    for url in bucket.urls(place):
        reason = _reason(lambda url=url: bucket.schema(url))  # type: ignore[misc]  # a lambda's default has no type
        if reason is None and set(MARGINAL_COLUMNS) <= set(bucket.schema(url).names):
            reason = "it holds bucket counts, which are read from local files only: copy it here first"
        if reason is None:
            found[url] = None
        else:
            unreadable.append(UnreadableFile(url, reason))


def _paths(place: str) -> Iterator[Path]:
    if "://" in place:
        raise _unreadable(place, "only local files and s3:// can be read: copy the records here first")
    path = Path(place)
    if path.is_dir():
        yield from (p for p in path.rglob("*.parquet") if p.is_file() and not _hidden(p.relative_to(path)))
    elif path.exists():
        yield path
    elif glob.has_magic(place):
        matches = [Path(match) for match in glob.glob(place, recursive=True)]  # noqa: PTH207  Path.glob takes no absolute pattern
        if not matches:
            raise _unreadable(place, "no file matches this pattern")
        yield from (p for p in matches if p.is_file())
    else:
        raise _unreadable(place, "there is no such file or folder")


def _hidden(path: Path) -> bool:
    """Whether any part begins with a dot: the exporter's `.spool` and files that are still being written."""
    return any(part.startswith(".") for part in path.parts)


def _unreadable(place: str, reason: str) -> UnreadableRecords:
    return UnreadableRecords((UnreadableFile(place, reason),))


def _reason_against(path: Path) -> str | None:
    """Why `path` holds no records, `None` where it does."""
    return _reason(lambda: parquet.read_schema(path))


def _reason(read: Callable[[], pa.Schema]) -> str | None:
    """Why what `read` tells of holds no records, `None` where it does."""
    try:
        schema = read()
    except (pa.ArrowException, OSError) as error:
        return f"it is not a Parquet file that can be read ({_first_line(error)})"
    if set(MARGINAL_COLUMNS) <= set(schema.names):
        return None
    missing = [name for name in REQUIRED_COLUMNS if name not in schema.names]
    if missing:
        return f"it holds other data than records: it lacks the columns {', '.join(missing)}"
    for name, (fits, wanted) in _TYPES.items():
        if name in schema.names and not fits(schema.field(name).type):
            return f"its column {name} is {schema.field(name).type}, not {wanted}"
    return None


def _holds_marginals(path: Path) -> bool:
    return set(MARGINAL_COLUMNS) <= set(parquet.read_schema(path).names)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _timestamp(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind))


def _number(kind: pa.DataType) -> bool:
    """Whole numbers, and the floating ones that pandas makes of them where values are missing."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind))


def _text(kind: pa.DataType) -> bool:
    value = kind.value_type if isinstance(kind, pa.DictionaryType) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_null(value))


def _counts(kind: pa.DataType) -> bool:
    if isinstance(kind, (pa.ListType, pa.LargeListType)):
        return bool(pa.types.is_integer(kind.value_type))
    return bool(pa.types.is_null(kind))


_TYPES: dict[str, tuple[Callable[[pa.DataType], bool], str]] = {
    "timestamp": (_timestamp, "a timestamp"),
    **dict.fromkeys(
        ("model", "client_id", "operation", "upstream", "instance", "outcome", "finish_reason", "error_type"),
        (_text, "text"),
    ),
    **dict.fromkeys(
        ("input_tokens", "output_tokens", "cached_input_tokens", "max_tokens", "http_status"), (_number, "a number")
    ),
    **dict.fromkeys(("ttft_us", "tpot_us", "e2e_us"), (_number, "a number")),
    **dict.fromkeys(("itl_counts", "prefix_blocks", "hash_ids"), (_counts, "a list of whole numbers")),
}
