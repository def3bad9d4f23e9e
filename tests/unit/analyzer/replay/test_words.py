"""What a replay says."""

from dataclasses import replace

import numpy as np

from analyzer.replay.outcome import Promise, scaled
from analyzer.replay.words import sentences
from tests.fakes.replays import TIMES, asked, recorded, setup

PROMISE = Promise(ttft_ms=300)


def said(known=None, today=None, other=None, promise=PROMISE) -> str:  # type: ignore[no-untyped-def]
    found = asked(known or recorded(), today or setup(2), other, promise, "least_outstanding")
    return "\n".join(sentences(found))


def test_it_says_how_near_the_replay_of_today_is() -> None:
    assert "ITL p95 is 0 % longer than recorded, which is near enough" in said()


def test_it_says_what_was_corrected_and_that_confidence_is_low() -> None:
    text = said(recorded(times=scaled(TIMES, 1.6, 1.6)))
    assert "corrected (writing by 1." in text
    assert "low confidence" in text


def test_it_says_that_without_latency_nothing_was_checked() -> None:
    known = recorded()
    nothing = np.full(len(known.requests), np.nan)
    text = said(replace(known, ttft_ms=nothing, itl_ms=nothing))
    assert "to check the replay" in text
    assert "± 10 %" in text


def test_it_says_whether_the_promise_is_kept_and_what_it_takes() -> None:
    text = said(other=setup(1))
    assert "What runs today keeps what is promised for 95 % of the requests: TTFT ≤ 300 ms" in text
    assert "The other profile keeps" in text
    assert "50 % less" in text
    assert "TTFT p95" in text


def test_no_change_is_called_the_same_and_a_great_one_how_many_times_as_long() -> None:
    text = said(other=setup(2))
    assert "It takes as many GPU-hours" in text
    assert "TTFT p95 the same" in text
    slow = replace(setup(2), throughput=replace(setup(2).throughput, times=scaled(TIMES, 4, 4)))
    assert "times as long" in said(other=slow)


def test_it_says_that_a_queue_grows() -> None:
    assert "The other profile cannot carry this traffic" in said(recorded(rps=60, replicas=8), setup(8), setup(1))


def test_it_says_that_nothing_was_promised() -> None:
    assert "no objective is set" in said(promise=Promise())


def test_it_says_what_was_left_out_and_that_records_are_short() -> None:
    text = said(replace(recorded(600), left_out=7))
    assert "7 requests that ended without a token are left out" in text
    assert "a replay takes ten minutes" in text
    assert "on one day" in text


def test_it_says_that_brackets_are_of_days_and_hold_no_error_of_the_step_times() -> None:
    assert "Intervals in brackets are of the 3 recorded days" in said(recorded(days=3))
    assert "how far step times may be off (± 10 %) is not in them" in said(recorded(days=3))
    assert "brackets" not in said()
