# ruff: noqa: INP001 - a script beside the pages that it writes, not a package
"""The reference pages of what a user can type: commands from the argument parsers, settings from their models."""

import argparse
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from tables import page, table

import analyzer.profiles
import analyzer.settings
import exporter.settings
from analyzer.cli.options import parser as analyzer_parser
from exporter import cli

COMMANDS_PROSE = """\
From the argument parsers of both programs. Exit codes: 0 done; 2 wrong usage or settings; 3 unreadable records, each
file named with its reason; 4 nothing can be said (no traffic, or too little); 1 a fault of ours. Errors go to standard
error as one sentence; `--debug` adds the traceback.
"""
SETTINGS_PROSE = """\
Keys of the TOML file given with `--settings`. Each top-level key is also a variable in the environment, `TOKENTIDE_`
and the key in capitals. An option goes before the environment, the environment before the file, the file before the
default. A table in the environment is JSON. All mistakes are reported at once, with exit code 2.
"""
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def commands() -> str:
    """The page of both programs' commands, from their argument parsers."""
    return page(
        "Commands",
        COMMANDS_PROSE,
        *(part for parser in parsers() for part in _program(parser)),
    )


def parsers() -> tuple[argparse.ArgumentParser, ...]:
    """The parsers of both programs."""
    return cli.parser(), analyzer_parser()


def subcommands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The commands of a program and their parsers."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            return dict(action.choices)
    return {}


def _program(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {parser.prog}\n"
    yield f"{parser.description}\n"
    yield _options(parser)
    yield from _commands(parser, parser.prog)


def _commands(parser: argparse.ArgumentParser, words: str) -> Iterator[str]:
    for name, command in subcommands(parser).items():
        yield f"### {words} {name}\n"
        if command.description:
            yield f"{command.description}\n"
        yield _options(command)
        yield from _commands(command, f"{words} {name}")


def _options(parser: argparse.ArgumentParser) -> str:
    rows = [
        (_spelling(action), "yes" if action.required else "", action.help or "")
        for action in parser._actions  # noqa: SLF001 - argparse has no public way to ask
        if not isinstance(action, (argparse._SubParsersAction, argparse._HelpAction))  # noqa: SLF001 - the same
    ]
    return table(("option", "required", "meaning"), rows) if rows else ""


def _spelling(action: argparse.Action) -> str:
    value = action.metavar or action.dest.upper()
    word = value if isinstance(value, str) else " ".join(value)
    if not action.option_strings:
        return f"`{word}{' …' if action.nargs == '+' else ''}`"
    takes = "" if action.nargs == 0 else f" {word}"
    return ", ".join(f"`{option}{takes}`" for option in action.option_strings)


# --- settings


def settings() -> str:
    """The page of both programs' settings, from their models."""
    return page(
        "Settings",
        SETTINGS_PROSE,
        "## tokentide-exporter\n",
        *_tables(exporter.settings.Settings, "", {}),
        "## tokentide-analyzer\n",
        *_tables(analyzer.settings.Settings, "", {}),
        "## Serving profiles\n",
        *_tables(analyzer.profiles.ProfileSettings, "", {}),
    )


def _tables(model: type[BaseModel], path: str, shown: dict[type[BaseModel], str]) -> Iterator[str]:
    """A model's fields, then those of the tables in it, each once; `path` is where it stands in the file."""
    yield f"{inspect.cleandoc(model.__doc__ or '')}\n"
    yield _fields(model)
    for name, field in model.model_fields.items():
        for inner, form in _inner(field.annotation):
            place = form.format(f"{path}{name}")
            yield f"### `{place}`\n"
            if inner in shown:
                yield f"The same keys as `{shown[inner]}`.\n"
            else:
                shown[inner] = place
                yield from _tables(inner, f"{place.strip('[]')}.", shown)


def _inner(annotation: object) -> Iterator[tuple[type[BaseModel], str]]:
    """The models in an annotation, each with how its table is written."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, "[{}]"
        return
    form = {tuple: "[[{}]]", dict: '[{}."NAME"]'}.get(get_origin(annotation) or object)
    for given in get_args(annotation):
        yield from ((model, form or plain) for model, plain in _inner(given))


def _fields(model: type[BaseModel]) -> str:
    described = any(field.description for field in model.model_fields.values())
    head = ("key", "type", "default", *(("meaning",) if described else ()))
    rows = (
        (f"`{name}`", _kind(field), _default(field), *((field.description or "",) if described else ()))
        for name, field in model.model_fields.items()
    )
    return table(head, rows)


def _kind(field: FieldInfo) -> str:
    bounds = [
        f"{sign} {getattr(limit, name)}"
        for limit in field.metadata
        for name, sign in BOUNDS.items()
        if getattr(limit, name, None) is not None
    ]
    return " ".join((_type(field.annotation), " and ".join(bounds))).rstrip()


def _type(annotation: object) -> str:
    origin, given = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(given[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in given)
    if origin in {UnionType, Union}:
        return " or ".join(_type(each) for each in given if each is not NoneType)
    if origin is tuple:
        return "array of tables" if _type(given[0]) == "table" else f"array of {_type(given[0])}"
    if origin is dict:
        return "tables by name"
    plain = {int: "whole number", float: "number", str: "text", bool: "true or false", Path: "path"}
    return plain.get(annotation, "table") if isinstance(annotation, type) else ""


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None or not (field.default or isinstance(field.default, (bool, int, float))):
        return "–"
    if isinstance(field.default, BaseModel):
        return "–"
    if field.default is PydanticUndefined:
        return "required"
    value = field.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
