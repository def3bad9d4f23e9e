"""What the records say against a profile that is said to have run."""

from dataclasses import fields, replace

import numpy as np
import pytest

from analyzer import engine
from analyzer.replay import Requests
from analyzer.replay.disproved import Longer, disproved, longer, writing
from analyzer.throughput.timings import Timings

PROFILE = engine.complete(engine.model("Llama-3.1-8B-Instruct"), engine.gpu("h100"), max_model_len=2048, max_num_seqs=4)


def lengths(*pairs: tuple[int, int]) -> Requests:
    isl, osl = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
    none = np.zeros(len(pairs), np.int64)
    return Requests(none, isl, osl, none - 1, none)


def together(at_once: int, times: int, engines: int = 1, gap_us: int = 10_000_000) -> Timings:
    """Groups of requests that all write during the same second, one group after the other on each engine."""
    number = at_once * times
    group = np.arange(number, dtype=np.int64) // at_once
    one, no = np.ones(number, np.int64), np.zeros(number, np.bool_)
    return Timings(
        arrival_us=group * gap_us,
        isl=one * 100,
        cached=one * 0,
        osl=one * 50,
        ttft_us=one * 100_000,
        e2e_us=one * 1_100_000,
        completed=~no,
        counted=~no,
        engine=np.arange(number, dtype=np.int64) % engines,
        requests=number,
        max_tokens=-one,
    )


def test_requests_that_were_answered_beyond_the_limit_are_counted() -> None:
    found = longer(lengths((2000, 48), (2000, 49), (30_000, 10), (40_000, 0)), 2048)
    assert found == Longer(requests=2, served=3, longest=30_010)
    assert longer(lengths((2000, 48)), 2048) is None
    assert longer(lengths((2000, 4800)), None) is None


def test_a_limit_below_what_was_answered_is_told_with_its_numbers() -> None:
    (said,) = disproved(PROFILE, Longer(2, 3, 30_010), None)
    assert "max_model_len is 2,048, and 2 of 3 recorded requests" in said
    assert "up to 30,010 tokens: it is not what ran" in said


@pytest.mark.parametrize(("at_once", "told"), [(4, 0), (5, 1)])
def test_more_written_at_once_than_the_limit_is_told(at_once: int, told: int) -> None:
    assert len(disproved(PROFILE, None, together(at_once, 40))) == told


def test_the_sentence_names_how_often_and_how_many() -> None:
    (said,) = disproved(PROFILE, None, together(9, 20))
    assert "max_num_seqs is 4, and 180 of 180 recorded requests" in said
    assert "one replica wrote more than 4 at once, up to 9" in said


def test_engines_are_told_apart_and_replicas_behind_one_address_share() -> None:
    assert disproved(PROFILE, None, together(8, 40, engines=2)) == ()
    assert disproved(replace(PROFILE, replicas=2), None, together(8, 40)) == ()
    (said,) = disproved(replace(PROFILE, replicas=2), None, together(9, 40))
    assert "the 2 replicas behind one address wrote more than 8 at once" in said


def test_requests_that_wait_for_their_first_token_do_not_count() -> None:
    waiting = together(9, 20)
    queued = replace(waiting, ttft_us=waiting.ttft_us + np.arange(180) % 9 * 1_000_000)
    queued = replace(queued, e2e_us=queued.ttft_us + 900_000)
    assert set(writing(queued)) == {1}


def test_a_few_late_stamps_disprove_nothing() -> None:
    usual, odd = together(4, 400), together(5, 1)
    later = replace(odd, arrival_us=odd.arrival_us + 10**12)
    columns = [field.name for field in fields(Timings) if field.name not in {"requests", "max_tokens"}]
    joined = {name: np.concatenate([getattr(usual, name), getattr(later, name)]) for name in columns}
    both = Timings(**joined, requests=1605)
    assert writing(both).max() == 5
    assert disproved(PROFILE, None, both) == ()


def test_records_without_times_say_nothing_about_how_many_at_once() -> None:
    bare = together(9, 20)
    assert disproved(PROFILE, None, replace(bare, ttft_us=bare.ttft_us * 0 - 1)) == ()
