"""Options that are settings, and the settings that they make."""

import argparse
from pathlib import Path

from exporter.settings import Settings, load

_OPTIONS = ("upstream", "listen", "admin", "health", "records", "workers", "instance", "timeline")


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a command."""
    hints = {"upstream": "URL", "records": "DIR", "workers": "N", "instance": "NAME", "timeline": "MODE"}
    for name in _OPTIONS:
        field = Settings.model_fields[name]
        default = "" if name in {"upstream", "instance"} else f" (default {field.default})"
        parser.add_argument(f"--{name}", metavar=hints.get(name, "HOST:PORT"), help=f"{field.description}{default}")
    parser.add_argument("--settings", metavar="FILE", type=Path, help="TOML file with any of the settings")


def settings(given: argparse.Namespace) -> Settings:
    """The settings of a command. Raises BadSettings."""
    return load({name: getattr(given, name) for name in _OPTIONS}, given.settings)
