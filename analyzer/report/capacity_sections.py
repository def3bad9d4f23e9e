"""The section about replicas and GPUs: how many, running what, why, how sure, at which cost, and what else there is."""

from collections.abc import Iterator

from analyzer.advise.capacity import arithmetic
from analyzer.advise.prices import ApiCost, unpriced
from analyzer.advise.sized import CapacityAdvice, Expected, Objectives, Profile
from analyzer.analysis import ModelAnalysis
from analyzer.demand import Rate
from analyzer.report.alternatives import alternatives, sturdier
from analyzer.report.blocks import Block, Column, Paragraph, Points, Table, Words, code, strong, words
from analyzer.report.lead import PLACE, SETTING, gpus, how_sure, no_capacity
from analyzer.report.numbers import milliseconds, money, plural, rate, share, whole

GIB = 1 << 30
KINDS = {"on_demand": "on demand", "reserved": "reserved", "on_prem": "of one's own", "stated": "as stated"}
KNOBS = (
    "engine", "engine_version", "gpu", "tp", "pp", "weights", "kv_cache", "max_model_len", "max_num_seqs",
    "max_num_batched_tokens", "chunked_prefill", "prefix_caching", "async_scheduling",
    "gpu_memory_utilization",
)  # fmt: skip


def capacity(model: ModelAnalysis) -> tuple[Block, ...]:
    """How many replicas and GPUs, step by step, or why that is not computed."""
    advice = model.capacity
    if advice is None and (reason := no_capacity(model)):
        return (Paragraph(words(f"Not computed. {reason}")),)
    if advice is None:
        return (Paragraph(_how_to_get_one()),)
    figures = ("capacity.replicas", "capacity.rps_per_replica")
    made = [Paragraph(words(item.sentence)) for item in model.evidence if item.figure in figures]
    return (Points(tuple(_steps(advice, model.rate)), numbered=True), *made, *_found(advice), *_prices(advice))


def _how_to_get_one() -> Words:
    return words(
        "Not computed: the settings do not say what one replica carries. Load one replica until it just keeps your"
        " latency objective, note the requests per second, and give them as ",
        code(SETTING),
        " under ",
        code(PLACE),
        " in the settings file. Replicas are then the peak of the busiest hours over that number, rounded up. Or give"
        " there ",
        code("gpu"),
        " and a limit such as ",
        code("ttft_ms"),
        " to have what one replica carries simulated.",
    )


def goals(objectives: Objectives) -> dict[str, float]:
    """The objectives that are set, by name, in milliseconds."""
    named = {"TTFT": objectives.ttft_ms, "ITL": objectives.itl_ms, "E2E": objectives.e2e_ms}
    return {name: goal for name, goal in named.items() if goal is not None}


def _steps(advice: CapacityAdvice, load: Rate) -> Iterator[Words]:
    mean = f", where the mean is {rate(load.mean_rps)}."
    yield words("Peak to carry: ", strong(f"{rate(advice.peak_rps)} requests a second"), mean)
    promised = [f"{name} {milliseconds(goal)}" for name, goal in goals(advice.objectives).items()]
    within = f" within {', '.join(promised)}" if promised else ""
    if promised and advice.objectives.percentile is not None:
        within += f" at p{rate(advice.objectives.percentile)}"
    yield words(
        "One replica carries ",
        strong(f"{rate(advice.rps_per_replica)} requests a second"),
        f"{within} ({how_sure(advice)}).",
    )
    yield words(f"{arithmetic(advice)}: ", strong(plural(advice.replicas, "replica")), ".")
    yield words(
        f"{whole(advice.replicas)} × {plural(advice.gpus_per_replica, 'GPU')} a replica: ",
        strong(gpus(advice)),
        f", on {plural(advice.nodes, 'node')}.",
    )
    yield from _money(advice)


def _money(advice: CapacityAdvice) -> Iterator[Words]:
    if advice.cost_per_hour is not None:
        tokens = ""
        if advice.cost_per_million_tokens is not None:
            tokens = f", or {money(advice.cost_per_million_tokens)} per million tokens"
        unit = "in the currency of the stated price" if not advice.costs else f"{advice.currency}, {_bought(advice)}"
        yield words(f"Cost: {money(advice.cost_per_hour)} an hour{tokens}, {unit}.")
    if advice.current is not None and advice.change_gpus is not None:
        yield words(
            f"Today {plural(advice.current.replicas, 'replica')} with {plural(advice.current.gpus, 'GPU')} run: ",
            strong(_changed(advice.change_gpus)),
            f"{_used(advice)}.",
        )


def _bought(advice: CapacityAdvice) -> str:
    return KINDS[advice.costs[0].kind]


def _changed(number: int) -> str:
    return f"{plural(abs(number), 'GPU')} {'more' if number > 0 else 'fewer'}" if number else "no change"


def _used(advice: CapacityAdvice) -> str:
    """What today's fleet wastes or lacks."""
    current = advice.current
    if current is None or current.used_share is None:
        return ""
    told = f"; on average {share(current.used_share)} of what they carry is used"
    if advice.change_gpus is not None and advice.change_gpus < 0 and current.cost_per_hour is not None:
        saved = -advice.change_gpus * current.cost_per_hour / max(current.gpus, 1)
        told += f", and the GPUs that are not needed cost {money(saved)} an hour"
    return told


