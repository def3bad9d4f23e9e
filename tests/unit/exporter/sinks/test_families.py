"""Only what the catalogue names can be counted, and only with its labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.sinks.families import Counter, Histogram
from exporter.sinks.snapshot import Exemplar


def test_a_counter_sums_by_labels() -> None:
    counter = Counter("tokentide_dropped_observations")
    counter.add(("full",))
    counter.add(("full",), 2)
    counter.add(("lost",), 0)
    assert counter.numbers() == {("full",): 3, ("lost",): 0}


def test_a_counter_does_not_shrink() -> None:
    with pytest.raises(ValueError, match="cannot grow by -1"):
        Counter("tokentide_dropped_observations").add(("full",), -1)


def test_a_value_on_a_bound_belongs_to_the_bucket_that_the_bound_closes() -> None:
    histogram = Histogram("tokentide_tokens_per_chunk")
    for value in (1, 1.5, 2, 64, 65):
        histogram.observe(("m", "chat"), value)
    distribution = histogram.distributions()[("m", "chat")]
    assert distribution.counts == (1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1)
    assert (distribution.count, distribution.sum) == (5, 133.5)


@given(st.lists(st.integers(0, 70) | st.floats(0, 70)))
def test_many_values_at_once_are_counted_as_one_by_one(values: list[float]) -> None:
    together, apart = (Histogram("tokentide_tokens_per_chunk").cell(("m", "chat")) for _ in range(2))
    together.observe_all(values)
    for value in values:
        apart.observe(value)
    assert together.counts == apart.counts
    assert together.sum == pytest.approx(apart.sum)


def test_the_latest_marked_observation_of_each_bucket_is_its_exemplar() -> None:
    histogram = Histogram("tokentide_tokens_per_chunk")
    histogram.observe(("m", "chat"), 1)
    assert not histogram.distributions()[("m", "chat")].exemplars
    for i, value in enumerate((3, 1, 2.5, 70)):
        histogram.observe(("m", "chat"), value, (f"{i:032x}", f"{i:016x}", 1000 + i))
    histogram.observe(("m", "chat"), 3)
    seen = histogram.distributions()[("m", "chat")]
    assert seen.exemplars == {
        0: Exemplar(1, f"{1:032x}", f"{1:016x}", 1001),
        2: Exemplar(2.5, f"{2:032x}", f"{2:016x}", 1002),
        10: Exemplar(70, f"{3:032x}", f"{3:016x}", 1003),
    }
    histogram.observe(("m", "chat"), 3, (f"{9:032x}", f"{9:016x}", 2000))
    assert seen.exemplars[2].value == 2.5, "a copy does not change"


@pytest.mark.parametrize("name", ["tokentide_invented", "tokentide_requests_in_flight", "tokentide_tokens_per_chunk"])
def test_a_name_that_is_no_counter_of_the_catalogue_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"no counter named '{name}'"):
        Counter(name)


def test_a_name_that_is_no_histogram_of_the_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="no histogram named 'tokentide_requests'"):
        Histogram("tokentide_requests")


def test_a_wrong_number_of_labels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has the labels \('reason',\)"):
        Counter("tokentide_dropped_observations").add(("full", "chat"))
    with pytest.raises(ValueError, match="has the labels"):
        Histogram("tokentide_tokens_per_chunk").observe(("m",), 1)
