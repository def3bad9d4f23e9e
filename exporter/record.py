"""The one row format that the exporter writes and the analyzer reads: one request, no text."""

import dataclasses
from dataclasses import dataclass

RECORD_VERSION = 1

REQUIRED_COLUMNS = ("timestamp", "model", "input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a record: its name, its Parquet type and what it means."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as it is written to disk.

    Times are microseconds; `timestamp` is microseconds since the epoch in UTC. `None` means that the
    fact could not be known, never zero. There is no field that could hold a word of a prompt.
    """

    timestamp: int
    request_id: str
    model: str | None = None
    response_model: str | None = None
    operation: str = "other"
    upstream: str = ""
    instance: str = ""
    trace_id: str | None = None
    client_id: str | None = None
    stream: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_input_tokens: int | None = None
    input_source: str | None = None
    output_source: str | None = None
    system_tokens: int | None = None
    history_tokens: int | None = None
    user_tokens: int | None = None
    tool_tokens: int | None = None
    max_tokens: int | None = None
    n: int | None = None
    ttft_us: int | None = None
    ttfa_us: int | None = None
    ttst_us: int | None = None
    tpot_us: int | None = None
    e2e_us: int | None = None
    queue_us: int | None = None
    chunks: int | None = None
    itl_p50_us: int | None = None
    itl_p95_us: int | None = None
    itl_max_us: int | None = None
    itl_counts: tuple[int, ...] | None = None
    chunk_gaps_us: tuple[int, ...] | None = None
    chunk_tokens: tuple[int, ...] | None = None
    concurrency: int | None = None
    context_tokens_in_flight: int | None = None
    outcome: str = "completed"
    http_status: int | None = None
    finish_reason: str | None = None
    error_type: str | None = None
    prefix_blocks: tuple[int, ...] | None = None
    record_version: int = RECORD_VERSION


COLUMNS: tuple[Column, ...] = (
    Column("record_version", "int16", "version of this format, 1"),
    Column("request_id", "string", "the client's `x-request-id`, or ours"),
    Column("trace_id", "string", "W3C trace id"),
    Column("timestamp", "timestamp[us, UTC]", "request received"),
    Column("model", "string", "model as asked for"),
    Column("response_model", "string", "model as answered"),
    Column(
        "operation",
        "string",
        "chat, text_completion, responses, messages, embeddings, generate_content, other",
    ),
    Column("upstream", "string", "engine address"),
    Column("instance", "string", "this sidecar"),
    Column("client_id", "string", "keyed hash of the API key or of a chosen header; off by default"),
    Column("stream", "bool", "the answer was asked for as a stream"),
    Column("input_tokens", "int32", "input sequence length (ISL)"),
    Column("output_tokens", "int32", "output sequence length (OSL), reasoning included"),
    Column("reasoning_tokens", "int32", "output tokens spent on reasoning"),
    Column("cached_input_tokens", "int32", "input tokens that the engine found in its prefix cache"),
    Column("input_source", "string", "who counted the input: usage, engine_ids, continuous_usage, tokenizer, estimate"),
    Column("output_source", "string", "who counted the output, same words"),
    Column("system_tokens", "int32", "system prompt's part of the input"),
    Column("history_tokens", "int32", "earlier turns' part of the input"),
    Column("user_tokens", "int32", "last user turn's part of the input"),
    Column("tool_tokens", "int32", "tool definitions' part of the input"),
    Column("max_tokens", "int32", "output limit that the client asked for"),
    Column("n", "int32", "completions asked for"),
    Column("ttft_us", "int64", "time to first token (TTFT), microseconds"),
    Column("ttfa_us", "int64", "time to first answer token that is not reasoning, microseconds"),
    Column("ttst_us", "int64", "time from first to second content event (TTST), microseconds"),
    Column("tpot_us", "int64", "time per output token (TPOT), microseconds"),
    Column("e2e_us", "int64", "end-to-end latency (E2E), microseconds"),
    Column("queue_us", "int64", "engine's own queue time, microseconds"),
    Column("chunks", "int32", "content events"),
    Column("itl_p50_us", "int64", "median inter-token latency (ITL) of this request, weighted by tokens, microseconds"),
    Column("itl_p95_us", "int64", "95th percentile of the same"),
    Column("itl_max_us", "int64", "maximum of the same"),
    Column("itl_counts", "list<int32>", "tokens per ITL bucket of the catalogue, the last one open"),
    Column("chunk_gaps_us", "list<int32>", "gap before each content event but the first; only with full timeline"),
    Column("chunk_tokens", "list<int32>", "tokens in each content event; only with full timeline"),
    Column("concurrency", "int32", "requests in flight when this one was forwarded, itself included"),
    Column("context_tokens_in_flight", "int64", "context tokens of the other requests in flight at that moment"),
    Column(
        "outcome",
        "string",
        "completed, client_disconnect, upstream_error, mid_stream_error, refused",
    ),
    Column("http_status", "int16", "status the engine answered with"),
    Column("finish_reason", "string", "why the engine stopped"),
    Column(
        "error_type",
        "string",
        "class of the failure, absent on success: of the client `closed`, `reset`, `stalled` or `refused`; else"
        " `unreachable`, `closed`, `reset`, `timeout`, `drained`, `malformed_head`, `malformed_body`, `no_answer`,"
        " `incomplete_stream`, `relay_lost`, the engine's own name for it, or its status",
    ),
    Column("prefix_blocks", "list<int64>", "keyed hash of each 512-token prefix; `hash_ids` is read as the same"),
)


def as_dict(record: RequestRecord) -> dict[str, object]:
    """The record as a mapping in the order of `COLUMNS`."""
    values = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return {column.name: values[column.name] for column in COLUMNS}
