"""Whatever happens to the observer, traffic goes on, no request fails, and the account of what was lost is exact."""

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.test_survival import Traffic
from tests.fakes.processes import Engine, Sidecar, eventually, sidecar
from tests.fakes.vocabularies import word_tokenizer
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

OBSERVER, RELAY, TEMPLATE = "tokentide-observer", "tokentide-relay", "tokentide-template"
QUICK = {"ttft_ms": 1, "itl_ms": 1, "tokens": 3, "usage": "always"}


def account(relay: Sidecar) -> dict[str, int]:
    """Every term of the identity, from /live; the same numbers must stand in /metrics."""
    live = relay.live()
    return {
        "forwarded": live["forwarded"],
        "written": live["records"]["written"],
        "lost": sum(live["records"]["lost"].values()),
        "dropped": sum(live["dropped"].values()),
        "in flight": live["in_flight"]["requests"],
    }


def scraped(relay: Sidecar) -> dict[str, int]:
    names = {
        "forwarded": "forwarded_requests_total",
        "written": "records_written_total",
        "lost": "records_lost_total",
        "dropped": "dropped_observations_total",
        "in flight": "requests_in_flight",
    }
    return {term: int(relay.metric(f"tokentide_{name}")) for term, name in names.items()}


def balanced(relay: Sidecar, forwarded: int, in_flight: int = 0) -> dict[str, int]:
    """Waits until the identity holds exactly, on both pages; returns its terms."""

    def exact() -> dict[str, int] | None:
        terms = account(relay)
        parts = terms["written"] + terms["lost"] + terms["dropped"] + terms["in flight"]
        right = terms["forwarded"] == parts == forwarded and terms["in flight"] == in_flight
        return terms if right and scraped(relay) == terms else None

    try:
        return eventually(exact, "the balance")
    except AssertionError:
        raise AssertionError(f"{forwarded} requests were forwarded, and the account is {account(relay)}") from None


