"""The board Traffic: what comes in and how it is served."""

from collections.abc import Sequence

from dashboards import promql
from dashboards.panels import Board, Grid, Query, Section, cells, heat, lines, numbers
from exporter.catalog import BY_NAME, MATRIX_EDGES, Metric

_LENGTH_QUANTILES = (0.5, 0.9, 0.99)
_LATENCY_QUANTILES = (0.5, 0.95, 0.99)


def board() -> Board:
    """The board, built anew at each call."""
    return Board(
        name="traffic",
        title="Traffic",
        meaning="What comes in and how it is served, as Tokentide sees it beside the endpoint.",
        sections=(_requests(), _lengths(), _latency(), _tokens(), _trust()),
    )


def _requests() -> Section:
    requests = BY_NAME["tokentide_requests"]
    in_flight = BY_NAME["tokentide_requests_in_flight"]
    streams = BY_NAME["tokentide_streams_in_flight"]
    return Section(
        "Requests",
        (
            lines(
                "Requests/s by outcome",
                "Finished requests by how they ended.",
                "reqps",
                [Query(promql.rate(requests, ["outcome"]), "{{outcome}}")],
                stacked=True,
            ),
            lines(
                "Requests/s by model",
                "Finished requests by the model that was asked for.",
                "reqps",
                [Query(promql.rate(requests, ["model"]), "{{model}}")],
                stacked=True,
            ),
            lines(
                "In flight",
                "Requests forwarded and not yet finished, and those of them that stream.",
                "short",
                [Query(promql.level(in_flight), "requests"), Query(promql.level(streams), "streams")],
            ),
        ),
    )


def _lengths() -> Section:
    isl, osl = BY_NAME["tokentide_request_input_tokens"], BY_NAME["tokentide_request_output_tokens"]
    matrix = BY_NAME["tokentide_isl_osl_requests"]
    pattern = BY_NAME["tokentide_query_pattern_requests"]
    last = MATRIX_EDGES[-1]
    grid = Grid("isl_le", "osl_le", "ISL down, OSL across, up to", f"{last * 2:.0f}", f"over {last:.0f}")
    return Section(
        "Lengths",
        (
            lines("ISL", _meaning(isl), "short", _quantiles(isl, _LENGTH_QUANTILES)),
            heat("ISL over time", "Requests by input length.", "short", Query(promql.heatmap(isl), "{{le}}"), 16),
            lines("OSL", _meaning(osl), "short", _quantiles(osl, _LENGTH_QUANTILES)),
            heat("OSL over time", "Requests by output length.", "short", Query(promql.heatmap(osl), "{{le}}"), 16),
            cells(
                "ISL × OSL",
                "Requests of the time range by input (rows) and output length (columns) in tokens; each edge is the"
                " upper end of its cell, the one before it the lower end.",
                Query(promql.matrix(matrix, grid.rows, grid.columns, grid.open_edge), ""),
                grid,
            ),
            lines(
                "Query patterns",
                "Share of requests with short or long input and output; the thresholds are settings of the sidecar.",
                "percentunit",
                [Query(promql.share(pattern, ["pattern"]), "{{pattern}}")],
                24,
                stacked=True,
            ),
        ),
    )


def _latency() -> Section:
    first = BY_NAME["gen_ai.server.time_to_first_token"]
    each = BY_NAME["gen_ai.server.time_per_output_token"]
    whole = BY_NAME["gen_ai.client.operation.duration"]
    itl = BY_NAME["tokentide_inter_token_latency_seconds"]
    chunk = BY_NAME["tokentide_tokens_per_chunk"]
    return Section(
        "Latency",
        (
            lines("TTFT", _meaning(first), "s", _quantiles(first, _LATENCY_QUANTILES)),
            lines("TPOT", _meaning(each), "s", _quantiles(each, _LATENCY_QUANTILES)),
            lines("E2E", "End-to-end latency: until the last content.", "s", _quantiles(whole, _LATENCY_QUANTILES)),
            lines("ITL by position, p50", _meaning(itl), "s", [_by_position(0.5, itl)]),
            lines("ITL by position, p95", _meaning(itl), "s", [_by_position(0.95, itl)]),
            lines(
                "Tokens per chunk",
                "Output tokens in one content event; above 1 means speculative decoding, batching or a slow reader.",
                "short",
                [Query(promql.mean(chunk), "mean"), *_quantiles(chunk, (0.99,))],
            ),
        ),
    )


def _tokens() -> Section:
    isl, osl = BY_NAME["tokentide_request_input_tokens"], BY_NAME["tokentide_request_output_tokens"]
    context = BY_NAME["tokentide_context_tokens_in_flight"]
    wasted = BY_NAME["tokentide_wasted_output_tokens"]
    return Section(
        "Tokens",
        (
            lines(
                "Tokens/s",
                "Tokens of finished requests: a request adds its tokens when it ends.",
                "short",
                [Query(promql.volume(isl), "input"), Query(promql.volume(osl), "output")],
            ),
            lines(
                "Context tokens in flight",
                "ISL plus output so far of all requests in flight: the KV cache seen from outside.",
                "short",
                [Query(promql.level(context, ["model"]), "{{model}}")],
                stacked=True,
            ),
            lines(
                "Wasted tokens/s",
                "Tokens generated for clients that had left.",
                "short",
                [Query(promql.or_zero(promql.rate(wasted, ["model"]), "model"), "{{model}}")],
                stacked=True,
            ),
        ),
    )


def _trust() -> Section:
    source = BY_NAME["tokentide_token_count_source"]
    lag = BY_NAME["tokentide_recorder_lag_seconds"]
    missing = (
        ("tokentide_dropped_observations", "not observed"),
        ("tokentide_unreadable_exchanges", "unreadable"),
        ("tokentide_records_lost", "record lost"),
    )
    return Section(
        "Can these figures be trusted?",
        (
            lines(
                "Who counted the tokens",
                "Share of requests by the source of their counts; tokenizer and estimate are not the engine's own.",
                "percentunit",
                [Query(promql.share(source, ["side", "source"], ["side"]), "{{side}}: {{source}}")],
            ),
            numbers(
                "Missing in this time range",
                "Requests that were relayed but not observed, those with a part that could not be read, and records"
                " that could not be written. Traffic itself is never dropped.",
                "short",
                [
                    Query(promql.or_zero(promql.total(BY_NAME[name], ["reason"]), "reason"), f"{shown}: {{{{reason}}}}")
                    for name, shown in missing
                ],
            ),
            lines(
                "Recorder lag",
                "Age of the oldest record that is not yet in Parquet; it rises until the next rotation.",
                "s",
                [Query(promql.highest(lag, ["instance"]), "{{instance}}")],
            ),
        ),
    )


def _meaning(metric: Metric) -> str:
    return f"{metric.meaning[0].upper()}{metric.meaning[1:]}."


def _quantiles(metric: Metric, quantiles: Sequence[float]) -> list[Query]:
    return [Query(promql.quantile(q, metric), f"p{q * 100:g}") for q in quantiles]


def _by_position(q: float, itl: Metric) -> Query:
    return Query(promql.quantile(q, itl, ["position"]), "{{position}}")
