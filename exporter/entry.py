"""Start of the command `tokentide-exporter`, which says so when its extra is not installed."""

import sys


def main() -> int:
    """Runs the command; returns the exit status."""
    try:
        from exporter.cli import main as command  # noqa: PLC0415 - what it needs may be missing, which is said here
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] in {"exporter", "analyzer"}:
            raise
        need = f"tokentide-exporter needs {missing.name}: install it by pip install 'tokentide[exporter]'."
        print(need, file=sys.stderr)  # noqa: T201 - the command's own output
        return 2
    return command()


if __name__ == "__main__":
    sys.exit(main())
