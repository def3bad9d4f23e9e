# ruff: noqa: INP001 - a script beside the pages that it writes, not a package
"""Markdown as the generated pages write it: tables, code and whole pages."""

from collections.abc import Iterable

NOTE = "<!-- Written by docs/generate.py (make docs). Change the source it names, not this file. -->\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(words: Iterable[str]) -> str:
    """Words as code, separated by commas; a dash where there are none."""
    return ", ".join(f"`{word}`" for word in words) or "–"


def page(title: str, *parts: str) -> str:
    """A whole page: title, the note that it is generated, and its parts, a blank line between them."""
    return "\n".join((f"# {title}\n", NOTE, *parts)).rstrip("\n") + "\n"
