from time import monotonic_ns

from exporter.catalog import ADDED_LATENCY
from exporter.proxy.meter import PHASES, Meter


def at_once(call: object, *arguments: object) -> None:
    call(*arguments)  # type: ignore[operator]


def test_each_phase_has_a_bucket_for_every_bound_and_an_open_one() -> None:
    told = Meter(at_once).told()
    assert tuple(told) == PHASES
    assert all(counts == [0] * (len(ADDED_LATENCY) + 1) and total == 0 for counts, total in told.values())


def test_what_passes_is_counted_where_it_belongs() -> None:
    meter = Meter(at_once)
    meter.passed("request", monotonic_ns() - 30_000_000)
    counts, total = meter.told()["request"]
    assert counts.index(1) == ADDED_LATENCY.index(0.05)
    assert 30_000_000 <= total < 50_000_000


def test_the_first_of_sixteen_is_measured_in_each_phase() -> None:
    meter = Meter(at_once)
    for phase in PHASES:
        for _ in range(145):
            meter.passed(phase, monotonic_ns())
        assert sum(meter.told()[phase][0]) == 10


def test_the_second_stamp_is_taken_in_the_next_turn_of_the_loop() -> None:
    later: list[tuple[object, ...]] = []
    meter = Meter(lambda *call: later.append(call))
    meter.passed("first_byte", monotonic_ns())
    assert sum(meter.told()["first_byte"][0]) == 0
    call, *arguments = later[0]
    call(*arguments)  # type: ignore[operator]
    assert sum(meter.told()["first_byte"][0]) == 1
