import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable, Coroutine

import pytest

from exporter.proxy import arriving
from exporter.proxy.arriving import Arrivals, queued
from exporter.proxy.ports import Limits
from exporter.tap.mailbox import Mailbox


class Threshold:
    """A relay's doorstep, with room for two handshakes."""

    def __init__(self) -> None:
        self.arriving: dict[asyncio.Task[None], float] = {}
        self.limits = Limits(connections=2)
        self.mailbox = Mailbox("r")


class Unopened(socket.socket):
    """An object of the type that is no socket of the system; `closed` once it was closed."""

    closed = False

    def __new__(cls) -> "Unopened":
        return super().__new__(cls)

    def __init__(self) -> None:  # the one of sockets would open one
        pass

    def close(self) -> None:
        self.closed = True


class Handshakes:
    """Shakes hands when what is `waiting` is told so, or fails as it is told; `met` are those with whom it did."""

    def __init__(self) -> None:
        self.met: list[socket.socket] = []
        self.waiting: dict[socket.socket, asyncio.Future[None]] = {}
        self.two = asyncio.Event()

    async def __call__(self, waiting: socket.socket) -> None:
        self.waiting[waiting] = asyncio.get_running_loop().create_future()
        if len(self.waiting) == 2:
            self.two.set()
        await self.waiting[waiting]
        self.met.append(waiting)


class Listener:
    """A listening socket whose `accept` gives or raises one thing after the other; without a number it is closed."""

    def __init__(self, *given: socket.socket | OSError, number: int = -1) -> None:
        self._given = iter(given)
        self._number = number

    def accept(self) -> tuple[socket.socket, object]:
        given = next(self._given, BlockingIOError())
        if isinstance(given, OSError):
            raise given
        return given, None

    def fileno(self) -> int:
        return self._number


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


Story = Callable[[Threshold, Handshakes, Arrivals], Coroutine[object, object, None]]


def play(story: Story) -> None:
    house, hands = Threshold(), Handshakes()
    asyncio.run(story(house, hands, Arrivals(house, hands)))


@pytest.mark.parametrize("error", [ssl.SSLError(1, "wrong version"), ConnectionResetError(), ConnectionAbortedError()])
def test_a_handshake_that_fails_or_lasts_too_long_holds_up_no_other(error: OSError) -> None:
    async def story(house: Threshold, hands: Handshakes, arrivals: Arrivals) -> None:
        failing, other = Unopened(), Unopened()
        arrivals.begin(failing)
        arrivals.begin(other)
        await turns()
        assert len(house.arriving) == 2
        hands.waiting[failing].set_exception(error)
        await turns()
        assert len(house.arriving) == 1
        hands.waiting[other].set_result(None)
        await turns()
        assert hands.met == [other]
        assert not house.arriving

    play(story)


def test_what_is_more_than_may_shake_hands_at_a_time_is_closed() -> None:
    async def story(house: Threshold, hands: Handshakes, arrivals: Arrivals) -> None:
        clients = [Unopened() for _ in range(3)]
        for client in clients:
            arrivals.begin(client)
        await turns()
        assert [client.closed for client in clients] == [False, False, True]
        assert house.mailbox.refused == {"too_many_connections": 1}
        hands.waiting[clients[0]].set_result(None)
        await turns()
        later = Unopened()
        arrivals.begin(later)
        await turns()
        assert later in hands.waiting
        assert not later.closed

    play(story)


@pytest.mark.parametrize("begun", [False, True])
def test_a_handshake_can_be_ended_before_and_while_it_waits(begun: bool) -> None:
    async def story(house: Threshold, hands: Handshakes, arrivals: Arrivals) -> None:
        arrivals.begin(Unopened())
        if begun:
            await turns()
        for task in house.arriving:
            task.cancel()
        await turns()
        assert not house.arriving
        assert not hands.met

    play(story)


def test_all_that_wait_are_taken_though_one_has_left_already() -> None:
    first, second = Unopened(), Unopened()
    assert list(queued(Listener(first, ConnectionAbortedError(), second))) == [first, second]


def test_what_waits_is_taken_until_the_system_has_no_room_and_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arriving, "_PAUSE_SECONDS", 0.0)
    ready, other = os.pipe()
    os.write(other, b"readable")

    async def story(house: Threshold, hands: Handshakes, arrivals: Arrivals) -> None:
        first, second = Unopened(), Unopened()
        full = OSError(errno.EMFILE, "too many open files")
        listener = Listener(first, full, second, number=ready)
        arrivals.keep_taking(listener)
        await hands.two.wait()
        assert list(hands.waiting) == [first, second]
        asyncio.get_running_loop().remove_reader(ready)

    try:
        play(story)
    finally:
        os.close(ready)
        os.close(other)


def test_a_listener_that_is_closed_in_the_pause_stays_so() -> None:
    async def story(house: Threshold, hands: Handshakes, arrivals: Arrivals) -> None:
        arrivals._take_again(Listener(Unopened()))
        await turns()
        assert not hands.waiting

    play(story)
