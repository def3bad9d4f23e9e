"""What a report was made from and with, in one paragraph."""

import json
from collections.abc import Iterator, Mapping

from analyzer.analysis import Origin
from analyzer.report.blocks import Span, Words, code, words
from analyzer.report.numbers import plural

WINDOWS = {
    "default": "The window is the one that is taken where none is asked for",
    "all": "The window is everything that was recorded (--all)",
    "options": "The window was asked for with --from and --to",
}
ZONES = {
    "default": "the default",
    "option": "asked for with --timezone",
    "settings": "of the settings file or the environment",
}


def made_from(origin: Origin) -> Words:
    """Version, files, window, time zone, models and settings; enough to make the same report again."""
    text = f"Made by Tokentide {origin.version} from {plural(origin.files, 'file')}"
    if origin.unreadable_files:
        text += f" ({plural(origin.unreadable_files, 'further file')} could not be read)"
    if origin.first is not None and origin.last is not None:
        text += f", in which requests lie from {origin.first:%Y-%m-%d %H:%M} to {origin.last:%Y-%m-%d %H:%M} UTC"
    zone = f"Hours and days are those of {origin.timezone}, {ZONES[origin.timezone_from]}"
    parts: list[str | Span] = [f"{text}. {WINDOWS[origin.window_from]}. {zone}. "]
    if origin.models is not None:
        parts += ["Of the models that were recorded only these were asked for: ", *_listed(origin.models), ". "]
    if not origin.settings:
        return words(*parts, "All settings are the default.")
    return words(*parts, "Settings that are not the default: ", *_listed(_flat(origin.settings)), ".")


def _listed(names: Iterator[str] | tuple[str, ...]) -> Iterator[str | Span]:
    for place, name in enumerate(names):
        yield from (", ", code(name)) if place else (code(name),)


def _flat(settings: Mapping[str, object], above: str = "") -> Iterator[str]:
    """Each setting as a line of TOML with its whole name."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name} = {json.dumps(value)}"
