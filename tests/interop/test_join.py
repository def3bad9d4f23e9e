"""Requests of a client and records find each other, and nothing else."""

from tests.interop.join import joined
from tests.interop.seen import Recorded, Seen


def record(request_id: str = "r", started: float = 0.0, e2e_ms: float = 500.0) -> Recorded:
    return Recorded(
        request_id, started, True, 10, 5, frozenset({"usage"}), 100.0, 20.0, e2e_ms, (20.0,), "completed"
    )  # fmt: skip


def request(started: float = 0.0, ended: float = 0.5, request_id: str | None = None) -> Seen:
    return Seen(started, ended, 10, 5, {}, request_id)


def test_a_client_that_sends_ids_is_joined_by_them_whatever_the_order() -> None:
    found = joined([request(request_id="a"), request(request_id="b")], [record("b"), record("warm-up"), record("a")])
    assert [(seen.request_id, ours.request_id) for seen, ours in found.pairs] == [("a", "a"), ("b", "b")]
    assert (found.without_record, found.without_client, found.by) == (0, 1, "x-request-id")


def test_an_id_without_a_record_or_with_two_is_a_request_without_record() -> None:
    found = joined([request(request_id="a"), request(request_id="b")], [record("b"), record("b")])
    assert not found.pairs
    assert found.without_record == 2


def test_a_client_without_ids_is_joined_by_when_a_request_began_and_ended() -> None:
    together = [request(10.000, 10.9), request(10.001, 10.4)]
    found = joined(together, [record("short", 10.0004, 399.0), record("long", 10.0014, 899.0)])
    assert [ours.request_id for _, ours in found.pairs] == ["long", "short"]
    assert found.by == "time"


def test_what_lies_too_far_apart_is_not_joined() -> None:
    found = joined([request(10.0, 10.5)], [record(started=12.0)])
    assert (len(found.pairs), found.without_record, found.without_client) == (0, 1, 1)
    assert joined([request()], []).without_record == 1
