"""The load generator finds what a proxy breaks: real processes, and a proxy that does so on purpose."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench import measure, processes, programs
from tests.bench.scenarios import Scenario

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler"),
]

STREAM = Scenario("", "", "chunk", 50, 1000, (("conns", 4), ("requests", 1), ("warm_ms", 0), ("run_ms", 200)))
WHOLE = Scenario("", "", "request", 0, 0, (("conns", 4), ("warm_ms", 0), ("run_ms", 100)))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return programs.compiled(tmp_path_factory.mktemp("programs"))


@pytest.fixture
def engine(compiled: tuple[Path, Path]) -> Iterator[int]:
    port = processes.free_ports(1)[0]
    process = subprocess.Popen([str(compiled[0]), str(port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield port
    process.kill()
    process.wait()
    process.stdout.close()


def load(program: Path, scenario: Scenario, port: int) -> dict[str, int]:
    said = subprocess.run(
        [program, *scenario.arguments(port, 0)], capture_output=True, text=True, check=True, timeout=30
    )
    begin, end, result = said.stdout.splitlines()
    assert (begin, end) == ("begin", "end")
    return {name: value for name, value in json.loads(result).items() if isinstance(value, int)}


class Proxy:
    """A proxy for one exchange per connection that changes the bytes of answers on purpose."""

    def __init__(self, engine: int, change: Callable[[bytes], bytes]) -> None:
        self._engine = engine
        self._change = change
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._engine)) as upstream:
            upstream.sendall(client.recv(65536))
            time.sleep(0.1)  # long enough for a whole answer
            client.sendall(self._change(upstream.recv(1 << 20)))


def test_an_undisturbed_stream_arrives_whole(compiled: tuple[Path, Path], engine: int) -> None:
    measure.set_engine(engine, STREAM)
    said = load(compiled[1], STREAM, engine)
    assert said["all_requests"] == 4
    assert said["all_chunks"] == 200
    assert [said[name] for name in ("bad", "broken", "refused", "unfinished")] == [0, 0, 0, 0]


def test_whole_answers_tell_that_every_byte_of_the_prompt_arrived(compiled: tuple[Path, Path], engine: int) -> None:
    measure.set_engine(engine, WHOLE)
    said = load(compiled[1], WHOLE, engine)
    assert said["all_requests"] > 100
    assert [said[name] for name in ("bad", "broken", "refused", "unfinished")] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda answer: answer.replace(b'"seq":       7', b'"seq":       8', 1), "bad"),
        (lambda answer: answer.replace(b"null", b"nulL", 1), "bad"),
        (lambda answer: answer.replace(b"200 OK", b"502 No", 1), "refused"),
        (lambda answer: answer[:5000], "broken"),
    ],
    ids=["a wrong sequence number", "a wrong byte", "an error", "a stream cut short"],
)
def test_what_a_proxy_breaks_is_counted(
    compiled: tuple[Path, Path], engine: int, change: Callable[[bytes], bytes], kind: str
) -> None:
    measure.set_engine(engine, STREAM)
    proxy = Proxy(engine, change)
    try:
        said = load(compiled[1], STREAM, proxy.port)
    finally:
        proxy.close()
    assert said[kind] == 4
