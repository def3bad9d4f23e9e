import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalog import TIME_PER_TOKEN
from exporter.observe.observation import Content, Steps
from exporter.observe.timeline import latencies, own_tokens, spread, timeline, tokens_per_event
from tests.fakes.counters import CharacterCounter, WordCounter

MS = 1_000_000
TWO_COMPLETIONS = tuple(Content(at, place % 2, "answer", "x", None) for place, at in enumerate((0, 5, 20, 35)))


def contents(*texts: str, step: int = 10, tokens: Sequence[int | None] | None = None) -> tuple[Content, ...]:
    """Answer text that arrives every `step` milliseconds."""
    told = tokens or [None] * len(texts)
    return tuple(Content(i * step * MS, 0, "answer", text, told[i]) for i, text in enumerate(texts))


def columns(steps: Steps) -> list[list[int]]:
    return [column.tolist() for column in steps]


def test_as_many_events_as_tokens_are_one_token_each_and_nothing_is_tokenized() -> None:
    counter = WordCounter()
    assert tokens_per_event(contents("a long", " text", " x"), 3, counter) == (1, 1, 1)
    assert counter.counted == []


def test_what_the_engine_said_of_each_event_comes_first() -> None:
    assert tokens_per_event(contents("a", "bbbb", "c", tokens=[3, 1, 2]), 6, CharacterCounter()) == (3, 1, 2)


def test_the_joined_text_is_tokenized_once_and_tokens_belong_to_the_event_that_completed_them() -> None:
    counter = WordCounter()
    assert own_tokens(contents("one two", " thr", "ee four", " "), counter) == [2, 0, 2, 0]
    assert counter.counted == ["one two three four "]


def test_each_completion_and_each_kind_is_a_text_of_its_own() -> None:
    counter = WordCounter()
    said = (
        Content(1, 0, "reasoning", "hm", None),
        Content(2, 1, "answer", "a ", None),
        Content(3, 0, "reasoning", "m so", None),
        Content(4, 0, "answer", "yes", None),
        Content(5, 1, "answer", "b", None),
    )
    assert own_tokens(said, counter) == [0, 1, 2, 1, 1]
    assert sorted(counter.counted) == ["a b", "hmm so", "yes"]


def test_own_counts_are_scaled_to_the_server_s_total() -> None:
    assert tokens_per_event(contents("a b", " c d", " e f g h"), 16, WordCounter()) == (4, 4, 8)


def test_without_a_tokenizer_tokens_are_shared_by_length_of_text() -> None:
    said = contents("aa", "aaaa", "aaaa")
    assert tokens_per_event(said, 10, None) == (2, 4, 4)
    assert tokens_per_event(said, 10, WordCounter(source="estimate")) == (2, 4, 4)


def test_without_a_total_nothing_is_known() -> None:
    assert tokens_per_event(contents("a", "b"), None, WordCounter()) == ()
    assert tokens_per_event((), 5, WordCounter()) == ()


@given(st.integers(0, 5000), st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_shares_add_up_to_the_total_exactly(total: int, weights: list[int]) -> None:
    shares = spread(total, weights)
    assert sum(shares) == total
    assert len(shares) == len(weights)
    assert min(shares) >= (1 if total >= len(weights) else 0)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_shares_of_the_very_total_are_the_weights(weights: list[int]) -> None:
    assert spread(sum(weights), weights) == tuple(weights)


@given(st.integers(100, 3000), st.lists(st.integers(20, 50), min_size=2, max_size=5))
def test_shares_are_within_one_of_proportion_where_all_are_large(total: int, weights: list[int]) -> None:
    exact = [total * weight / sum(weights) for weight in weights]
    assert all(abs(share - quota) < 1 for share, quota in zip(spread(total, weights), exact, strict=True))


def test_shares_are_in_proportion_though_each_is_at_least_one() -> None:
    assert spread(20, [1, 1, 8]) == (2, 2, 16)
    assert spread(6, [0, 1, 7]) == (1, 1, 4)


def test_a_token_more_than_events_goes_to_the_first_of_equals() -> None:
    assert spread(5, [1, 1, 1, 1]) == (2, 1, 1, 1)


def test_intervals_leave_out_the_first_event_of_each_completion() -> None:
    line = timeline(TWO_COMPLETIONS, (1, 2, 3, 1))
    assert columns(line.steps) == [[20, 30], [3, 1], [4, 3]]
    assert line.waits_ns.tolist() == [20, 30]
    assert line.gaps_ns.tolist() == [5, 15, 15]
    assert (line.decode_ns, line.completions) == (50, 2)


def test_gaps_are_known_where_tokens_are_not() -> None:
    line = timeline(contents("a", "b", "c"), ())
    assert line.waits_ns.tolist() == [10 * MS, 10 * MS]
    assert line.tokens == ()
    assert latencies(line.steps) is None


def test_an_event_of_four_tokens_is_four_latencies_of_a_quarter_of_its_gap() -> None:
    itl = latencies(timeline(contents("a", "b", "c", step=40), (1, 4, 1)).steps)
    assert itl is not None
    assert (itl.p50_ns, itl.p95_ns, itl.max_ns) == (10 * MS, 40 * MS, 40 * MS)
    assert itl.counts[TIME_PER_TOKEN.index(0.01)] == 4
    assert itl.counts[TIME_PER_TOKEN.index(0.04)] == 1
    assert sum(itl.counts) == 5
    assert len(itl.counts) == len(TIME_PER_TOKEN) + 1


def test_the_time_before_an_event_without_a_token_belongs_to_the_next_token() -> None:
    itl = latencies(timeline(contents("a", "b", "c"), (1, 0, 2)).steps)
    assert itl is not None
    assert (itl.p50_ns, sum(itl.counts)) == (10 * MS, 2)


def test_it_is_the_next_token_of_the_same_completion() -> None:
    line = timeline((*TWO_COMPLETIONS, Content(50, 0, "answer", "e", None)), (1, 0, 0, 2, 3))
    assert columns(line.steps) == [[30, 50], [2, 3], [2, 4]]
    assert line.waits_ns.tolist() == [20, 30, 30]


def test_a_completion_may_have_any_number() -> None:
    said = [Content(at, index, "answer", "x", None) for at, index in enumerate((2**64, 7, 2**64, -1))]
    line = timeline(said, (1, 1, 1, 1))
    assert (columns(line.steps), line.completions) == ([[2], [1], [2]], 3)


EVENTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3), st.integers(0, 3)), max_size=30)


