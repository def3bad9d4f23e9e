"""What a report is made of, as data: sentences, tables, figures, sections."""

from dataclasses import dataclass
from typing import ClassVar, Literal

Style = Literal["plain", "strong", "code"]
Tone = Literal["plain", "caution"]
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style; the text is plain and is escaped wherever it is shown."""

    text: str
    style: Style = "plain"


Words = tuple[Span, ...]


def strong(text: str) -> Span:
    """Text that a hurried reader should not miss."""
    return Span(text, "strong")


def code(text: str) -> Span:
    """A name as it is typed: a setting, a model, a file.

    Names come from strangers, so what does not print (line ends, direction marks) is made visible and what is longer
    than a line is cut.
    """
    visible = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    if len(visible) > LONGEST_NAME:
        visible = visible[: LONGEST_NAME - 1] + "…"
    return Span(visible.strip() or "(no name)", "code")


def words(*parts: str | Span) -> Words:
    """Spans from strings and spans; empty strings are dropped."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts if part)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences that belong together."""

    words: Words
    tone: Tone = "plain"
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True, slots=True)
class Points:
    """A list; `numbered` where each item builds on the one before."""

    items: tuple[Words, ...]
    numbered: bool = False
    kind: ClassVar[str] = "points"


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure: what it is called, its value, and what it rests on."""

    label: Words
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Tiles:
    """The headline figures side by side."""

    items: tuple[Tile, ...]
    kind: ClassVar[str] = "tiles"


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column; numbers stand to the right."""

    name: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column heads its rows; `folded` ones repeat a figure and open on demand."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Words, ...], ...]
    folded: bool = False
    kind: ClassVar[str] = "table"


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: `spec` is its Vega-Lite specification as JSON, `alt` says in words what it shows."""

    name: str
    title: str
    alt: str
    caption: str
    spec: str
    kind: ClassVar[str] = "figure"


Block = Paragraph | Points | Tiles | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; `name` is its anchor, `depth` 2 or 3."""

    name: str
    title: Words
    depth: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report: the first paragraph can be acted on without reading further."""

    title: str
    subtitle: str
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]
