"""How the soak tells whole answers from broken ones, counts rows on disk, and judges an hour."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from exporter.record import RequestRecord
from exporter.sinks import parquet, spool
from exporter.sinks.conversions import convert
from tests.bench.soak.account import Terms, rows, twice
from tests.bench.soak.answers import Answer, Expected, Fate, Outcome, Plan, planned, right
from tests.bench.soak.schedule import schedule
from tests.bench.soak.traffic import CHUNKS_PER_SECOND
from tests.bench.soak.verdict import LEAST_SECONDS, SLOPE_MB, courses, verdicts
from tests.bench.soak.watch import Held, Sample

EXPECTED = Expected(
    whole=b'{"whole":true}',
    events=tuple(b'e\r\n{"seq":%d,"at":00,"word":"x"}\r\n' % number for number in range(4)),
    end=b"0\r\n\r\n",
    stamp=slice(17, 19),
)
STREAM = Plan(0, Fate.UNDISTURBED, events=4)
WHOLE = Plan(0, Fate.UNDISTURBED, events=0)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n"
REFUSAL = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n{}"


def judged(plan: Plan, sent: bytes, piece: int) -> Outcome:
    answer = Answer(EXPECTED, plan)
    for at in range(0, len(sent), piece):
        answer.feed(sent[at : at + piece])
    return answer.outcome


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_an_answer_is_whole_only_with_its_last_byte_however_it_is_cut_into_pieces(piece: int) -> None:
    stream = STREAM_HEAD + b"".join(EXPECTED.events).replace(b'"at":00', b'"at":42') + EXPECTED.end
    for plan, sent in ((STREAM, stream), (WHOLE, WHOLE_HEAD + EXPECTED.whole)):
        assert judged(plan, sent, piece) is Outcome.WHOLE
        assert all(judged(plan, sent[:end], piece) is Outcome.OPEN for end in range(len(sent)))
    assert judged(STREAM, REFUSAL, piece) is Outcome.REFUSED
    assert judged(STREAM, REFUSAL[:-1], piece) is Outcome.OPEN


@pytest.mark.parametrize(
    ("plan", "sent"),
    [
        (STREAM, STREAM_HEAD + b"".join(EXPECTED.events[:3]) + EXPECTED.end + b" " * 40),
        (STREAM, STREAM_HEAD + b"".join((EXPECTED.events[1], *EXPECTED.events[1:])) + EXPECTED.end),
        (STREAM, STREAM_HEAD + b"".join(EXPECTED.events).replace(b'"x"', b'"y"') + EXPECTED.end),
        (STREAM, STREAM_HEAD + b"".join(EXPECTED.events) + EXPECTED.end + b"more"),
        (WHOLE, WHOLE_HEAD + EXPECTED.whole.replace(b"true", b"null")),
        (WHOLE, WHOLE_HEAD.replace(b"14", b"10") + EXPECTED.whole[:10]),
        (STREAM, WHOLE_HEAD + EXPECTED.whole),
        (STREAM, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    ],
    ids=["short", "an event twice", "a wrong byte", "too long", "a word", "cut and complete", "no stream", "a status"],
)
def test_an_answer_that_looks_complete_and_is_not_what_the_engine_sends_is_wrong(plan: Plan, sent: bytes) -> None:
    assert judged(plan, sent, 10_000) is Outcome.WRONG


def test_a_broken_engine_must_be_seen_and_an_undisturbed_one_must_not() -> None:
    broken = (Fate.CUT_BEFORE_HEAD, Fate.CUT_AFTER_HEAD, Fate.CUT_INSIDE)
    assert all(right(fate, outcome) for fate in broken for outcome in (Outcome.REFUSED, Outcome.BROKEN_OFF))
    assert not any(right(fate, Outcome.WHOLE) for fate in broken)
    assert [outcome for outcome in Outcome if right(Fate.UNDISTURBED, outcome)] == [Outcome.WHOLE]


def test_requests_have_a_kilobyte_a_number_of_their_own_and_one_in_ten_is_disturbed() -> None:
    random = Random(1)  # noqa: S311 - no secret
    plans = [planned(number, random, stream=number % 2 == 0) for number in range(4000)]
    assert all(plan.request().index(b"\r\n\r\n") == len(plan.request()) - 1028 for plan in plans[:50])
    assert b"X-Request-Id: soak-7\r\n" in plans[7].request()
    disturbed = Counter(plan.fate for plan in plans)
    assert disturbed.keys() == set(Fate)
    assert disturbed[Fate.UNDISTURBED] == pytest.approx(3600, abs=60)
    assert all(plan.leave is None or plan.leave < max(plan.events, 1) for plan in plans)


def record(number: int) -> RequestRecord:
    return RequestRecord(timestamp=1_700_000_000_000_000 + number, request_id=f"soak-{number}")


def segment(folder: Path, start_us: int, sequence: int, numbers: range) -> Path:
    written = spool.create(spool.prepare(folder), spool.stem("me", start_us, sequence))
    for number in numbers:
        written.append(spool.encode(record(number), ("relay", number)))
    return written.path


def test_rows_are_counted_once_while_their_segment_becomes_parquet(tmp_path: Path) -> None:
    convert(segment(tmp_path, 1, 1, range(5)), tmp_path)
    first = segment(tmp_path, 2, 1, range(5, 8))
    assert rows(tmp_path) == {"me-1": 5, "me-2": 3}
    parquet.write(parquet.table(entry.record for entry in spool.Reading(first)), tmp_path, first.stem)
    assert rows(tmp_path) == {"me-1": 5, "me-2": 3}
    first.unlink()
    assert rows(tmp_path) == {"me-1": 5, "me-2": 3}
    assert twice(tmp_path) == 0
    convert(segment(tmp_path, 2, 2, range(7, 9)), tmp_path)
    assert twice(tmp_path) == 1


TERMS = Terms(
    forwarded=100, in_flight=0, dropped={"tap_full": 3, "observer_lost": 2}, refused={},
    written=40, lost={}, rows=95, rows_now=40,
)  # fmt: skip


def missed(accounts: list[Terms], samples: list[Sample], wrong: int = 0, copies: int = 0, asked: int = 0) -> list[str]:
    return [each.what for each in verdicts(courses(samples), accounts, wrong, copies, asked) if each.met is False]


def course(seconds: float, relay_mb_an_hour: float = 0.0, files: int = 0) -> list[Sample]:
    """A sample every ten seconds; the observer is killed at half time, and the last sample is a quiet point."""
    samples = []
    for step in range(int(seconds / 10) + 1):
        at = step * 10.0
        relay = Held(1, int(40_960 + relay_mb_an_hour * 1024 * at / 3600), 17 + files * step, 1)
        observer = Held(2 if at < seconds / 2 else 3, 200_000, 20, 6)
        samples.append(
            Sample(at, {"relay": relay, "observer": observer, "supervisor": None}, 0, 0, 0.1, step % 24 == 0)
        )
    return samples


def test_an_exact_account_with_drops_is_exact_and_one_row_too_many_or_too_few_is_not() -> None:
    assert TERMS.exact
    assert missed([TERMS], course(3600)) == []
    for rows_then in (94, 96):
        assert not replace(TERMS, rows=rows_then).exact
        assert missed([TERMS, replace(TERMS, rows=rows_then)], course(3600)) == ["requests unaccounted for"]
    assert missed([replace(TERMS, rows_now=39)], course(3600)) == ["the observer's count and its rows differ by"]
    assert replace(TERMS, written=0).exact  # a new observer has not written anything yet


def test_a_leak_in_the_relay_is_seen_however_small_the_memory_is() -> None:
    limit = SLOPE_MB["relay"]
    assert missed([TERMS], course(3600, relay_mb_an_hour=limit * 0.9)) == []
    assert missed([TERMS], course(3600, relay_mb_an_hour=limit * 1.1)) == ["relay: memory, slope"]
    assert missed([TERMS], course(3600, files=1)) == ["relay: open files when quiet, most − least"]


def test_a_run_of_minutes_judges_everything_but_slopes() -> None:
    judged_then = verdicts(courses(course(LEAST_SECONDS - 10)), [TERMS], 0, 0, 0)
    assert {each.what for each in judged_then if each.met is None} == {
        "relay: memory, slope",
        "observer: memory, slope",
    }


def test_the_slope_of_an_observer_is_that_of_its_last_life() -> None:
    samples = course(3600)
    observer = next(each for each in courses(samples) if each.who == "observer")
    assert observer.lives == 2
    assert observer.slope_mb == pytest.approx(0.0)


def test_the_relay_must_be_the_same_process_all_the_time() -> None:
    samples = course(3600)
    samples[-1].held["relay"] = Held(9, 40_960, 17, 1)
    assert "relay: started again" in missed([TERMS], samples)


def test_wrong_answers_copies_and_requests_nobody_asked_for_are_told() -> None:
    told = missed([replace(TERMS, lost={"disk_full": 1, "torn": 5})], course(600), wrong=1, copies=1, asked=1)
    assert told == [
        "the relay's count and the clients' differ by", "records lost", "rows that are there twice",
        "answers that were not what they must be",
    ]  # fmt: skip


def test_kills_come_every_few_minutes_and_the_last_observer_lives_for_twenty() -> None:
    events = schedule(3600)
    kills = [each.at for each in events if "kill" in each.kind]
    assert len(kills) == 20
    assert max(b - a for a, b in pairwise(kills)) < 240
    assert kills[-1] < 2400
    assert [each.at for each in events] == sorted(each.at for each in events)
    assert (events[-1].kind, events[-1].at) == ("quiet", 3600)
    assert sum(each.kind == "quiet" for each in events) == 15


def test_a_run_of_two_minutes_has_every_kind_of_event_without_overlap() -> None:
    events = schedule(120)
    assert {each.kind for each in events} == {"kill", "stop", "stop and kill", "quiet"}
    assert all(a.at + a.seconds < b.at for a, b in pairwise(events))


def test_the_long_stop_is_longer_than_the_tap_can_hold() -> None:
    longest = max(each.seconds for each in schedule(3600))
    assert longest * CHUNKS_PER_SECOND * (238 + 64) > 10 << 20
