"""The record's columns are public: their names and types change only by adding."""

import dataclasses

from exporter.record import COLUMNS, RECORD_VERSION, REQUIRED_COLUMNS, RequestRecord, as_dict

PUBLISHED = """
record_version:int16 request_id:string trace_id:string timestamp:timestamp[us, UTC] model:string response_model:string
operation:string upstream:string instance:string client_id:string stream:bool input_tokens:int32 output_tokens:int32
reasoning_tokens:int32 cached_input_tokens:int32 input_source:string output_source:string system_tokens:int32
history_tokens:int32 user_tokens:int32 tool_tokens:int32 max_tokens:int32 n:int32 ttft_us:int64 ttfa_us:int64
ttst_us:int64 tpot_us:int64 e2e_us:int64 queue_us:int64 chunks:int32 itl_p50_us:int64 itl_p95_us:int64 itl_max_us:int64
itl_counts:list<int32> chunk_gaps_us:list<int32> chunk_tokens:list<int32> concurrency:int32
context_tokens_in_flight:int64 outcome:string http_status:int16 finish_reason:string error_type:string
prefix_blocks:list<int64>
"""


def test_every_published_column_is_there_with_its_type() -> None:
    published = " ".join(PUBLISHED.split()).replace("[us, UTC]", "[us,UTC]").split(" ")
    columns = [f"{column.name}:{column.type}".replace("[us, UTC]", "[us,UTC]") for column in COLUMNS]
    assert columns == published


def test_the_row_and_its_columns_are_the_same() -> None:
    fields = {field.name for field in dataclasses.fields(RequestRecord)}
    assert fields == {column.name for column in COLUMNS}
    assert list(as_dict(RequestRecord(timestamp=1, request_id="r"))) == [column.name for column in COLUMNS]


def test_a_reader_needs_four_columns_and_the_version_is_one() -> None:
    assert REQUIRED_COLUMNS == ("timestamp", "model", "input_tokens", "output_tokens")
    assert as_dict(RequestRecord(timestamp=1, request_id="r"))["record_version"] == RECORD_VERSION == 1


def test_no_column_could_hold_text_of_a_prompt() -> None:
    words = {"prompt", "text", "content", "message", "body", "completion"}
    assert not [column.name for column in COLUMNS if words & set(column.name.split("_"))]
