"""The requests that are replayed."""

import numpy as np

from analyzer.replay import Requests


def test_requests_are_as_many_as_their_arrivals() -> None:
    one = np.array([7], dtype=np.int64)
    assert len(Requests(one, one, one, one, one)) == 1