def _found(advice: CapacityAdvice) -> Iterator[Block]:
    """What a simulation adds: error bars, what requests see, the knobs, the memory, and the alternatives."""
    if advice.rps_interval is not None:
        yield Paragraph(_error_bars(advice, advice.rps_interval))
    if advice.expected is not None:
        seen = advice.expected
        text = (
            f"With {plural(advice.replicas - advice.spare, 'replica')} in {seen.load}, {rate(seen.percentile)} of 100"
            f" requests see a TTFT of at most {milliseconds(seen.ttft_ms)}, an ITL of {milliseconds(seen.itl_ms)}"
            f"{_gap(seen)} and an E2E time of {milliseconds(seen.e2e_ms)} ({whole(seen.requests)} simulated requests)."
        )
        yield Paragraph(words(text))
    if advice.profile.engine is not None:
        yield _knobs(advice.profile)
    if advice.memory is not None:
        held = advice.memory
        text = (
            f"Weights take {rate(held.weights_per_gpu / GIB)} GiB of each GPU. The KV cache of a replica holds"
            f" {whole(held.kv_pool_tokens)} tokens, enough for {whole(held.concurrent)} requests of these lengths at"
            " once, each weighted by how long it stays."
        )
        yield Paragraph(words(text))
    if len(advice.alternatives) > 1:
        yield alternatives(advice)


def _gap(seen: Expected) -> str:
    """The same percentile of single gaps between tokens, which is what the recorded ITL is of."""
    if seen.token_itl_ms is None:
        return ""
    return (
        f" on average over their tokens ({milliseconds(seen.token_itl_ms)} for {rate(seen.percentile)} of 100 tokens)"
    )


def _error_bars(advice: CapacityAdvice, interval: tuple[float, float]) -> Words:
    low, high = interval
    if advice.replicas_interval is None:
        return words(
            strong("The objectives may be out of reach."),
            f" If every step took as long as the source allows, they would be missed at any load; at its shortest one"
            f" replica would carry {rate(high)} requests a second.{sturdier(advice)}",
        )
    few, many = advice.replicas_interval
    count = plural(few, "replica") if few == many else f"{whole(few)} to {whole(many)} replicas"
    closed = (
        "" if advice.closed_form_rps is None else f" Mean times without a queue give {rate(advice.closed_form_rps)}"
    )
    full = "" if advice.saturation_rps is None else f"; with work always waiting it is {rate(advice.saturation_rps)}."
    fit = ""
    if advice.fit_error is not None:
        fit = (
            f" Simulating what runs today misses the recorded latencies by {share(advice.fit_error.p50_share)} at the"
            f" median and {share(advice.fit_error.p95_share)} at p95."
        )
    return words(
        strong("Error bars:"),
        f" with the error of its source one replica carries {rate(low)} to {rate(high)} requests a second, which asks"
        f" for {count}.{closed}{full if closed else ''}{fit}",
    )


def _knobs(profile: Profile) -> Table:
    rows = tuple(
        (words(code(name)), words(_value(getattr(profile, name))))
        for name in KNOBS
        if getattr(profile, name) is not None
    )
    return Table("What one replica runs.", (Column("setting", numeric=False), Column("value", numeric=False)), rows)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return whole(value) if isinstance(value, int) else str(value)


def _prices(advice: CapacityAdvice) -> Iterator[Block]:
    if advice.costs:
        rows = tuple(
            (
                words(KINDS[cost.kind]),
                words(money(cost.per_gpu_hour)),
                words(money(cost.per_hour)),
                words("–" if cost.per_million_tokens is None else money(cost.per_million_tokens)),
                words(cost.source),
            )
            for cost in advice.costs
        )
        heads = (
            Column("GPUs", numeric=False),
            Column("a GPU and hour"),
            Column("an hour in all"),
            Column("a million tokens"),
            Column("price from", numeric=False),
        )
        yield Table(f"What the advised GPUs cost, in {advice.currency}, at the mean load.", heads, rows)
    elif advice.currency is not None:
        yield Paragraph(words(strong("Cost not computed:"), f" {unpriced(advice.gpu)}."))
    if advice.hybrid:
        yield _hybrid(advice)
    if advice.reach is not None:
        yield Paragraph(words(strong("Whom this can serve."), f" {advice.reach.sentence}"))


def _hybrid(advice: CapacityAdvice) -> Table:
    heads = (
        Column("API", numeric=False),
        Column("an hour"),
        Column("a million tokens"),
        Column("own GPUs are cheaper", numeric=False),
        Column("cheapest mix", numeric=False),
        Column("price from", numeric=False),
    )
    rows = tuple(
        (
            words(api.name),
            words(money(api.per_hour)),
            words(money(api.per_million_tokens)),
            words(_cheaper(api, advice)),
            words(_mix(api)),
            words(api.source),
        )
        for api in advice.hybrid
    )
    return Table(f"The same traffic at the prices of an API, in {advice.currency}.", heads, rows)


def _cheaper(api: ApiCost, advice: CapacityAdvice) -> str:
    carried = max(advice.peak_rps, advice.replicas * advice.rps_per_replica)
    if api.break_even_rps > carried:
        return f"never: it would take {rate(api.break_even_rps)} req/s on average, and they carry {rate(carried)}"
    return f"above {rate(api.break_even_rps)} req/s on average"


def _mix(api: ApiCost) -> str:
    if api.with_fewer is None:
        return "–"
    mixed = api.with_fewer
    if api.per_hour <= mixed.per_hour:
        return f"all at the API: the best mix with replicas takes {money(mixed.per_hour)} an hour"
    return (
        f"{plural(mixed.replicas, 'replica')} with {share(mixed.overflow_share)} of the requests at the API:"
        f" {money(mixed.per_hour)} an hour"
    )
