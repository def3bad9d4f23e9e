from analyzer.traces.nested import at, items, name, number, text, whole


def test_what_stands_deep_inside_is_found_or_is_nothing() -> None:
    value = {"a": {"b": [1, 2]}}
    assert at(value, "a", "b") == [1, 2]
    assert at(value, "a", "b", "c") is None
    assert at(None, "a") is None
    assert list(items(at(value, "a", "b"))) == [1, 2]
    assert list(items("ab")) == []


def test_numbers_are_finite_and_may_be_texts() -> None:
    assert [number(value) for value in (1, 2.5, "3", True, "x", None, float("inf"), "1e999")] == [
        *(1, 2.5, 3),
        *[None] * 5,
    ]


def test_whole_numbers_stay_exact_and_within_64_bits() -> None:
    stamp = 1_795_220_610_304_861_779
    assert (whole(stamp), whole(str(stamp)), whole(0.4, 1000), whole("x")) == (stamp, stamp, 400, None)
    assert (whole(1e300), whole(-(10**40)), whole(10**400)) == (1 << 62, -(1 << 62), 1 << 62)


def test_an_error_has_a_name_and_never_a_sentence() -> None:
    assert text("") is None
    assert (name("asyncio.TimeoutError"), name("the prompt was: hello"), name("")) == (
        "asyncio.TimeoutError",
        "error",
        None,
    )
