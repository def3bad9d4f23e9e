"""How the bench starts programs."""

import pytest

from tests.bench.processes import session_priority


@pytest.mark.parametrize(
    ("told", "nice"), [("/autogroup-25 nice 0\n", 0), ("/autogroup-7 nice -5\n", -5), ("", 0), ("/\n", 0)]
)
def test_the_priority_of_a_session_is_read_where_the_kernel_tells_one(told: str, nice: int) -> None:
    assert session_priority(told) == nice
