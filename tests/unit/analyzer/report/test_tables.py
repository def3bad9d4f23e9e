from analyzer.evidence import Evidence
from analyzer.report import tables
from analyzer.shape import Joint
from tests.unit.analyzer.report.analyses import CAPACITY, MODEL, NO_LIMITS, model, prose, text


def test_every_row_has_a_cell_for_every_column() -> None:
    found = (
        tables.lengths(MODEL),
        tables.limits(MODEL.lengths, {"max_input_len": 1, "max_output_len": 2, "max_seq_len": 3}),
        tables.patterns(MODEL.query_patterns),
        tables.joint(MODEL.joint),
        tables.hours(MODEL.hours, "UTC"),
        tables.evidence(MODEL.evidence),
        tables.set_aside({"no_tokens": 3}),
        tables.models({"a": MODEL, "b": MODEL}, 40_000),
    )
    for table in found:
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.caption


def test_rows_and_columns_without_requests_are_left_out_of_the_heat_map_as_numbers() -> None:
    table = tables.joint(Joint((1, 2, 4), (1, 2), ((0, 0), (0, 7), (0, 1))))
    assert [column.name for column in table.columns] == ["requests", "OSL ≤ 2"]
    assert [[text(cell) for cell in row] for row in table.rows] == [["ISL ≤ 2", "7"], ["ISL ≤ 4", "1"]]


def test_the_table_of_models_says_what_is_not_known() -> None:
    said = prose((tables.models({"a": model(capacity=CAPACITY), "b": model(lengths=NO_LIMITS)}, 40_000),))
    assert "a | 20,000 | 50 % | 6,528 | 6,592 | 31 | 13 | 26" in said
    assert "b | 20,000 | 50 % | not yet known | not yet known | 11 or more | not known | not known" in said


def test_an_interval_of_shares_is_read_in_per_cent_and_one_of_tokens_in_tokens() -> None:
    intervals = {
        "lengths.over_share": (0.0, 0.0008),
        "seasons": (-0.05, 0.4),
        "lengths.max_seq_len": (6345.0, 6568.0),
        "capacity.rps_per_replica": (0.64, 1.1),
        "c": None,
    }
    said = prose((tables.evidence([Evidence(name, 1, 1, interval, "s") for name, interval in intervals.items()]),))
    for part in (
        "over_share | 1 | 1 | 0 % to 0.08 % | s",
        "seasons | 1 | 1 | -5 % to 40 % | s",
        "max_seq_len | 1 | 1 | 6,345 to 6,568 | s",
        "rps_per_replica | 1 | 1 | 0.64 to 1.1 | s",
        "c | 1 | 1 | – | s",
    ):
        assert part in said


def test_reasons_for_setting_rows_aside_are_read_as_words() -> None:
    assert "no output tokens | 4" in prose((tables.set_aside({"no_output_tokens": 4}),))
