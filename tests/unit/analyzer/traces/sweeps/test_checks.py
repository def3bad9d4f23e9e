"""Whether the times of a run add up."""

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.throughput.sweeps import Figures
from analyzer.traces.sweeps.base import Run
from analyzer.traces.sweeps.checks import disagreements, impossible, sound

RUN = Run(
    Path("run.json"),
    osl=64.0,
    rps=20.0,
    ttft=Figures(31.0, 30.0, 36.0),
    itl=Figures(7.13, 7.1, 7.4),
    e2e=Figures(480.2, 479.0, 486.0),
)


def test_times_that_add_up_stay_as_they_are() -> None:
    found, note = sound(RUN)
    assert (found.itl, note) == (RUN.itl, None)


def test_half_the_time_per_token_is_found_and_said() -> None:
    found, note = sound(replace(RUN, itl=Figures(3.47, 3.4, 3.5)))
    assert found.itl == Figures(mean=pytest.approx((480.2 - 31.0) / 63))
    assert note is not None
    assert disagreements([note], 3) == (
        (
            "run.json: TTFT 31.0 ms + (n - 1) x 3.47 ms per token is not E2E 480.2 ms for n = 64, so that"
            " (E2E - TTFT) / (n - 1) = 7.13 ms is used."
        ),
    )


def test_many_runs_that_disagree_are_one_sentence_with_their_count_and_two_examples() -> None:
    runs = [replace(RUN, path=Path("some", f"{number}.json"), itl=Figures(3.47)) for number in range(7)]
    found = [note for _, note in map(sound, runs) if note is not None]
    [said] = disagreements(found, 9)
    assert said.startswith("In 7 of 9 runs TTFT + (n - 1) x the time per token is not E2E")
    assert said.endswith("(0.json: 7.13 ms, not 3.47 ms; 1.json: 7.13 ms, not 3.47 ms, and 5 more).")
    assert "more" not in disagreements(found[:2], 2)[0]


def test_nothing_is_said_where_all_runs_agree() -> None:
    assert disagreements([], 7) == ()


def test_the_mean_over_requests_stays_where_the_mean_over_tokens_adds_up() -> None:
    found, note = sound(replace(RUN, itl=Figures(9.0), per_token=7.13))
    assert (found.itl.mean, note) == (9.0, None)


def test_a_time_per_token_that_is_not_told_follows_from_the_others() -> None:
    found, note = sound(replace(RUN, itl=Figures()))
    assert (found.itl.mean, note) == (pytest.approx(7.13, abs=0.001), None)


def test_answers_of_one_token_have_no_time_between_tokens() -> None:
    assert sound(replace(RUN, osl=1.0, itl=Figures()))[0].itl == Figures()


def test_requests_at_once_are_rate_times_time_where_nobody_counted() -> None:
    assert sound(RUN)[0].conc == pytest.approx(20 * 0.4802)
    assert sound(replace(RUN, conc=8.0))[0].conc == 8.0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ttft": Figures(-1.0)}, "a latency below zero"),
        ({"ttft": Figures(), "itl": Figures(), "e2e": Figures()}, "holds no latency"),
        ({"ttft": Figures(500.0)}, "mean TTFT is above its mean E2E"),
        ({"rps": 0.0}, "no request completed"),
    ],
)
def test_a_run_that_cannot_have_been_says_why(changes: dict[str, object], reason: str) -> None:
    assert reason in (impossible(replace(RUN, **changes)) or "")  # type: ignore[arg-type]


def test_a_run_in_order_is_possible() -> None:
    assert impossible(RUN) is None
