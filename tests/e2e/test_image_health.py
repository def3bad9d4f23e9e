"""The health check of the sidecar's image tells a running sidecar from one that is gone."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.processes import ROOT, Engine, free_port, sidecar

pytestmark = pytest.mark.e2e


def health_check(port: str) -> int:
    """Run the command of the image's HEALTHCHECK against another port; its exit status."""
    dockerfile = (ROOT / "deploy" / "images" / "exporter.Dockerfile").read_text()
    command = re.search(r"HEALTHCHECK .*\\\n\s+CMD (\[.*\])", dockerfile)
    assert command
    _, *arguments = json.loads(command.group(1).replace(":9465/", f":{port}/"))
    return subprocess.run([sys.executable, *arguments], capture_output=True, check=False).returncode


def test_the_health_check_of_the_image_succeeds_only_before_a_running_sidecar(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path) as running:
        assert health_check(running.health.rpartition(":")[2]) == 0
    assert health_check(str(free_port())) != 0
