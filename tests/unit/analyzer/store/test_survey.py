from analyzer.store.survey import Span, survey

NOTHING = {"aside": 0, "refused": 0, "named": 0, "longest_us": None, "buckets": None, "blocks": None}


def test_a_model_whose_rows_have_no_time_has_no_span_and_still_counts_as_set_aside() -> None:
    found = survey(
        [
            {**NOTHING, "model": None, "first": None, "last": None, "requests": 0, "aside": 3},
            {**NOTHING, "model": "m", "first": 5, "last": 9, "requests": 2},
        ]
    )
    assert found.spans == (Span("m", 5, 9, 2),)
    assert found.aside


def test_what_no_row_has_need_not_be_looked_for() -> None:
    found = survey([{**NOTHING, "model": "m", "first": 5, "last": 9, "requests": 2, "longest_us": 0}])
    assert found.times
    assert [found.aside, found.refused, found.named, found.gaps, found.blocks] == [False] * 5
