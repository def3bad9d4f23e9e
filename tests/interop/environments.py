"""The environments in `.venv-interop`, one for each program whose requirements contradict the others'."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
REQUIREMENTS = Path(__file__).parent / "requirements"


def python(name: str) -> Path:
    """The interpreter of an environment."""
    return ROOT / ".venv-interop" / name / "bin" / "python"


def program(name: str, command: str) -> Path:
    """A command of an environment."""
    return python(name).with_name(command)


def missing(names: Sequence[str]) -> str | None:
    """One sentence where an environment was not made or only in part; None where all are there."""
    absent = [name for name in names if not python(name).parents[1].joinpath(".made").exists()]
    if not absent:
        return None
    return f"the environment {' and '.join(absent)} is missing; `make {' '.join(f'interop-{name}' for name in absent)}`"


def versions(name: str, packages: Sequence[str]) -> dict[str, str]:
    """The versions of packages in an environment."""
    code = "import sys, importlib.metadata as m; print(*(m.version(n) for n in sys.argv[1:]))"
    said = subprocess.run([python(name), "-c", code, *packages], capture_output=True, text=True, check=True)
    return dict(zip(packages, said.stdout.split(), strict=True))
