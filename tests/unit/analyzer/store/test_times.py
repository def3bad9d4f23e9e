import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.histogram import PER_MILLE, Histogram
from analyzer.store.times import Ranges


@given(st.lists(st.integers(-1, 2**50), min_size=1), st.integers(1, 5))
def test_quantiles_are_those_of_all_values_together(values: list[int], parts: int) -> None:
    ranges, pieces = Ranges(), [np.array(values[start::parts], dtype=np.int64) for start in range(parts)]
    for piece in pieces:
        ranges.count(piece)
    ranges.choose()
    for piece in reversed(pieces):
        ranges.keep(piece)
    recorded = Histogram.of([(value, 1) for value in values if value >= 0])
    found = ranges.quantiles()
    assert ranges.total == recorded.total
    if found is None:
        assert recorded.total == 0
    else:
        for name, per_mille in PER_MILLE.items():
            assert getattr(found, name) == recorded.quantile(per_mille) / 1000, name
