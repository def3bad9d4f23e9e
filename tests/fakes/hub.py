"""A hub of models on a port of this machine, with one model, as far as a client asks for it."""

import hashlib
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

REVISION = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves the files of `repository` in one revision; every other repository is not found."""

    def __init__(self, repository: str, files: Mapping[str, bytes]) -> None:
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(repository, dict(files), self.asked))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Hub":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(repository: str, files: Mapping[str, bytes], asked: list[str]) -> type[BaseHTTPRequestHandler]:
    tree = [
        {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(b"%d" % len(data)).hexdigest()}  # noqa: S324 - an id
        for name, data in files.items()
    ]
    pages = {
        f"/api/models/{repository}/revision/main": {"id": repository, "sha": REVISION},
        f"/api/models/{repository}/tree/{REVISION}": tree,
    }

    class Answer(BaseHTTPRequestHandler):
        """Answers one request."""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            name = path.removeprefix(f"/{repository}/resolve/{REVISION}/")
            if path in pages:
                self._send(json.dumps(pages[path]).encode(), {"content-type": "application/json"})
            elif name in files:
                asked.append(name)
                tag = {"etag": f'"{hashlib.sha256(files[name]).hexdigest()}"', "x-repo-commit": REVISION}
                self._send(files[name], tag)
            else:
                self._send(b"{}", {"x-error-code": "RepoNotFound"}, 404)

        do_HEAD = do_GET  # noqa: N815 - named by the library

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

        def _send(self, body: bytes, headers: Mapping[str, str], status: int = 200) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    return Answer
