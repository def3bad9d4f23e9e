import pyarrow as pa
import pytest

from analyzer.traces.values import each, exact_ratio, number, scalars, text, whole, whole_lists


def strings(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string())


def test_numbers_are_read_from_texts_and_what_is_none_is_null() -> None:
    column = strings("7", " 8.5 ", "1e3", "-2", "", "nan", "inf", "word", None, "1,000", "0x10")
    assert number(column).to_pylist() == [7, 8.5, 1000, -2, None, None, None, None, None, None, None]


def test_whole_numbers_are_rounded_and_scaled() -> None:
    assert whole(strings("7", "7.6", "x", None)).to_pylist() == [7, 8, None, None]
    assert whole(pa.array([0.25, None, float("nan")]), 1000).to_pylist() == [250, None, None]


def test_whole_numbers_beyond_the_reach_of_floats_stay_exact() -> None:
    stamp = 1_795_220_610_304_861_779
    assert whole(pa.array([stamp])).to_pylist() == [stamp]
    assert exact_ratio(pa.array([stamp]), 1000).to_pylist() == [1_795_220_610_304_861]
    assert whole(strings("+9007199254740993")).to_pylist() == [9_007_199_254_740_993]


def test_what_is_too_large_for_a_number_of_64_bits_stays_far_too_large() -> None:
    assert whole(strings("1e300", "-1e300")).to_pylist() == [1 << 62, -(1 << 62)]
    assert whole(pa.array([2**62]), 1_000_000).to_pylist() == [1 << 62]


def test_numbers_of_any_type_are_numbers_and_lists_are_none() -> None:
    assert whole(pa.array([3], pa.int16())).to_pylist() == [3]
    assert whole(pa.array(["4"]).dictionary_encode()).to_pylist() == [4]
    assert number(pa.array([[1]])).to_pylist() == [None]


def test_an_empty_text_is_none() -> None:
    assert text(strings(" a ", "", "  ", None)).to_pylist() == ["a", None, None, None]


def test_each_distinct_text_is_changed_once() -> None:
    asked: list[str] = []

    def change(value: str) -> str:
        asked.append(value)
        return value.upper()

    assert each(strings("a", "b", "a", None), change).to_pylist() == ["A", "B", "A", None]
    assert asked == ["a", "b"]


def test_values_of_json_are_spelt_and_those_inside_others_are_none() -> None:
    assert scalars([1, 2.5, "x", True, None, {"a": 1}, [1]]).to_pylist() == ["1", "2.5", "x", "true", None, None, None]
    assert whole_lists([[1, 2], "x", [1.5], None, [1 << 70], [True], []]).to_pylist() == [
        [1, 2],
        None,
        None,
        None,
        None,
        None,
        [],
    ]


@pytest.mark.parametrize("column", [strings(), pa.array([], pa.float64())])
def test_no_values_are_no_values(column: pa.Array) -> None:
    assert number(column).to_pylist() == whole(column).to_pylist() == []
