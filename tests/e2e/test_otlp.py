"""A sidecar exports by OTLP to a receiver that somebody else wrote, and does not care whether there is one."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.processes import Engine, Sidecar, eventually, free_port, sidecar
from tests.fakes.receivers import Receiver, plain
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
CREDENTIAL = "the-secret-of-the-collector"
MARKED = "marked-prompt-text"


def settings(url: str, protocol: str, folder: Path, **more: str) -> str:
    (folder / "token").write_text(f"Bearer {CREDENTIAL}\n")
    lines = {"endpoint": url, "protocol": protocol, **more}
    given = "".join(f'{name} = "{value}"\n' for name, value in lines.items())
    header = f'[[otlp.headers]]\nname = "authorization"\nfile = "{folder / "token"}"\n'
    return f"[otlp]\n{given}interval_seconds = 0.3\ntimeout_seconds = 2\ntraces = true\n{header}"


def ask(running: Sidecar, stream: bool = True, **headers: str) -> None:
    body: dict[str, Any] = {
        "model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": MARKED}],
        "x_script": {"tokens": 6, "ttft_ms": 5, "itl_ms": 2, "usage": "always"},
    }  # fmt: skip
    answer = web().post(f"{running.url}/v1/chat/completions", json=body, headers=headers, timeout=20)
    assert answer.status_code == 200


def failed(running: Sidecar) -> set[str]:
    """The signals of which an export failed."""
    name = "tokentide_otlp_exports_total"
    return {signal for signal in ("metrics", "traces") if running.metric(name, signal=signal, result="failed")}


def requests_told(receiver: Receiver) -> float:
    """The latest sum of the requests counter."""
    sums = [sum(point.as_int or point.as_double for point in metric.sum.data_points)
            for metric in receiver.metrics() if metric.name == "tokentide_requests"]  # fmt: skip
    return sums[-1] if sums else 0


@pytest.fixture(params=["http", "grpc"])
def receiver(request: pytest.FixtureRequest) -> Iterator[tuple[Receiver, str]]:
    running = Receiver(request.param)
    yield running, request.param
    running.stop()


def test_what_the_page_says_arrives_with_its_spans_and_the_last_of_it_at_the_end(
    receiver: tuple[Receiver, str], engine: Engine, tmp_path: Path
) -> None:
    sink, protocol = receiver
    with sidecar(engine.url, tmp_path, settings=settings(sink.url, protocol, tmp_path)) as running:
        ask(running)
        ask(running, stream=False, traceparent=f"00-{TRACE}-{SPAN}-01")
        ask(running, traceparent=f"00-{TRACE}-{SPAN}-00", user_agent="unsampled")
        running.settled(3)
        eventually(lambda: requests_told(sink) == 3, "the export of three requests")
        eventually(
            lambda: running.metric("tokentide_otlp_exports_total", signal="metrics", result="exported"), "a count"
        )
        assert running.metric("tokentide_otlp_exports_total", result="failed") == 0
        page = web().get(f"{running.admin}/metrics", headers={"accept": "application/openmetrics-text"}).text
        assert f'trace_id="{TRACE}"' in page
        ask(running)
        running.settled(4)
        assert running.stop() == 0
        log = running.log
    assert requests_told(sink) == 4, "the last export is at the end"
    begun, child, last = sorted(sink.spans(), key=lambda span: span.start_time_unix_nano)
    assert (child.trace_id.hex(), child.parent_span_id.hex()) == (TRACE, SPAN)
    assert begun.parent_span_id == last.parent_span_id == b""
    records = running.rows()
    assert {span.trace_id.hex() for span in (begun, child, last)} <= {record["trace_id"] for record in records}
    for span in (begun, child, last):
        told = plain(span.attributes)
        [record] = [each for each in records if each["request_id"] == told["tokentide.request_id"]]
        assert span.name == "chat gpt-4o"
        assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (
            record["input_tokens"], record["output_tokens"],
        )  # fmt: skip
        assert span.end_time_unix_nano - span.start_time_unix_nano >= record["e2e_us"] * 1000
        assert told["gen_ai.response.finish_reasons"] == [record["finish_reason"]]
    everything = b"".join(each.message.SerializeToString() for each in (*sink.kept.metrics, *sink.kept.spans))
    assert MARKED.encode() not in everything
    assert {each.headers["authorization"] for each in (*sink.kept.metrics, *sink.kept.spans)} == {
        f"Bearer {CREDENTIAL}"
    }
    assert CREDENTIAL not in log
    assert {named["service.instance.id"] for named in sink.resources()} == {records[0]["instance"]}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_an_endpoint_that_is_not_there_is_one_warning_and_a_counter(
    protocol: str, engine: Engine, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with sidecar(engine.url, tmp_path, settings=settings(url, protocol, tmp_path)) as running:
        ask(running)
        running.settled(1)
        eventually(lambda: failed(running) == {"metrics", "traces"}, "a failed export of both")
        eventually(lambda: running.metric("tokentide_otlp_spans_dropped_total") == 1, "the loss of the span")
        ask(running)
        running.settled(2)
        assert running.stop() == 0
        assert running.log.count("cannot be delivered") == 2, "one for each signal"
        assert "Traceback" not in running.log
        assert len(running.rows()) == 2


def test_check_names_a_header_without_a_value_and_not_the_value(engine: Engine, tmp_path: Path) -> None:
    ports = "".join(f'{name} = "127.0.0.1:{free_port()}"\n' for name in ("listen", "admin", "health"))
    given = f'upstream = "{engine.url}"\nrecords = "{tmp_path / "records"}"\n{ports}'
    file = tmp_path / "sidecar.toml"
    command = [str(Path(sys.executable).with_name("tokentide-exporter")), "check", "--settings", str(file)]
    file.write_text(given + settings("http://127.0.0.1:1", "http", tmp_path))
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (good.returncode, CREDENTIAL in good.stdout) == (0, False)
    (tmp_path / "token").write_text("")
    wrong = subprocess.run(command, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "wrong headers for OTLP: the header authorization needs the file" in wrong.stdout
