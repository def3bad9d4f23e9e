"""A second of fuzzing guided by coverage, where atheris has a wheel for this Python (`make fuzz` runs longer)."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris has no wheel for this Python and machine, so it is not installed",
)


@pytest.mark.parametrize("target", ["fuzz_http.py", "fuzz_sse.py"])
def test_a_short_guided_search_finds_nothing(target: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, f"tests/fuzz/{target}", "-max_total_time=1", "-seed=1", f"-artifact_prefix={tmp_path}/"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert "Done " in done.stderr
