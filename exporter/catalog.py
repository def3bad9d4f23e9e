"""Every metric that exists: name, kind, unit, labels, buckets and meaning, as data."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a metric is."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the catalogue.

    `name` is the OpenTelemetry name for conventions (`gen_ai.…`) and the full Prometheus name without `_total`,
    unit or type suffixes added by exporters for ours. `prometheus` is the family name on the scrape page.
    `buckets` are upper bounds, the open one left out.
    """

    name: str
    prometheus: str
    kind: Kind
    unit: str
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()


GEN_AI_LABELS = (
    "gen_ai_operation_name",
    "gen_ai_provider_name",
    "gen_ai_request_model",
    "gen_ai_response_model",
    "server_address",
    "server_port",
    "error_type",
)
OURS = ("model", "operation")


def _doublings(first: float, last: float) -> tuple[float, ...]:
    bounds = [first]
    while bounds[-1] < last:
        bounds.append(round(bounds[-1] * 2, 10))
    return tuple(bounds)


def _token_lengths() -> tuple[float, ...]:
    """1, 2, 4 … 64, then powers of two with half steps (96, 128, 192, …) to 1 M."""
    bounds = [2.0**i for i in range(7)]
    for power in range(7, 21):
        bounds += [2.0**power * 0.75, 2.0**power]
    return tuple(bounds)


def _decades_1_2_5(first: float, count: int) -> tuple[float, ...]:
    """`count` bounds: first, 2·first, 5·first, 10·first and so on."""
    steps = (1.0, 2.0, 5.0)
    return tuple(float(f"{first * 10 ** (i // 3) * steps[i % 3]:.3g}") for i in range(count))


GEN_AI_TOKENS = tuple(4.0**i for i in range(14))
GEN_AI_DURATION = _doublings(0.01, 2621.44)
GEN_AI_CHUNK = _doublings(0.01, 81.92)
TTFT = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
    1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0,
)  # fmt: skip
TIME_PER_TOKEN = (
    0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075,
    0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0,
)  # fmt: skip
TOKEN_LENGTHS = _token_lengths()
MATRIX_EDGES = tuple(2.0**i for i in range(21))
TOKENS_PER_CHUNK = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0)
MISMATCH = (0.0, *(2.0**i for i in range(13)))
ADDED_LATENCY = _decades_1_2_5(0.00001, 16)
TOKENIZER = _decades_1_2_5(0.0001, 16)

OUTCOMES = ("completed", "client_disconnect", "upstream_error", "mid_stream_error", "refused")
SOURCES = ("usage", "engine_ids", "continuous_usage", "tokenizer", "estimate")
DROP_REASONS = (
    "tap_full", "observer_lost", "observer_error",
    "anthropic_messages", "embeddings", "openai_chat", "openai_completions", "openai_responses", "scores",
    "sglang_generate", "tgi_generate", "triton_generate",
)  # fmt: skip
REFUSAL_REASONS = (
    "malformed_request", "head_too_large", "body_too_large", "head_timeout", "body_timeout", "too_many_connections",
    "upgrade_refused", "no_upstream", "upstream_unreachable", "upstream_error", "timeout",
)  # fmt: skip
LOSS_REASONS = ("disk_full", "read_only", "write_failed", "backlog_full", "unencodable", "torn", "removed")
"""Reasons whose series start at zero, so that a rate sees the first event."""
PROMPT_PARTS = ("system", "history", "user", "tools", "retrieved")
LIMITS = ("max_input_len", "max_output_len", "max_seq_len")
LIMIT_EFFECTS = ("rejected", "truncated")
ENGINE_QUESTIONS = ("limits", "metrics")
ENGINE_RESULTS = ("ok", "failed")
SEEN = ("yes", "no")
SIDES = ("input", "output")
OTLP_SIGNALS = ("metrics", "traces")
OTLP_RESULTS = ("exported", "failed")
PATTERNS = ("short_short", "short_long", "long_short", "long_long")
POSITIONS = (16, 64, 256, 1024, 4096)
POSITION_LABELS = ("1-16", "17-64", "65-256", "257-1024", "1025-4096", "4097+")
ISL_BANDS = (128.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0, 32768.0, 131072.0)


