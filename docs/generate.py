# ruff: noqa: INP001 - a script beside the pages that it writes, not a package
"""Writes `docs/reference/` from the catalogue, the record, the command lines, the settings and the modules."""

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from command_pages import commands, settings
from tables import code, page, table

from exporter import catalog, record

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
HEAD = ("kind", "unit", "labels", "meaning")
SUFFIXES = {catalog.Kind.COUNTER: "_total"}
METRICS_PROSE = """\
All metrics of the page `/metrics` on the admin port, from `exporter/catalog.py`. A name that is not here is written
nowhere. What the quantities mean and where they are taken: [life of a request](../life-of-a-request.md). Most
families appear with their first observation.
"""
RECORD_PROSE = """\
One Parquet row for each request, from `exporter/record.py`. Columns change only by adding. Any value may be null, which
means that the fact could not be known. There is no column that could hold text.

Files are `date=YYYY-MM-DD/hour=HH/<instance>-<start>-<seq>.parquet` (UTC) below the records folder, zstd, sorted by
time, and appear by rename when they are complete. A reader needs four columns; all others may be absent, so that plain
traces can be analysed as well.
"""
LAYERS_PROSE = """\
From `pyproject.toml`, checked by `lint-imports`. A module may import what stands to the right of it; modules joined by
a bar are siblings that may not import each other.
"""


# --- metrics


def metrics() -> str:
    """The page of all metrics of `exporter/catalog.py`."""
    conventions = [metric for metric in catalog.METRICS if metric.name.startswith("gen_ai.")]
    ours = [metric for metric in catalog.METRICS if metric not in conventions]
    shared = [label for label in conventions[0].labels if all(label in metric.labels for metric in conventions)]
    return page(
        "Metrics",
        METRICS_PROSE,
        "## Names of the OpenTelemetry GenAI conventions\n",
        f"Each has the labels {code(shared)}, and those in the table.\n",
        table(("family", "in the conventions", *HEAD), (_row(metric, shared, metric.name) for metric in conventions)),
        "## Our own names\n",
        table(("family", *HEAD), (_row(metric, ()) for metric in ours)),
        "## Label values\n",
        table(("label", "values"), _label_values()),
        "## Buckets\n",
        "Upper bounds; the open one, `+Inf`, is left out.\n",
        table(("buckets", "metrics"), _buckets()),
    )


def _row(metric: catalog.Metric, shared: Iterable[str], *between: str) -> Iterator[str]:
    yield f"`{metric.prometheus}{SUFFIXES.get(metric.kind, '')}`"
    yield from (f"`{name}`" for name in between)
    yield metric.kind.value
    yield metric.unit or "–"
    yield code(label for label in metric.labels if label not in set(shared))
    yield metric.meaning


def _label_values() -> Iterator[tuple[str, str]]:
    bands = [*(f"{bound:.0f}" for bound in catalog.ISL_BANDS), "+Inf"]
    yield "`outcome`", code(catalog.OUTCOMES)
    yield "`source`", code(catalog.SOURCES)
    yield "`reason` of dropped observations", code(catalog.DROP_REASONS)
    yield "`reason` of refused requests", code(catalog.REFUSAL_REASONS)
    yield "`reason` of lost records", code(catalog.LOSS_REASONS)
    yield "`pattern`", code(catalog.PATTERNS)
    yield "`part`", code(catalog.PROMPT_PARTS)
    yield "`seen`", code(catalog.SEEN)
    yield "`side`", code(catalog.SIDES)
    yield "`limit`", code(catalog.LIMITS)
    yield "`what` of questions to engines", code(catalog.ENGINE_QUESTIONS)
    yield "`result` of questions to engines", code(catalog.ENGINE_RESULTS)
    yield "`how`", code(catalog.LIMIT_EFFECTS)
    yield "`signal`", code(catalog.OTLP_SIGNALS)
    yield "`result`", code(catalog.OTLP_RESULTS)
    yield "`position`", code(catalog.POSITION_LABELS)
    yield (
        "`isl_le`, `osl_le` of the 2-D histogram",
        f"powers of two from `1` to `{int(catalog.MATRIX_EDGES[-1])}`, `+Inf`",
    )
    yield "`isl_le` of TTFT", code(bands)


def _buckets() -> Iterator[tuple[str, str]]:
    families: dict[tuple[float, ...], list[str]] = {}
    for metric in catalog.METRICS:
        if metric.buckets:
            families.setdefault(metric.buckets, []).append(metric.prometheus)
    for bounds, names in families.items():
        yield " ".join(f"{int(b)}" if b == int(b) else f"{b:.10g}" for b in bounds), code(names)


# --- the record


def columns() -> str:
    """The page of the record's columns, from `exporter/record.py`."""
    rows = (
        (f"`{column.name}`", column.type, "yes" if column.name in record.REQUIRED_COLUMNS else "", column.meaning)
        for column in record.COLUMNS
    )
    return page(
        "The record",
        RECORD_PROSE,
        table(("column", "type", "needed to read", "meaning"), rows),
    )


# --- modules


def modules() -> str:
    """The page of layers and modules, from `pyproject.toml` and the modules' docstrings."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layered = [contract for contract in contracts if contract["type"] == "layers"]
    forbidden = [contract["name"] for contract in contracts if contract["type"] == "forbidden"]
    return page(
        "Modules",
        "## Layers\n",
        LAYERS_PROSE,
        "```\n" + "".join(f"{c['containers'][0]:<12}{' > '.join(c['layers'])}\n" for c in layered) + "```\n",
        "Besides: " + "; ".join(forbidden) + ".\n",
        *(part for contract in layered for part in _package(contract["containers"][0])),
    )


def _package(package: str) -> tuple[str, str]:
    files = sorted(
        (ROOT / package).rglob("*.py"), key=lambda file: (file.parent.as_posix(), file.name != "__init__.py", file.name)
    )
    rows = [(f"`{_place(file)}`", _sentence(file)) for file in files]
    return f"## {package}\n", table(("module", "what it is"), rows)


def _place(file: Path) -> str:
    named = file.relative_to(ROOT)
    return f"{named.parent.as_posix()}/" if file.name == "__init__.py" else named.as_posix()


def _sentence(file: Path) -> str:
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return re.sub(r"\s+", " ", docstring)


PAGES: Mapping[str, Callable[[], str]] = {
    "metrics.md": metrics,
    "record.md": columns,
    "cli.md": commands,
    "settings.md": settings,
    "modules.md": modules,
}


def main(arguments: list[str] | None = None) -> int:
    """Write every page, or with `--check` name those that are stale; 1 where there are such."""
    parser = argparse.ArgumentParser(prog="docs/generate.py", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; name the pages that are stale and exit 1")
    check = parser.parse_args(arguments).check
    stale = {name: text for name, render in PAGES.items() if _written(name) != (text := render())}
    for name, text in stale.items():
        if not check:
            REFERENCE.mkdir(exist_ok=True)
            (REFERENCE / name).write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"docs/reference/{name} {'is stale: run make docs' if check else 'written'}\n")
    return 1 if check and stale else 0


def _written(name: str) -> str | None:
    file = REFERENCE / name
    return file.read_text(encoding="utf-8") if file.exists() else None


if __name__ == "__main__":
    sys.exit(main())
