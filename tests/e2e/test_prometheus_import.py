"""A team without the sidecar gets a first answer from the Prometheus that scrapes its engine."""

import json
import math
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import main
from tests.fakes.prometheus import Prometheus, program

pytestmark = pytest.mark.interop

HOURS = 30
PER_HOUR = 500
EDGES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, math.inf)
START = int(time.time()) // 3600 * 3600 - HOURS * 3600
Run = Callable[..., tuple[int, str, str]]


def isl(request: int) -> int:
    return (request * 7919) % 900 + 1


def osl(request: int) -> int:
    return (request * 104_729) % 180 + 1


def samples(name: str, lengths: Callable[[int], int]) -> Iterator[str]:
    """The histogram as vLLM has it, at the end of each hour; after ten hours the engine is restarted at zero."""
    counts, total = [0] * len(EDGES), 0
    by_series: dict[str, list[str]] = {}
    for hour in range(HOURS + 1):
        if hour == 10:
            counts, total = [0] * len(EDGES), 0
        for edge, count in zip(EDGES, counts, strict=True):
            le = "+Inf" if math.isinf(edge) else f"{edge:.1f}"
            series = f'{name}_bucket{{model_name="tiny",engine="0",le="{le}"}}'
            by_series.setdefault(series, []).append(f"{series} {count} {START + hour * 3600}")
        series = f'{name}_sum{{model_name="tiny",engine="0"}}'
        by_series.setdefault(series, []).append(f"{series} {total} {START + hour * 3600}")
        for request in range(hour * PER_HOUR, (hour + 1) * PER_HOUR):
            total += lengths(request)
            counts = [count + (lengths(request) <= edge) for edge, count in zip(EDGES, counts, strict=True)]
    yield f"# TYPE {name} histogram"
    for lines in by_series.values():
        yield from lines


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    program()
    folder = tmp_path_factory.mktemp("prometheus")
    text = [*samples("vllm:request_prompt_tokens", isl), *samples("vllm:request_generation_tokens", osl), "# EOF"]
    (folder / "history.txt").write_text("".join(f"{line}\n" for line in text))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", folder / "history.txt", folder / "data"]
    subprocess.run(command, check=True, capture_output=True)
    running = Prometheus(folder, {})
    yield running
    running.stop()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def once(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return once


def counted(lengths: Callable[[int], int], hours: Sequence[int]) -> list[int]:
    """Requests of these hours in each bucket."""
    values = [lengths(request) for hour in hours for request in range(hour * PER_HOUR, (hour + 1) * PER_HOUR)]
    return [sum(low < value <= edge for value in values) for low, edge in zip((0, *EDGES), EDGES, strict=False)]


def test_the_marginals_are_exactly_what_was_counted(run: Run, prometheus: Prometheus, tmp_path: Path) -> None:
    code, out, err = run("import", "prometheus", prometheus.url, "--out", tmp_path / "records")
    assert (code, err) == (0, "")
    assert f"{HOURS} hours of vllm" in out
    code, out, err = run("analyze", tmp_path / "records", "--all")
    assert (code, err) == (0, "")
    model: Any = json.loads(out)["models"]["tiny"]
    # the hour before the restart is lost to its last sample, as Prometheus loses it
    hours = [hour for hour in range(HOURS) if hour != 9]
    assert model["requests"] == len(hours) * PER_HOUR
    assert model["marginal"]["isl"]["counts"] == counted(isl, hours)
    assert model["marginal"]["osl"]["counts"] == counted(osl, hours)
    assert (model["isl"]["p50"], model["isl"]["max"], model["osl"]["max"]) == (500, 1000, 200)
    assert model["lengths"]["max_seq_len"] == 1216  # 1000 + 200, rounded up to 64
    assert (model["joint"], model["query_patterns"], model["total"]) == (None, None, None)


def test_a_report_is_filed_and_says_what_it_is_made_from(run: Run, prometheus: Prometheus, tmp_path: Path) -> None:
    since = datetime.fromtimestamp(START + 12 * 3600, UTC).isoformat()
    code, _, _ = run("import", "prometheus", prometheus.url, "--out", tmp_path / "r", "--from", since)
    assert code == 0
    code, out, err = run("report", tmp_path / "r", "--all", "--out", tmp_path / "archive")
    assert (code, err) == (0, "")
    page, markdown, analysis = (Path(line) for line in out.splitlines())
    assert "not made from single requests" in markdown.read_text()
    assert page.stat().st_size > 1000
    assert json.loads(analysis.read_text())["window"]["requests"] == (HOURS - 12) * PER_HOUR


def test_what_prometheus_does_not_have_or_refuses_is_said(run: Run, prometheus: Prometheus, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "records")
    code, _, err = run("import", "prometheus", prometheus.url, *out, "--family", "sglang")
    assert code == 4
    assert "No histogram of sglang grew" in err
    code, _, err = run("import", "prometheus", prometheus.url, *out, "--selector", "nonsense")
    assert code == 3
    assert "it answered 400" in err
    code, _, err = run("import", "prometheus", "http://127.0.0.1:9", *out)
    assert code == 3
    assert "cannot be asked" in err
    assert len(err.splitlines()) == 1