def asked(relay: Sidecar, number: int, *, size: int = 0, script: dict[str, object] | None = None) -> httpx.Response:
    body = {
        "model": "gpt-4o",
        "stream": True,
        "x_script": script or QUICK,
        "messages": [{"role": "user", "content": "apple " * max(size // 6, 1)}],
    }
    answer = web().post(f"{relay.url}/v1/chat/completions", json=body, headers={"x-request-id": f"request-{number}"})
    assert answer.status_code == 200
    assert answer.text.rstrip().endswith("[DONE]")
    return answer


class OpenStream:
    """A client in the middle of an answer that takes five seconds; `finish` reads the rest."""

    def __init__(self, relay: Sidecar, name: str, *, size: int = 6) -> None:
        body = {
            "model": "gpt-4o",
            "stream": True,
            "x_script": {**QUICK, "itl_ms": 100, "tokens": 50},
            "messages": [{"role": "user", "content": "apple " * (size // 6)}],
        }
        url = f"{relay.url}/v1/chat/completions"
        self._stack = contextlib.ExitStack()
        answer = self._stack.enter_context(
            web().stream("POST", url, json=body, headers={"x-request-id": name}, timeout=30)
        )
        self._pieces = answer.iter_text()
        self._text = next(self._pieces)

    def finish(self) -> None:
        """Reads the rest; fails unless the answer is whole."""
        with self._stack:
            text = self._text + "".join(self._pieces)
        assert text.rstrip().endswith("[DONE]")


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def another(relay: Sidecar, title: str, than: int) -> int:
    """Waits for the successor of a process that was killed, and gives its process id."""

    def found() -> int | None:
        with contextlib.suppress(AssertionError):  # there is none at the moment
            pid = relay.child(title)
            return pid if pid != than else None
        return None

    pid = eventually(found, f"another {title}")
    assert pid is not None
    return pid


def time_used(pid: int) -> int:
    """Processor time of a process in ticks."""
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))


def state(pid: int) -> str:
    """`S` of a process that waits for something, `Z` of a zombie."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def zombies(pid: int) -> list[int]:
    """Children of a process whose exit status it has not taken."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = []
    for child in map(int, children):
        with contextlib.suppress(OSError):  # it has just been buried
            found += [child] if state(child) == "Z" else []
    return found


def test_a_new_observer_is_a_copy_of_what_has_loaded_all_that_it_needs(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path) as relay:
        template, first = relay.child(TEMPLATE), relay.child(OBSERVER)
        loading = time_used(first)
        os.kill(first, signal.SIGKILL)
        second = another(relay, OBSERVER, first)
        relay.wait_ready()
        assert second == template
        assert time_used(second) < loading / 2, "a new interpreter takes what the first one took"
        template = relay.child(TEMPLATE)
        os.kill(second, signal.SIGKILL)
        assert another(relay, OBSERVER, second) == template, "each leaves one"
        eventually(lambda: not zombies(relay.process.pid), "that all who ended are buried")


def test_a_new_observer_has_the_vocabularies_that_the_one_before_it_used(engine: Engine, tmp_path: Path) -> None:
    own = {**QUICK, "usage": "never"}
    with sidecar(engine.url, tmp_path) as relay:
        template = relay.child(TEMPLATE)
        before = time_used(template)
        asked(relay, 0, script=own)
        eventually(lambda: time_used(template) > before + 10 and state(template) == "S", "the end of 0.3 s of work")
        loading = time_used(template) - before
        first = relay.child(OBSERVER)
        os.kill(first, signal.SIGKILL)
        observer = another(relay, OBSERVER, first)
        relay.wait_ready()
        used = time_used(observer)
        asked(relay, 1, script=own)
        eventually(lambda: account(relay)["written"] == 1, "the record")
        assert observer == template
        assert time_used(observer) - used < loading / 2, "it has not loaded it again"
        assert relay.stop() == 0
        assert [row["input_source"] for row in relay.rows()] == ["tokenizer", "tokenizer"]


def test_without_a_template_observers_go_on_and_the_next_one_brings_a_new_template(
    engine: Engine, tmp_path: Path
) -> None:
    with sidecar(engine.url, tmp_path) as relay:
        template, observer = relay.child(TEMPLATE), relay.child(OBSERVER)
        os.kill(template, signal.SIGKILL)
        asked(relay, 0)
        assert balanced(relay, 1)["written"] == 1
        assert relay.child(OBSERVER) == observer
        os.kill(observer, signal.SIGKILL)
        asked(relay, 1)
        another(relay, OBSERVER, observer)
        assert relay.child(TEMPLATE) != template
        eventually(lambda: not zombies(relay.process.pid), "that the template is buried")
        assert relay.stop() == 0
        assert len(relay.rows()) == 2


def test_the_account_is_exact_while_requests_are_in_flight(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path) as relay:
        for number in range(10):
            asked(relay, number)
        streams = [OpenStream(relay, f"open-{number}") for number in range(5)]
        assert balanced(relay, 15, in_flight=5)["written"] == 10
        for stream in streams:
            stream.finish()
        assert balanced(relay, 15)["written"] == 15


def test_a_killed_observer_is_told_again_what_is_small_and_the_loss_of_the_rest_is_counted(
    engine: Engine, tmp_path: Path
) -> None:
    with sidecar(engine.url, tmp_path) as relay:
        small = [OpenStream(relay, f"small-{number}") for number in range(10)]
        large = [OpenStream(relay, f"large-{number}", size=2 << 20) for number in range(3)]
        balanced(relay, 13, in_flight=13)
        os.kill(relay.child(OBSERVER), signal.SIGKILL)
        for stream in (*small, *large):
            stream.finish()
        relay.wait_ready()
        terms = balanced(relay, 13)
        assert (terms["written"], relay.live()["dropped"]["observer_lost"]) == (10, 3)
        assert relay.stop() == 0
        rows = relay.rows()
    assert sorted(row["request_id"] for row in rows) == [f"small-{number}" for number in range(10)]
    assert all(row["outcome"] == "completed" and row["output_tokens"] == 50 for row in rows)


def test_an_observer_killed_again_and_again_under_traffic_leaves_no_request_unaccounted_for(
    engine: Engine, tmp_path: Path
) -> None:
    with sidecar(engine.url, tmp_path) as relay:
        traffic = Traffic(relay.url)

        def kill_again_and_again() -> None:
            for pause in (0.4, 0.7, 0.8, 0.3, 0.8):
                time.sleep(pause)
                with contextlib.suppress(AssertionError):  # it may not be back yet
                    os.kill(relay.child(OBSERVER), signal.SIGKILL)

        asyncio.run(traffic.run(kill_again_and_again))
        assert traffic.failed == []
        eventually(lambda: relay.live()["forwarded"] == len(traffic.ended), "the relay's own count")
        relay.wait_ready()
        asked(relay, 0)
        eventually(lambda: relay.live()["in_flight"]["requests"] == 0, "the end of all observation")
        dropped = relay.live()["dropped"]
        assert relay.stop() == 0
        rows = relay.rows()
    recorded = {row["request_id"] for row in rows}
    print(f"{len(traffic.ended)} requests, {len(rows)} records, dropped: {dropped}")
    assert len(recorded) == len(rows), "an exchange was recorded twice"
    assert len(rows) + sum(dropped.values()) == len(traffic.ended) + 1


def test_with_the_tap_full_whole_exchanges_are_dropped_and_each_is_counted(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path, settings="tap_bytes = 1048576\n") as relay:
        before, _ = relay.memory(RELAY)
        with stopped(relay.child(OBSERVER)):
            for number in range(60):
                asked(relay, number, size=100_000)
            assert web().get(f"{relay.health}/readyz").status_code == 200
            _, peak = relay.memory(RELAY)
        terms = balanced(relay, 60)
        dropped = relay.live()["dropped"]
        print(f"tap full: {terms}; relay {before:.1f} MB before, {peak:.1f} MB at most")
        assert dropped["tap_full"] == terms["dropped"] > 0
        assert terms["written"] > 5
        assert peak < before + 8
        asked(relay, 60)
        assert balanced(relay, 61)["dropped"] == terms["dropped"]
        assert relay.stop() == 0
        rows = relay.rows()
    assert len(rows) == terms["written"] + 1
    assert all(row["outcome"] == "completed" and row["output_tokens"] == 3 for row in rows)


def test_a_slow_observer_fails_no_request_and_loses_none_uncounted(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path, settings="tap_bytes = 1048576\n") as relay:
        observer, over = relay.child(OBSERVER), threading.Event()

        def slow_down() -> None:
            """Lets the observer run for a tenth of the time."""
            while not over.wait(0.01):
                with stopped(observer):
                    over.wait(0.09)

        hindrance = threading.Thread(target=slow_down)
        hindrance.start()
        try:
            traffic = Traffic(relay.url, clients=20)
            asyncio.run(traffic.run(lambda: time.sleep(2.0)))
        finally:
            over.set()
            hindrance.join()
        assert traffic.failed == []
        print(f"slow observer: {balanced(relay, len(traffic.ended))}")


def test_a_full_disk_costs_records_and_nothing_else_and_is_survived(engine: Engine, tmp_path: Path) -> None:
    records = tmp_path / "records"
    records.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(records)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk of its own, which this needs, cannot be mounted here (no root rights)")
    try:
        with sidecar(engine.url, tmp_path) as relay:
            number = 0
            while not relay.live()["records"]["lost"].get("disk_full") and number < 2000:
                for _ in range(20):
                    asked(relay, number)
                    number += 1
            full = balanced(relay, number)
            print(f"disk full: {full}")
            assert full["lost"] > 0
            assert full["dropped"] == 0
            assert web().get(f"{relay.health}/readyz").status_code == 200
            subprocess.run(["mount", "-o", "remount,size=64m", str(records)], check=True)
            for _ in range(20):
                asked(relay, number)
                number += 1
            assert balanced(relay, number)["lost"] == full["lost"]
            assert relay.stop() == 0
            assert len(relay.rows()) == number - full["lost"]
            assert "disk" in relay.log
    finally:
        subprocess.run(["umount", "--lazy", str(records)], check=True)


def test_a_tokenizer_that_fails_on_every_text_fails_no_request(engine: Engine, tmp_path: Path) -> None:
    settings = word_tokenizer(tmp_path / "tokenizer.json", unknown=False)
    script = {**QUICK, "usage": "never"}
    with sidecar(engine.url, tmp_path, settings=settings) as relay:
        for number in range(20):
            asked(relay, number, script=script)
        terms = balanced(relay, 20)
        print(f"broken tokenizer: {terms}")
        assert relay.child(OBSERVER)


def test_a_tokenizer_that_is_broken_when_the_observer_starts_again_keeps_traffic_going(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "tokenizer.json"
    settings = word_tokenizer(path, unknown=True)
    with sidecar(engine.url, tmp_path, settings=settings) as relay:
        asked(relay, 0)
        balanced(relay, 1)
        path.write_text("broken")
        os.kill(relay.child(OBSERVER), signal.SIGKILL)
        eventually(lambda: "cannot be read" in relay.log, "the complaint about the tokenizer")
        for number in range(1, 20):
            asked(relay, number)
        assert web().get(f"{relay.health}/readyz").status_code == 200
        relay.wait_ready()
        eventually(lambda: relay.live()["records"]["written"] == 19, "the records of those told again")
        assert relay.live()["dropped"].get("observer_lost", 0) == 0
        assert relay.stop() == 0
        assert len(relay.rows()) == 20
