import json
import math

import pytest

from analyzer.histogram import Summary
from analyzer.report import distributions, theme
from tests.unit.analyzer.report.analyses import MODEL

FLAGS = {"p50": 129, "p90": 424, "p99": 601, "p99.9": 954, "max_output_len": 1024}


def drawn(flags: dict[str, int]) -> dict[str, list[dict[str, float | str]]]:
    chart = distributions.histogram(
        "OSL", theme.OSL_BAR, (128, 512, 1024), (12_600, 7100, 300), flags, "max_output_len"
    )
    spec = json.loads(theme.themed(chart))
    rows = [row for values in spec["datasets"].values() for row in values]
    return {
        "bars": [row for row in rows if "x2" in row],
        "flags": [row for row in rows if "text" in row],
        "domain": [{"low": spec["layer"][0]["encoding"]["x"]["scale"]["domain"][0]}],
    }


def test_bars_are_shares_between_powers_of_two() -> None:
    assert [(bar["x"], bar["x2"], bar["y"]) for bar in drawn(FLAGS)["bars"]] == [
        (64, 128, 0.63),
        (256, 512, 0.355),
        (512, 1024, 0.015),
    ]


def test_each_quantile_and_the_limit_is_flagged_at_its_length() -> None:
    flags = {flag["text"]: flag["x"] for flag in drawn(FLAGS)["flags"]}
    assert flags == {"p50 129": 129, "p90 424": 424, "p99 601": 601, "p99.9 954": 954, "max_output_len 1,024": 1024}


def test_longer_lengths_fly_higher_so_that_no_label_covers_another() -> None:
    flags = sorted(drawn(FLAGS)["flags"], key=lambda flag: float(flag["x"]))
    heights = [float(flag["y"]) for flag in flags]
    assert heights == sorted(heights)
    assert len(set(heights)) == len(heights)


@pytest.mark.parametrize("median", [0, 1, 3, 900])
def test_every_label_fits_between_the_edge_and_its_line(median: int) -> None:
    flags = FLAGS | {"p50": median}
    low = math.log2(float(drawn(flags)["domain"][0]["low"]))
    width = (math.log2(max(1, median)) - low) / (math.log2(1024) - low) * theme.WIDTH
    assert width >= len(f"p50 {median}") * distributions.LETTER


def tail(summary: Summary, requests: int) -> list[tuple[object, object]]:
    chart = distributions.tails({"ISL": summary}, requests, 0.001, {"max_input_len": 6528})
    spec = json.loads(theme.themed(chart))
    return [(row["x"], row["y"]) for values in spec["datasets"].values() for row in values if "side" in row]


def test_a_tail_goes_from_all_requests_to_a_single_one() -> None:
    points = tail(MODEL.isl, 20_000)
    assert points[0] == (2, 1)
    assert (6212, 0.001) in points
    assert points[-1] == (14_050, 1 / 20_000)


def test_a_quantile_beyond_the_last_request_is_not_drawn() -> None:
    assert [share for _, share in tail(MODEL.isl, 30)] == [1, 0.5, 0.1, 0.05, 1 / 30]


def test_a_single_request_can_be_drawn() -> None:
    one = Summary(0, 0.0, 0, 0, 0, 0, 0, 0)
    spec = theme.themed(distributions.tails({"ISL": one, "OSL": one}, 1, 0.001, {}))
    assert theme.svg(spec, "tails").startswith("<svg")
