"""A real Prometheus as its own process, for tests that ask it what a dashboard or a rule would ask."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.processes import eventually, free_port


def program() -> str:
    """The path of Prometheus; without it the test is skipped, or fails where `CI` is `true`."""
    found = shutil.which("prometheus")
    if found:
        return found
    reason = "there is no program `prometheus` on PATH (Debian: apt install prometheus)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: its labels, and its values in the order of their times."""

    labels: Mapping[str, str]
    values: tuple[float, ...]


class Prometheus:
    """Scrapes pages once a second; `targets` are addresses by job."""

    def __init__(self, folder: Path, targets: Mapping[str, str]) -> None:
        jobs = [
            f"  - job_name: {job}\n    static_configs:\n      - targets: ['{address}']\n"
            for job, address in targets.items()
        ]
        (folder / "prometheus.yml").write_text(
            f"global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n{''.join(jobs)}"
        )
        port = free_port()
        self._log = (folder / "prometheus.log").open("wb")
        self.process = subprocess.Popen(
            [program(), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdout=self._log,
            stderr=self._log,
        )  # fmt: skip
        self.url = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(base_url=self.url, timeout=10)
        try:
            eventually(lambda: self._client.get("/-/ready").status_code == 200, "Prometheus's start")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self._client.close()
        self.process.terminate()
        self.process.wait(20)
        self._log.close()

    def now(self, query: str) -> list[Series]:
        """The answer to an instant query; AssertionError with Prometheus's sentence where it refuses."""
        data = self._ask("query", {"query": query})
        return [Series(each["metric"], (float(each["value"][1]),)) for each in data["result"]]

    def over_time(self, query: str, start: float, end: float, step: int = 1) -> list[Series]:
        """The answer to a range query; times in seconds since the epoch."""
        data = self._ask("query_range", {"query": query, "start": start, "end": end, "step": step})
        return [Series(each["metric"], tuple(float(value) for _, value in each["values"])) for each in data["result"]]

    def offered(self, variable: str) -> Sequence[str]:
        """The values that Grafana offers for a query variable: `label_values` or the lines of `query_result`."""
        if named := re.fullmatch(r"label_values\((.*), (\w+)\)", variable):
            values: list[str] = self._ask(f"label/{named[2]}/values", {"match[]": named[1]})
            return values
        asked = re.fullmatch(r"query_result\((.*)\)", variable)
        assert asked, f"neither label_values nor query_result: {variable}"
        return [_line(each) for each in self.now(asked[1])]

    def _ask(self, path: str, parameters: Mapping[str, Any]) -> Any:
        answer = self._client.get(f"/api/v1/{path}", params=dict(parameters)).json()
        assert answer["status"] == "success", f"{answer.get('error')} in {parameters}"
        return answer["data"]


def _line(series: Series) -> str:
    """A series as Grafana writes it for a variable."""
    labels = ",".join(f'{label}="{value}"' for label, value in series.labels.items())
    return f"{{{labels}}} {series.values[0]:g}"
