import threading

from exporter.supervisor.visits import MOST, SECONDS, Visits


class Sock:
    def __init__(self, *, gone: bool = False) -> None:
        self.gone = gone
        self.cut = 0

    def shutdown(self, how: int, /) -> None:
        self.cut += 1
        if self.gone:
            raise OSError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_connection_too_many_takes_the_place_of_the_one_that_is_there_longest() -> None:
    visits = Visits(Clock())
    there = [Sock() for _ in range(MOST)]
    for each in there:
        visits.admit(each)
    visits.forget(there[0])
    for _ in range(3):
        visits.admit(Sock())
    assert [each.cut for each in there[:5]] == [0, 1, 1, 0, 0]


def test_a_silent_connection_is_cut_when_its_time_is_over() -> None:
    clock = Clock()
    visits = Visits(clock)
    silent = [Sock() for _ in range(MOST)]
    for each in silent:
        visits.admit(each)
    clock.now += SECONDS - 0.1
    visits.cut_late()
    assert not any(each.cut for each in silent)
    clock.now += 0.1
    visits.cut_late()
    assert all(each.cut for each in silent)


def test_what_is_closed_is_not_cut_and_a_client_that_has_left_keeps_no_other_from_being_cut() -> None:
    clock = Clock()
    visits = Visits(clock)
    closed, left, silent = Sock(), Sock(gone=True), Sock()
    for each in (closed, left, silent):
        visits.admit(each)
    visits.forget(closed)
    clock.now += SECONDS
    visits.cut_late()
    assert (closed.cut, left.cut, silent.cut) == (0, 1, 1)


def test_threads_may_come_and_go_at_the_same_time() -> None:
    visits = Visits(Clock())
    there = [Sock() for _ in range(MOST + 5)]
    threads = [threading.Thread(target=visits.admit, args=(each,)) for each in there]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.cut for each in there) == 5