@given(EVENTS)
def test_the_steps_of_several_completions_are_those_of_each_by_itself(events: list[tuple[int, int, int]]) -> None:
    at, said, waits, steps = 0, [], [], []
    latest: dict[int, int] = {}
    since: dict[int, int] = {}
    reached: dict[int, int] = {}
    for gap, completion, tokens in events:
        at += gap
        said.append(Content(at, completion, "answer", "x", None))
        reached[completion] = reached.get(completion, 0) + tokens
        if completion in latest:
            waits.append(at - latest[completion])
            if tokens:
                steps.append((at - since[completion], tokens, reached[completion]))
        latest[completion] = at
        if tokens or completion not in since:
            since[completion] = at
    line = timeline(said, [tokens for *_, tokens in events])
    assert line.waits_ns.tolist() == waits
    assert list(zip(*columns(line.steps), strict=True)) == steps
    assert (line.decode_ns, line.completions) == (sum(waits), len(latest))


def test_a_gap_beyond_all_buckets_is_counted_in_the_open_one() -> None:
    itl = latencies(timeline(contents("a", "b", step=100_000), (1, 1)).steps)
    assert itl is not None
    assert itl.counts[-1] == 1


@pytest.mark.parametrize("bound", TIME_PER_TOKEN)
def test_a_bucket_holds_its_upper_bound(bound: float) -> None:
    said = (Content(0, 0, "answer", "a", None), Content(round(bound * 1e9), 0, "answer", "b", None))
    itl = latencies(timeline(said, (1, 1)).steps)
    assert itl is not None
    assert itl.counts[TIME_PER_TOKEN.index(bound)] == 1


STEPS = st.lists(st.tuples(st.integers(0, 3_000 * MS), st.integers(1, 5)), min_size=1, max_size=40)


@given(STEPS)
def test_percentiles_are_nearest_rank_over_tokens(steps: list[tuple[int, int]]) -> None:
    at = 0
    said = [Content(0, 0, "answer", "x", None)]
    for gap, _ in steps:
        at += gap
        said.append(Content(at, 0, "answer", "x", None))
    itl = latencies(timeline(said, (1, *(tokens for _, tokens in steps))).steps)
    values = sorted(gap / tokens for gap, tokens in steps for _ in range(tokens))
    assert itl is not None
    for found, share in ((itl.p50_ns, 50), (itl.p95_ns, 95), (itl.max_ns, 100)):
        assert found == round(values[math.ceil(len(values) * share / 100) - 1])
    assert sum(itl.counts) == len(values)


@given(st.lists(st.sampled_from(["a", "b ", " c", "é", " "]), min_size=1, max_size=20), st.integers(1, 60))
def test_tokens_of_events_add_up_whoever_counts(texts: list[str], total: int) -> None:
    for counter in (WordCounter(), CharacterCounter(), None):
        assert sum(tokens_per_event(contents(*texts), total, counter)) == total
    assert sum(own_tokens(contents(*texts), WordCounter())) == len("".join(texts).split())
