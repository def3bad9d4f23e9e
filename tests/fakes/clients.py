"""A client on a raw socket, for what no HTTP library would send, and h11 as the reader of what comes back."""

import contextlib
import socket
import struct
from dataclasses import dataclass, field

import h11


@dataclass(slots=True)
class Answered:
    """One answer as h11 read it; `interim` are the heads before the final one."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    trailers: dict[str, str] = field(default_factory=dict)
    interim: list[tuple[int, dict[str, str]]] = field(default_factory=list)


class RawClient:
    """One connection; what is sent is exactly what was given."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = 10.0, receive_buffer: int = 0) -> None:
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        try:
            self.sock.connect((host, port))
        except OSError:
            self.sock.close()
            raise
        self._ahead = b""

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Sends everything; raises ConnectionError when the other side has had enough."""
        self.sock.sendall(data)

    def finish(self) -> None:
        """Stops sending, and still reads."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Breaks the connection."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def interim(self) -> bytes:
        """The next head as it came, to be called where an interim answer is due."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            piece = self.sock.recv(1)
            if not piece:
                break
            data += piece
        return data

    def answer(self, method: str = "GET") -> Answered:
        """The next whole answer, to a request with `method`; h11.RemoteProtocolError where it is broken."""
        parser = h11.Connection(h11.CLIENT)
        parser.send(h11.Request(method=method, target="/", headers=[("host", "engine")]))
        parser.send(h11.EndOfMessage())
        if self._ahead:
            parser.receive_data(self._ahead)
        out = Answered()
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                parser.receive_data(self.sock.recv(1 << 16))
            elif isinstance(event, h11.InformationalResponse):
                out.interim.append((event.status_code, _headers(event.headers)))
            elif isinstance(event, h11.Response):
                out.status, out.headers = event.status_code, _headers(event.headers)
            elif isinstance(event, h11.Data):
                out.body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                out.trailers = _headers(event.headers)
                self._ahead = parser.trailing_data[0]
                return out
            else:
                raise h11.RemoteProtocolError(f"The connection ended before an answer: {event!r}")

    def rest(self) -> bytes:
        """Everything until the connection ends; ConnectionError where it ends with a reset."""
        data, self._ahead = self._ahead, b""
        pieces = [data]
        while piece := self.sock.recv(1 << 16):
            pieces.append(piece)
        return b"".join(pieces)

    def closed(self) -> bool:
        """Whether the other side has nothing more to say and is gone; waits for it."""
        with contextlib.suppress(ConnectionError):
            return self.rest() == b""
        return True


def _headers(headers: object) -> dict[str, str]:
    pairs: list[tuple[bytes, bytes]] = list(headers)  # type: ignore[call-overload]  # h11's headers are a sequence
    return {name.decode("ascii"): value.decode("latin-1") for name, value in pairs}
