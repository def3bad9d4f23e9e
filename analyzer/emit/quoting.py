"""Text from outside, such as a model's name, made safe for YAML, shells, comments and Kubernetes names."""

import re
import shlex
import textwrap

WIDTH = 110
_LONGEST_NAME = 50


def escaped(text: str) -> str:
    r"""Text on one line: each character that is not printable becomes \xNN, \uNNNN or \UNNNNNNNN."""
    return "".join(character if character.isprintable() else _code(character) for character in text)


def yaml_string(text: str) -> str:
    """A YAML scalar in double quotes that reads as exactly `text`."""
    return '"' + escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def yaml_value(value: str | float | bool) -> str:  # noqa: FBT001 - a value of a file, not a switch of ours
    """A YAML scalar that reads as `value`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return yaml_string(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def shell_word(text: str) -> str:
    """One word of a POSIX shell; NUL, which no shell can hold, is left out."""
    return shlex.quote(text.replace("\0", ""))


def comment(text: str, indent: int = 0) -> str:
    """Comment lines with # that hold `text`, wrapped, none of which can end early; no newline at the end."""
    start = " " * indent + "# "
    lines = textwrap.wrap(
        escaped(text),
        width=WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def command(text: str, indent: int = 0) -> str:
    """One comment line that holds a command, however long, so that it can be copied."""
    return " " * indent + "# " + escaped(text)


def kubernetes_name(text: str) -> str:
    """A name that Kubernetes takes (RFC 1123 label), as near to `text` as that allows."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.rpartition("/")[2].lower()).strip("-")
    return plain[:_LONGEST_NAME].strip("-") or "model"


def _code(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
