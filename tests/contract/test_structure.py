"""The shape of the code, held by a test: sizes, docstrings, names, and a test file for each source file."""

import ast
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("exporter", "analyzer", "dashboards")
LONGEST_MODULE = 300
LONGEST_FUNCTION = 40

# Written exceptions: path (and function) → why.
LONG_MODULES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
WITHOUT_TEST_FILE: dict[str, str] = {
    "exporter/catalog.py": "data; held by tests/contract/test_catalog.py",
    "exporter/record.py": "data; held by tests/contract/test_record.py",
    "exporter/errors.py": "three exceptions without behaviour",
    "exporter/wire/events.py": "frozen values without behaviour",
    "exporter/dialect/base.py": "frozen values without behaviour",
    "exporter/observe/observation.py": "frozen values and protocols without behaviour",
    "exporter/proxy/ports.py": "protocols without behaviour",
    "exporter/supervisor/loop.py": "starts real processes; held by tests/e2e",
    "exporter/supervisor/probe.py": "opens real sockets; held by tests/e2e",
    "exporter/proxy/lingering.py": "reads real sockets; held by tests/e2e/test_http_edges.py",
    "exporter/proxy/server.py": "opens real sockets; held by tests/e2e",
    "exporter/engines/ask.py": "opens real sockets; held by tests/e2e/test_engine_page.py",
    "exporter/app/control.py": "one end of a socket pair between processes; held by tests/e2e",
    "analyzer/store/remote.py": "asks an object store; held by tests/e2e/test_records_in_s3.py",
    "analyzer/traces/base.py": "frozen values and a protocol without behaviour",
    "analyzer/evidence.py": "frozen values without behaviour",
    "analyzer/advise/sized.py": "frozen values without behaviour",
    "analyzer/replay/state.py": "layouts without behaviour",
    "analyzer/analysis/result.py": "frozen values without behaviour",
    "analyzer/analysis/questions.py": "frozen values without behaviour",
    "exporter/app/relay.py": "entry of a process; held by tests/e2e",
    "exporter/app/observer.py": "a process; held by tests/e2e",
}

TOP = {
    ".ci", ".dockerignore", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "NOTICE",
    "README.md", "analyzer", "constraints.txt", "dashboards", "deploy", "docs", "examples", "exporter",
    "pyproject.toml", "tests",
}  # fmt: skip

FORBIDDEN_FILES = re.compile(r"(^|/)(utils?|helpers?|common|misc)(\.py|/)|_(manager|factory|mixin)\.py$")
FORBIDDEN_CLASSES = re.compile(r"(Manager|Factory|Mixin|Helper|Utils?)$")
TIGHT_PER_CENT = re.compile(r":[.\d]*%\}|\d%(?![A-Za-z(])")
FORBIDDEN_TEXT = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b|raise NotImpl[e]mentedError|assert Tru[e]\b")


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a git checkout, so the tracked files are unknown")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.mark.parametrize("path", sources(), ids=named)
def test_a_module_is_short_and_says_in_one_sentence_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_MODULE or named(path) in LONG_MODULES, "longer than 300 lines"
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert docstring, "no docstring"
    assert docstring[-1] in ".!?", "the docstring is not a sentence"
    assert "\n\n" not in docstring, "the docstring is more than one paragraph"
    assert len(re.findall(r"[.!?](?=\s|$)", docstring)) == 1, f"not one sentence: {docstring!r}"


@pytest.mark.parametrize("path", sources(), ids=named)
def test_a_function_is_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            where = f"{named(path)}:{node.name}"
            assert length <= LONGEST_FUNCTION or where in LONG_FUNCTIONS, f"{where} has {length} lines"


@pytest.mark.parametrize("path", sources(), ids=named)
def test_names_say_what_a_thing_is(path: Path) -> None:
    assert not FORBIDDEN_FILES.search(named(path))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            assert not FORBIDDEN_CLASSES.search(node.name), node.name


@pytest.mark.parametrize("path", sources(), ids=named)
def test_every_source_file_has_its_test_file(path: Path) -> None:
    if path.name == "__init__.py" or named(path) in WITHOUT_TEST_FILE:
        return
    relative = path.relative_to(ROOT)
    expected = ROOT / "tests" / "unit" / relative.parent / f"test_{path.name}"
    assert expected.exists(), f"{expected.relative_to(ROOT)} is missing"


@pytest.mark.parametrize("name", sorted({*WITHOUT_TEST_FILE, *LONG_MODULES}))
def test_a_written_exception_still_exists(name: str) -> None:
    assert (ROOT / name).exists()


def test_nothing_unfinished_and_no_machine_path_is_in_the_repository() -> None:
    this = Path(__file__)
    place = ROOT if ROOT.parent == Path(tempfile.gettempdir()) else ROOT.parent
    home = re.compile(rf"{re.escape(str(place))}/|/root/|/home/[a-z]+/")
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if path.suffix == ".py" and path != this:
            assert not FORBIDDEN_TEXT.search(text), f"{named(path)} holds something unfinished"
        if path.suffix == ".py" and path.is_relative_to(ROOT / "analyzer"):
            assert not TIGHT_PER_CENT.search(text), f"{named(path)} writes 35% where the rest writes 35 %"
        if path != this:
            found = home.search(text)
            assert not found, f"{named(path)} names a machine path: {found and found.group(0)}"


def test_nothing_lies_at_the_top_that_does_not_belong_there() -> None:
    """What a trial has left behind is easily added with everything else."""
    assert {path.relative_to(ROOT).parts[0] for path in tracked_files()} <= TOP
