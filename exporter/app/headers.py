"""The values of secret headers, from the environment or from files."""

import os
from pathlib import Path

from exporter.errors import Unusable
from exporter.settings import OtlpHeader


def header_values(headers: tuple[OtlpHeader, ...]) -> dict[str, str]:
    """The headers with their values. Raises Unusable, without the value, where there is none that can be sent."""
    return {header.name.lower(): _value(header) for header in headers}


def _value(header: OtlpHeader) -> str:
    if header.environment:
        place, value = f"the environment variable {header.environment}", os.environ.get(header.environment, "")
    else:
        place = f"the file {header.file}"
        try:
            value = Path(header.file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise Unusable(f"the header {header.name} needs {place}, which cannot be read.") from None
    value = value.strip()
    if not value or not value.isascii() or not value.isprintable():
        raise Unusable(f"the header {header.name} needs {place}, which holds no value that can be sent.")
    return value
