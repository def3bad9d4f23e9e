"""What `make` promises: its targets, and versions pinned by name alone."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]


def plain(name: str) -> str:
    """A distribution's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_make_alone_lists_the_targets_with_a_line_for_each() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    said = subprocess.run([make, "-C", ROOT, "--no-print-directory"], capture_output=True, text=True, check=True).stdout
    listed = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
    assert {"demo", "test", "check", "format", "bench", "build"} <= set(listed)
    assert all(len(line.split()) > 3 for line in said.splitlines() if line.startswith("  "))


def test_each_pin_is_a_name_and_a_version_and_nothing_else() -> None:
    assert [pin for pin in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==(\d+!)?[A-Za-z0-9.]+", pin)] == []
    assert len({plain(pin.split("==")[0]) for pin in PINS}) == len(PINS)


def test_everything_that_the_project_asks_for_is_pinned() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = told["project"]["optional-dependencies"]
    asked = [*told["project"]["dependencies"], *(each for name in extras if name != "all" for each in extras[name])]
    asked += [each for group in told["dependency-groups"].values() for each in group]
    names = {plain(re.split(r"[<>=!\[; ]", each)[0]) for each in asked}
    assert names - {plain(pin.split("==")[0]) for pin in PINS} == set()


def test_real_processes_are_where_make_test_looks_for_them() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (folders,) = re.findall(r"^E2E := (.+)$", makefile, re.MULTILINE)
    marked = [
        path for path in (ROOT / "tests").rglob("test_*.py") if re.search(r"mark\.(e2e|timed)\b", path.read_text())
    ]
    assert marked
    elsewhere = [path for path in marked if not any(path.is_relative_to(ROOT / each) for each in folders.split())]
    assert elsewhere == []


def test_continuous_integration_runs_make_test() -> None:
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("exec make test")
