"""The command `tokentide-exporter`: reads options and runs one of its commands."""

import argparse
import os
import sys

from exporter import __version__
from exporter.cli import options, serving, tokenizers
from exporter.errors import SidecarError


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    given = parser().parse_args(arguments)
    try:
        status = int(given.run(given))
        sys.stdout.flush()
    except SidecarError as error:
        if given.debug:
            raise
        print("\n".join(f"tokentide-exporter: {line}" for line in str(error).splitlines()), file=sys.stderr)  # noqa: T201 - the command's own output
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # whoever read our output has seen enough; what Python still holds must not fail at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def parser() -> argparse.ArgumentParser:
    """The options of all commands."""
    made = argparse.ArgumentParser("tokentide-exporter", description="Relays LLM traffic and measures it.")
    made.add_argument("--version", action="version", version=__version__)
    made.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = made.add_subparsers(title="commands", required=True, metavar="COMMAND")
    serving.add(commands)
    check = commands.add_parser("check", help="check the settings", description="Checks settings and the engine.")
    options.add(check)
    check.set_defaults(run=_check)
    tokenizers.add(commands)
    return made


def _check(given: argparse.Namespace) -> int:
    from exporter.cli import checking  # noqa: PLC0415 - 60 MB of Arrow and vocabularies that `serve` would keep

    return checking.run(given)
