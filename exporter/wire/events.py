"""What happened on the wire, as frozen values; whoever passes them on adds the time."""

from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RequestStarted:
    """A request's head was received.

    `headers` have lower-case names and come in wire order; `wall_us` is the time of reception in microseconds since
    the epoch (UTC); `concurrency` counts the requests in flight in this relay, this one included.
    """

    method: str
    target: str
    headers: Headers
    request_id: str
    upstream: str
    wall_us: int
    concurrency: int = 1


@dataclass(frozen=True, slots=True)
class RequestBody:
    """Bytes of the request's body, transfer coding removed, content coding kept."""

    data: bytes


@dataclass(frozen=True, slots=True)
class RequestEnded:
    """The last byte of the request was handed to the engine."""


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """The engine's final response head arrived (never a 1xx)."""

    status: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class ResponseBody:
    """Bytes of the response's body, transfer coding removed, content coding kept."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ResponseRun:
    """Several pieces of the response's body that came one after the other, as of `ResponseBody`: when each arrived, in
    monotonic nanoseconds, and its bytes.
    """

    pieces: list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class ResponseEnded:
    """The response is complete."""


@dataclass(frozen=True, slots=True)
class Aborted:
    """The exchange ended early; `by` is `client` or `upstream`, `reason` a short fixed word such as `reset`."""

    by: str
    reason: str


Event = (
    RequestStarted | RequestBody | RequestEnded | ResponseStarted | ResponseBody | ResponseRun | ResponseEnded | Aborted
)


@dataclass(frozen=True, slots=True)
class Stamped:
    """An event of one exchange with the monotonic nanosecond at which its bytes arrived."""

    exchange: int
    event: Event
    at: int


def header(headers: Headers, name: str) -> str | None:
    """The first value of the header `name` (lower case), or None."""
    for key, value in headers:
        if key == name:
            return value
    return None
