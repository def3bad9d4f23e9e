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


def test_one_connection_too_many_is_not_admitted_until_another_is_over() -> None:
    visits = Visits(Clock())
    first, *others = [Sock() for _ in range(MOST)]
    assert all(visits.admit(each) for each in (first, *others))
    late = Sock()
    assert not visits.admit(late)
    visits.forget(late)
    assert not visits.admit(late), "it was never there, so that its end makes no room"
    visits.forget(first)
    assert visits.admit(late)


def test_a_silent_connection_is_cut_when_its_time_is_over_and_keeps_its_place_until_it_is_closed() -> None:
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
    assert not visits.admit(Sock()), "their threads may still be there"


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


def test_threads_may_ask_at_the_same_time() -> None:
    visits = Visits(Clock())
    admitted: list[bool] = []

    def ask() -> None:
        admitted.append(visits.admit(Sock()))

    threads = [threading.Thread(target=ask) for _ in range(MOST + 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(admitted) == [False] * 5 + [True] * MOST
