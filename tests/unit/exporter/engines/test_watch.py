import logging
import threading

import pytest

from exporter.engines.ask import Unanswered
from exporter.engines.limits import Told
from exporter.engines.load import Load
from exporter.engines.watch import Engine, Rounds, Watch

ONE = Engine("one", "engine:8000", "http://engine:8000")
MODELS = b'{"data":[{"id":"m","owned_by":"vllm","max_model_len":2048}]}'
PAGE = b"vllm:num_requests_running 3\n"


class Answers:
    """Engines as a table from URL and path to bodies; what is not in it is not found. `asked` are the questions."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        self.bodies = bodies
        self.asked: list[str] = []

    def __call__(self, url: str, path: str, most: int) -> bytes:
        self.asked.append(url + path)
        body = self.bodies.get(url + path)
        if body is None:
            raise Unanswered("status 404")
        assert len(body) <= most
        return body


def watch(answers: Answers, *engines: Engine) -> tuple[Watch, dict[str, Told]]:
    told: dict[str, Told] = {}
    return Watch(engines or (ONE,), answers, told.__setitem__), told


def test_limits_are_told_by_the_address_that_records_have() -> None:
    watching, told = watch(Answers({"http://engine:8000/v1/models": MODELS}))
    watching.ask_limits()
    assert told == {"engine:8000": {"m": {"max_seq_len": 2048}}}
    assert watching.asked == {("one", "limits", "ok"): 1}


def test_sglang_is_asked_for_its_longest_input_as_well() -> None:
    url = "http://engine:8000"
    info = b'{"served_model_name":"m","max_req_input_len":2042}'
    answers = Answers({f"{url}/v1/models": MODELS.replace(b"vllm", b"sglang"), f"{url}/get_server_info": info})
    watching, told = watch(answers)
    watching.ask_limits()
    assert told["engine:8000"] == {"m": {"max_seq_len": 2048, "max_input_len": 2042}}


@pytest.mark.parametrize("path", ["/metrics", "/prometheus/metrics", "/v1/metrics"])
def test_the_page_is_found_once_and_remembered(path: str) -> None:
    answers = Answers({f"http://engine:8000{path}": PAGE})
    watching, _ = watch(answers)
    watching.ask_load()
    assert watching.loads == {"one": Load(3, None, None, None)}
    answers.asked.clear()
    watching.ask_load()
    assert answers.asked == [f"http://engine:8000{path}"]


def test_a_page_on_another_port_is_read_there() -> None:
    answers = Answers({"http://engine:8002/metrics": b"nv_inference_pending_request_count 4\n"})
    watching, _ = watch(answers, Engine("one", "engine:8000", "http://engine:8000", "http://engine:8002/metrics"))
    watching.ask_load()
    assert watching.loads["one"].waiting == 4
    assert answers.asked == ["http://engine:8002/metrics"]


def test_an_outage_is_counted_and_one_warning_and_the_load_is_not_shown_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answers = Answers({"http://engine:8000/metrics": PAGE})
    watching, _ = watch(answers)
    watching.ask_load()
    answers.bodies.clear()
    watching.ask_load()
    watching.ask_load()
    assert watching.loads == {}
    assert watching.asked == {("one", "metrics", "ok"): 1, ("one", "metrics", "failed"): 2}
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    answers.bodies["http://engine:8000/metrics"] = PAGE
    watching.ask_load()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


@pytest.mark.parametrize("body", [b"python_info 1\n", b"vllm:num_requests_running{ x\n"])
def test_a_page_that_says_nothing_or_cannot_be_read_is_a_failure(body: bytes) -> None:
    watching, _ = watch(Answers({"http://engine:8000/metrics": body}))
    watching.ask_load()
    assert watching.asked == {("one", "metrics", "failed"): 1}


def test_one_engine_that_fails_does_not_keep_the_next_from_being_asked() -> None:
    two = Engine("two", "other:1", "http://other:1")
    watching, told = watch(
        Answers({"http://engine:8000/v1/models": b"oops", "http://other:1/v1/models": MODELS}), ONE, two
    )
    watching.ask_limits()
    assert set(told) == {"other:1"}
    assert watching.asked == {("one", "limits", "failed"): 1, ("two", "limits", "ok"): 1}


def test_rounds_begin_at_once_and_end_when_they_are_stopped() -> None:
    called = threading.Event()
    rounds = Rounds("test", 3600, called.set)
    rounds.start()
    assert called.wait(10)
    rounds.stop()
    rounds._thread.join(10)
    assert not rounds._thread.is_alive()
