from tests.bench.analyzer.running import FLOOR, IMPORTS, OURS, PANDAS, POLARS, Figure, Run, figures
from tests.bench.analyzer.verdict import PLANTED, verdicts

MILLION = 1_000_000


def figure(program: str, records: str, wall: float, failed: int = 0) -> Figure:
    return Figure(program, records, wall, wall, 100.0, 1, failed)


def test_targets_compare_with_the_same_records() -> None:
    found = [
        figure(FLOOR, f"rows-{MILLION}", 2.0),
        figure(OURS, f"rows-{MILLION}", 8.0),
        figure(POLARS, f"rows-{MILLION}", 4.0),
        figure(OURS, f"rows-{10 * MILLION}", 40.0),
        figure(OURS, PLANTED, 9.0),
        figure(IMPORTS, PLANTED, 2.0),
        figure(FLOOR, PLANTED, 1.0),
    ]
    judged = {each.what: (each.measured, each.met) for each in verdicts(found, [MILLION, 10 * MILLION])}
    assert judged["1 M rows: time to the bare aggregate"] == (4.0, True)
    assert judged["1 M rows: time to polars"] == (2.0, False)
    assert judged["10 M rows: time to the bare aggregate"] == (None, None)
    assert judged["growth from 1,000,000 to 10,000,000 rows"] == (5.0, True)
    assert judged["planted_dev: time to imports and bare aggregate"] == (3.0, True)


def test_a_peer_that_failed_is_no_measure() -> None:
    found = [figure(OURS, f"rows-{MILLION}", 8.0), figure(PANDAS, f"rows-{MILLION}", 0.1, failed=1)]
    judged = {each.what: each.met for each in verdicts(found, [MILLION])}
    assert judged["1 M rows: time to pandas"] is None


def test_medians_leave_out_runs_that_failed() -> None:
    runs = [
        Run(OURS, "r", number, wall, wall, 1.0, status)
        for number, (wall, status) in enumerate([(9, 0), (1, -1), (7, 0)])
    ]
    (found,) = figures(runs)
    assert (found.wall, found.rounds, found.failed) == (8.0, 3, 1)
