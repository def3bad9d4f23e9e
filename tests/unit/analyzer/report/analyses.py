"""Small analyses made by hand, so that a test can say which part of a report follows from which value."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime

from analyzer.advise.capacity import CapacityAdvice, Deployment, Objectives, Profile
from analyzer.advise.lengths import LengthAdvice
from analyzer.advise.prices import ApiCost, Cost, Overflow
from analyzer.advise.sized import Alternative, Expected, MemoryUse, Reach
from analyzer.advise.windows import HoursAdvice, KindOfHours, WindowLimits
from analyzer.analysis import Analysis, Coverage, Hour, ModelAnalysis
from analyzer.demand import Arrivals, Bins, Cell, ClientShare, Demand, Rate
from analyzer.evidence import Evidence
from analyzer.histogram import Quantiles, Summary
from analyzer.patterns.anomalies import Anomaly
from analyzer.patterns.repeats import Repeats
from analyzer.report.blocks import Block, Figure, Paragraph, Points, Report, Table, Tiles, Words
from analyzer.shape import Joint, Latency, QueryPatterns
from analyzer.window import Window

WEEK = Window(datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC), "UTC")

NO_LIMITS = LengthAdvice(
    target_over_share=0.001,
    confidence=0.95,
    max_input_len=None,
    max_output_len=None,
    max_seq_len=None,
    isl_bound=None,
    osl_bound=None,
    total_bound=None,
    over_share=None,
    over_share_bound=None,
    right_censored=False,
    drift_per_week=None,
    effect="There are too few requests for a bound.",
)

LIMITS = LengthAdvice(
    target_over_share=0.001,
    confidence=0.95,
    max_input_len=6528,
    max_output_len=1024,
    max_seq_len=6592,
    isl_bound=6472,
    osl_bound=992,
    total_bound=6568,
    over_share=0.0005,
    over_share_bound=0.0008,
    right_censored=False,
    drift_per_week=None,
    effect="Admission: shorter requests only.",
)

CAPACITY = CapacityAdvice(
    gpu="H100",
    objectives=Objectives(ttft_ms=500.0, percentile=95.0),
    source="stated",
    source_detail="2.4 requests/s per replica, from the settings",
    confidence="stated, not checked against the records",
    profile=Profile("chat-8b", "H100", 2, 6592, 13),
    rps_per_replica=2.4,
    peak_rps=31.0,
    replicas=13,
    gpus_per_replica=2,
    gpus=26,
    nodes=4,
    cost_per_hour=65.0,
    cost_per_million_tokens=0.92,
    current=Deployment(16, 32, 80.0),
    change_gpus=-6,
)

SIZED = CapacityAdvice(
    gpu="h100-sxm",
    objectives=Objectives(ttft_ms=500.0, percentile=95.0),
    source="roofline",
    source_detail="A roofline.",
    confidence="step times ± 40 %; too wide to buy hardware by",
    profile=Profile(
        "org/model", "h100-sxm", 1, 8192, 3, 1, 1, "vllm", None, "bf16", "bf16", 1024, 8192, True, True, True, 0.92
    ),
    rps_per_replica=12.0,
    peak_rps=31.0,
    replicas=3,
    gpus_per_replica=1,
    gpus=3,
    nodes=1,
    cost_per_hour=9.6,
    cost_per_million_tokens=0.094,
    current=None,
    change_gpus=None,
    pooled=3,
    rps_interval=(8.0, 17.0),
    replicas_interval=(2, 4),
    saturation_rps=12.9,
    closed_form_rps=12.6,
    lengths="log-normal lengths",
    expected=Expected(95.0, 220.0, 30.0, 9900.0, 23_646, "the hardest of 4 recorded hours"),
    memory=MemoryUse(16_060_000_000, 131_072, 443_438, 208.0),
    alternatives=(
        Alternative(1, 1, 1024, 8192, 12.0, 12.0, 3, 3, "advised", None, 0.16, 9.0),
        Alternative(8, 1, 1024, 8192, 69.1, 8.64, 1, 8, "carries 28 % less per GPU", 8, 1.23, 24.0),
        Alternative(16, 1, 0, 0, None, None, None, None, "tp 16 would span nodes."),
    ),
    currency="USD",
    costs=(Cost("on_demand", 3.2, 9.6, 0.094, "a page (read 2026-08-26)"),),
    hybrid=(ApiCost("an API", 33.76, 0.33, 3.67, "their page", Overflow(2, 0.04, 7.8)),),
    reach=Reach(126_653.0, 6.7e9, "Many."),
)

LATENCY = Latency(
    ttft_ms=Quantiles(180.0, 420.0, 520.0, 900.0, 2100.0),
    tpot_ms=Quantiles(18.0, 22.0, 25.0, 32.0, 60.0),
    e2e_ms=Quantiles(3100.0, 9000.0, 12_000.0, 22_000.0, 40_000.0),
    itl_ms=None,
)

SUMMARY = Summary(2, 1154.7, 1020, 2735, 4083, 4142, 6212, 14_050)

RATE = Rate(
    mean_rps=5.53,
    peak_1s=19,
    peak_60s=502,
    busy_p95_1s=10,
    poisson_p95_1s=9,
    negative_binomial_p95_1s=11,
    dispersion_1s=1.33,
    dispersion_60s=26.5,
    peak_60s_at=datetime(2026, 11, 10, 18, 43, tzinfo=UTC),
    peak_60s_client=None,
)

NO_REGIMES = HoursAdvice("none", "Hours do not differ.", None, None, Repeats(0.4, 0.5, 0.6, 0.7), ())

KINDS = HoursAdvice(
    verdict="recurring",
    reason="The mix comes back.",
    k=2,
    labels=tuple(int(9 <= hour % 24 < 17 and hour < 120) for hour in range(168)),
    repeat_p=Repeats(0.002, 0.004, 0.2, 0.002),
    windows=tuple(
        KindOfHours(name, label, hours, 10_000, 2.5, SUMMARY, SUMMARY, WindowLimits(limit, None))
        for name, label, hours, limit in (
            ("short-in/short-out, weekday nights", 0, tuple(h for h in range(168) if not 9 <= h % 24 < 17), 4096),
            ("long-in/short-out, weekday mornings", 1, tuple(h for h in range(120) if 9 <= h % 24 < 17), 8192),
        )
    ),
)

SURGE = Anomaly(1_794_315_600_000_000, 1_794_326_400_000_000, "surge", "4.0 times as many requests.")

BINS = Arrivals(1, 5.5, 1.3, 10, 11, 5, 10, 13, 19)

DEMAND = Demand(
    cells="hours of the day",
    window=(BINS,),
    busiest=Cell("18:00 to 19:00", 7, Bins(25_200, 148_000, 1_000_000), (BINS,)),
    in_flight=None,
)

MODEL = ModelAnalysis(
    requests=20_000,
    isl=Summary(2, 1154.7, 1020, 2735, 4083, 4142, 6212, 14_050),
    osl=Summary(7, 211.1, 129, 424, 451, 601, 954, 1000),
    total=Summary(64, 1365.8, 1412, 2820, 4136, 4259, 6345, 14_089),
    joint=Joint(
        (512, 1024, 2048, 16_384),
        (128, 512, 1024),
        ((4000, 900, 0), (3000, 2100, 0), (5000, 4000, 300), (600, 100, 0)),
    ),
    query_patterns=QueryPatterns(1024, 256, 0.43, 0.08, 0.24, 0.25),
    rate=RATE,
    clients=None,
    hours=tuple(Hour(hour, 800 + hour, 1000, 4000, 120, 600) for hour in range(24)),
    lengths=LIMITS,
    latency=None,
    capacity=None,
    evidence=(Evidence("lengths.max_seq_len", 20_000, 7, (6345.0, 6568.0), "Order statistic 19,989 of 20,000."),),
    prefix=None,
    anomalies=(),
    regimes=NO_REGIMES,
    demand=DEMAND,
    seasons=None,
)

CALLERS = (ClientShare("6f1c", 0.6), ClientShare("90aa", 0.4))


def model(**changes: object) -> ModelAnalysis:
    """`MODEL` with other values."""
    return dataclasses.replace(MODEL, **changes)  # type: ignore[arg-type]  # a misspelt field raises at once


def rate(**changes: object) -> Rate:
    """`RATE` with other values."""
    return dataclasses.replace(RATE, **changes)  # type: ignore[arg-type]  # the same


def lengths(**changes: object) -> LengthAdvice:
    """`LIMITS` with other values."""
    return dataclasses.replace(LIMITS, **changes)  # type: ignore[arg-type]  # the same


def capacity(**changes: object) -> CapacityAdvice:
    """`CAPACITY` with other values."""
    return dataclasses.replace(CAPACITY, **changes)  # type: ignore[arg-type]  # the same


def analysis(models: Mapping[str, ModelAnalysis] | None = None, set_aside: Mapping[str, int] | None = None) -> Analysis:
    """A week of `models`, of one called chat-8b where none are given."""
    found = {"chat-8b": MODEL} if models is None else models
    requests = sum(one.requests for one in found.values())
    return Analysis(WEEK, Coverage(requests, set_aside or {}, empty_hours=0, missing_hours=0), found)


def text(words: Words) -> str:
    """What a reader reads."""
    return "".join(span.text for span in words)


def prose(blocks: tuple[Block, ...]) -> str:
    """Every word of `blocks`, one block a line."""
    return "\n".join(_block(block) for block in blocks)


def everything(report: Report) -> str:
    """Every word of a report."""
    sections = (f"{text(section.title)}\n{prose(section.blocks)}" for section in report.sections)
    return "\n".join((report.title, report.subtitle, prose(report.lead), *sections))


def figures(report: Report) -> tuple[Figure, ...]:
    """The figures of a report in their order."""
    blocks = (block for section in report.sections for block in section.blocks)
    return tuple(block for block in blocks if isinstance(block, Figure))


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return text(block.words)
        case Points():
            return "\n".join(text(item) for item in block.items)
        case Tiles():
            return "\n".join(f"{text(tile.label)} {tile.value} {tile.note}" for tile in block.items)
        case Table():
            rows = (" | ".join(text(cell) for cell in row) for row in block.rows)
            return "\n".join((block.caption, " | ".join(column.name for column in block.columns), *rows))
        case Figure():
            return f"{block.title} {block.alt} {block.caption}"
