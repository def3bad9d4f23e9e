"""The stand-in engine and the load generator are compiled and started here; and what machine and programs are."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import processes

HERE = Path(__file__).parent


def compiled(folder: Path) -> tuple[Path, Path]:
    """Engine and load generator, compiled into `folder`. Raises SystemExit where there is no compiler."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        raise SystemExit(
            "The bench needs a C compiler for its engine and load generator: install one (Debian: apt-get install gcc "
            "libc6-dev), or name it by CC=…"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("engine", "load"):
        command = [
            compiler,
            "-O2",
            "-Wall",
            "-Wextra",
            "-D_GNU_SOURCE",
            "-o",
            str(folder / name),
            str(HERE / f"{name}.c"),
        ]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"{HERE / name}.c does not compile; the compiler's message is above.")
    return folder / "engine", folder / "load"


@contextmanager
def started_engine(engine: Path, core: int | None) -> Iterator[int]:
    """The stand-in engine, on one core or on any; yields its port."""
    port = processes.free_ports(1)[0]
    process = processes.start([str(engine), str(port)], core, subprocess.PIPE)
    try:
        assert process.stdout is not None
        with process.stdout:
            if process.stdout.readline().strip() != "ready":
                raise SystemExit("The engine does not start.")
            yield port
    finally:
        processes.end(process)


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    siblings = Path("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")
    return {
        "processor": model.group(1) if model else platform.machine(),
        "processors": str(os.cpu_count()),
        "on one core": siblings.read_text().strip() if siblings.exists() else "unknown",
        "memory_gb": f"{int(memory.group(1)) / 1e6:.0f}" if memory else "unknown",
        "kernel": platform.release(),
        "idle cores": processes.idle_cores(),
        "python": platform.python_version(),
    }


def versions(environments: Iterable[Path] = ()) -> dict[str, str]:
    """The versions of the proxies that are installed; of `environments`, the package that each is named after."""
    found = {}
    path = f"{os.environ['PATH']}:/usr/sbin"
    for name, option in (("nginx", "-v"), ("haproxy", "-v")):
        program = shutil.which(name, path=path)
        if program is not None:
            said = subprocess.run([program, option], capture_output=True, text=True, check=False)
            version = re.search(r"\d+\.\d+[\w.+~-]*", said.stdout + said.stderr)
            found[name] = version.group() if version else "unknown"
    python = HERE.parents[1] / ".venv-bench" / "bin" / "python"
    for interpreter, packages in (
        (str(python), ("aiohttp", "fastapi", "httpx", "uvicorn")),
        (sys.executable, ("uvloop", "httptools")),
        *((str(each / "bin" / "python"), (each.name,)) for each in environments),
    ):
        if Path(interpreter).exists():
            found.update(_packages(str(interpreter), packages))
    return found


def _packages(interpreter: str, names: tuple[str, ...]) -> dict[str, str]:
    code = "import sys, importlib.metadata as m; print(*(m.version(n) for n in sys.argv[1:]))"
    said = subprocess.run([interpreter, "-c", code, *names], capture_output=True, text=True, check=False)
    return dict(zip(names, said.stdout.split(), strict=False))
