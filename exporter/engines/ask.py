"""One GET from an engine: bounded in time and size."""

import http.client
import socket
import ssl
from time import monotonic
from urllib.parse import urlsplit

_READ = 64 * 1024


class Unanswered(Exception):
    """An engine did not say what it was asked; the text is a short reason."""


def get(url: str, path: str, timeout: float, most: int, tls: ssl.SSLContext | None) -> bytes:
    """The body at `path` of an engine's URL (`http:`, `https:` or `unix:`).

    `timeout` in seconds bounds the whole exchange and `most` the bytes of the body. Raises Unanswered.
    """
    end = monotonic() + timeout
    connection = _connection(url, timeout, tls)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "identity", "User-Agent": "tokentide-exporter"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise Unanswered(f"status {answer.status}")
        return _body(answer, end, most)
    except TimeoutError:
        raise Unanswered("no answer in time") from None
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(f"the connection failed ({type(error).__name__})") from None
    finally:
        connection.close()


def _connection(url: str, timeout: float, tls: ssl.SSLContext | None) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = http.client.HTTPConnection("localhost", timeout=timeout)
        try:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(timeout)
            connection.sock.connect(parts.path)
        except OSError as error:
            connection.close()
            raise Unanswered(f"the connection failed ({type(error).__name__})") from None
        return connection
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=tls)
    return http.client.HTTPConnection(host, parts.port, timeout=timeout)


def _body(answer: http.client.HTTPResponse, end: float, most: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read1(_READ):
        size += len(piece)
        if size > most:
            raise Unanswered(f"the answer is longer than {most} bytes")
        if monotonic() > end:
            raise TimeoutError
        pieces.append(piece)
    return b"".join(pieces)