def _ours(
    name: str, kind: Kind, unit: str, meaning: str, labels: tuple[str, ...] = (), buckets: tuple[float, ...] = ()
) -> Metric:
    full = f"tokentide_{name}"
    return Metric(full, full, kind, unit, (*OURS, *labels), meaning, buckets)


def _process(
    name: str, kind: Kind, unit: str, meaning: str, labels: tuple[str, ...] = (), buckets: tuple[float, ...] = ()
) -> Metric:
    full = f"tokentide_{name}"
    return Metric(full, full, kind, unit, labels, meaning, buckets)


def _gen_ai(
    name: str, unit: str, meaning: str, buckets: tuple[float, ...], labels: tuple[str, ...] = GEN_AI_LABELS
) -> Metric:
    suffix = "_seconds" if unit == "s" else ""
    return Metric(name, name.replace(".", "_") + suffix, Kind.HISTOGRAM, unit, labels, meaning, buckets)


METRICS: tuple[Metric, ...] = (
    _gen_ai(
        "gen_ai.client.token.usage",
        "{token}",
        "tokens used, by gen_ai_token_type input or output",
        GEN_AI_TOKENS,
        (*(label for label in GEN_AI_LABELS if label != "error_type"), "gen_ai_token_type"),
    ),
    _gen_ai("gen_ai.client.operation.duration", "s", "duration of the operation as the client sees it", GEN_AI_DURATION),
    _gen_ai("gen_ai.server.request.duration", "s", "duration of the request at the server", GEN_AI_DURATION),
    _gen_ai(
        "gen_ai.client.operation.time_to_first_chunk",
        "s",
        "time to the first content event of a stream",
        GEN_AI_CHUNK,
    ),
    _gen_ai(
        "gen_ai.client.operation.time_per_output_chunk",
        "s",
        "gap between two content events of a stream",
        GEN_AI_CHUNK,
    ),
    _gen_ai("gen_ai.server.time_to_first_token", "s", "time to first token (TTFT)", TTFT),
    _gen_ai("gen_ai.server.time_per_output_token", "s", "time per output token after the first (TPOT)", TIME_PER_TOKEN),
    _ours("request_input_tokens", Kind.HISTOGRAM, "tokens", "input sequence length (ISL)", (), TOKEN_LENGTHS),
    _ours("request_output_tokens", Kind.HISTOGRAM, "tokens", "output sequence length (OSL)", (), TOKEN_LENGTHS),
    _ours("request_total_tokens", Kind.HISTOGRAM, "tokens", "ISL + OSL of one request", (), TOKEN_LENGTHS),
    _ours("request_max_tokens", Kind.HISTOGRAM, "tokens", "output limit that the client asked for", (), TOKEN_LENGTHS),
    _ours("prompt_part_tokens", Kind.COUNTER, "tokens", "where input tokens come from; the parts leave out what a chat template adds", ("part",)),
    _ours("prefix_blocks", Kind.COUNTER, "blocks", "512-token blocks of prompt prefixes, by whether the same prefix was seen before: what a prefix cache could save", ("seen",)),
    _ours("isl_osl_requests", Kind.COUNTER, "requests", "the 2-D histogram: requests per ISL and OSL cell, not cumulative", ("isl_le", "osl_le")),
    _ours("query_pattern_requests", Kind.COUNTER, "requests", "requests per query pattern; thresholds are settings", ("pattern",)),
    _ours("inter_token_latency_seconds", Kind.HISTOGRAM, "s", "inter-token latency (ITL), weighted by tokens, by position in the answer", ("position",), TIME_PER_TOKEN),
    _ours("time_to_first_token_by_input_seconds", Kind.HISTOGRAM, "s", "TTFT by band of ISL", ("isl_le",), TTFT),
    _ours("time_to_first_answer_token_seconds", Kind.HISTOGRAM, "s", "time to the first answer token that is not reasoning", (), TTFT),
    _ours("time_to_second_token_seconds", Kind.HISTOGRAM, "s", "time from the first to the second content event (TTST)", (), TTFT),
    _ours("tokens_per_chunk", Kind.HISTOGRAM, "tokens", "output tokens in one content event", (), TOKENS_PER_CHUNK),
    _ours("requests_in_flight", Kind.GAUGE, "requests", "requests forwarded and not yet finished"),
    _ours("streams_in_flight", Kind.GAUGE, "requests", "those of them that stream"),
    _ours("context_tokens_in_flight", Kind.GAUGE, "tokens", "ISL plus output so far of all requests in flight: the KV cache seen from outside"),
    _ours("requests", Kind.COUNTER, "requests", "requests by how they ended", ("outcome", "http_status", "stream")),
    _ours("wasted_output_tokens", Kind.COUNTER, "tokens", "tokens generated for clients that had left"),
    _ours("token_count_source", Kind.COUNTER, "requests", "who counted the tokens", ("side", "source")),
    _ours("token_count_mismatch_tokens", Kind.HISTOGRAM, "tokens", "absolute difference of own count and server usage", ("side", "sign"), MISMATCH),
    _process("engine_limit_tokens", Kind.GAUGE, "tokens", "limit of an engine, from the settings or told by the engine", ("model", "limit")),
    _ours("requests_over_limit", Kind.COUNTER, "requests", "requests longer than the limit was when they ended", ("limit",)),
    _ours("limit_exceeded", Kind.COUNTER, "requests", "requests that an engine rejected or cut short because of the limit", ("limit", "how")),
    _process("client_requests", Kind.COUNTER, "requests", "requests of one client, by the hash of its key; only where the setting max_clients allows", ("client", "model", "operation")),
    _process("client_tokens", Kind.COUNTER, "tokens", "tokens of one client; only where the setting max_clients allows", ("client", "model", "operation", "side")),
    _process("dropped_observations", Kind.COUNTER, "requests", "exchanges that were relayed but not observed", ("reason",)),
    _process("unreadable_exchanges", Kind.COUNTER, "requests", "exchanges with a part that no dialect could read; recorded with what is known", ("reason",)),
    _process("forwarded_requests", Kind.COUNTER, "requests", "requests whose head was fully written to an upstream"),
    _process("refused_requests", Kind.COUNTER, "requests", "requests that the sidecar itself answered with an error", ("reason",)),
    _process("added_latency_seconds", Kind.HISTOGRAM, "s", "time from a read to the end of its write in the relay; one of sixteen in each phase is measured", ("phase",), ADDED_LATENCY),
    _process("upstream_up", Kind.GAUGE, "", "1 where the last connection to an engine succeeded, 0 where it failed", ("upstream",)),
    _process("engine_requests_running", Kind.GAUGE, "requests", "requests that the engine works on, by its own metrics; only where the sidecar scrapes them", ("upstream",)),
    _process("engine_requests_waiting", Kind.GAUGE, "requests", "requests in the engine's queue, by its own metrics", ("upstream",)),
    _process("engine_kv_cache_usage_ratio", Kind.GAUGE, "", "share of the engine's KV cache in use, by its own metrics; of the fullest replica", ("upstream",)),
    _process("engine_kv_cache_tokens", Kind.GAUGE, "tokens", "tokens that the engine's KV cache holds, by its own metrics", ("upstream",)),
    _process("engine_questions", Kind.COUNTER, "questions", "times that the sidecar asked an engine for its limits or its metrics", ("upstream", "what", "result")),
    _process("tokenizer_seconds", Kind.HISTOGRAM, "s", "time to count one text", ("tokenizer",), TOKENIZER),
    _process("tokenizer_backlog_bytes", Kind.GAUGE, "bytes", "text that waits to be counted", ("tokenizer",)),
    _process("records_written", Kind.COUNTER, "records", "records that reached the spool"),
    _process("records_lost", Kind.COUNTER, "records", "records that could not be written", ("reason",)),
    _process("record_uploads", Kind.COUNTER, "files", "attempts to upload a finished file of records", ("result",)),
    _process("upload_backlog_bytes", Kind.GAUGE, "bytes", "finished files of records that wait for their upload"),
    _process("recorder_lag_seconds", Kind.GAUGE, "s", "age of the oldest record that is not yet in Parquet"),
    _process("otlp_exports", Kind.COUNTER, "exports", "attempts to hand metrics or spans to the OTLP endpoint", ("signal", "result")),
    _process("otlp_spans_dropped", Kind.COUNTER, "spans", "spans that were lost, because too many waited or the endpoint did not take them"),
    _process("build_info", Kind.INFO, "", "version of this sidecar", ("version", "python")),
    _process("config_info", Kind.INFO, "", "settings that shape the figures", ("sidecar", "upstream", "isl_threshold", "osl_threshold")),
)  # fmt: skip

BY_NAME = {metric.name: metric for metric in METRICS}
