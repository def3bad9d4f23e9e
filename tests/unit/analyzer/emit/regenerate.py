"""Writes the golden files anew: `python -m tests.unit.analyzer.emit.regenerate`."""

import shutil

from analyzer.emit import files
from tests.unit.analyzer.emit.cases import CASES, GOLDEN


def main() -> None:
    shutil.rmtree(GOLDEN, ignore_errors=True)
    for case, recommendation in CASES.items():
        for path, text in files(recommendation()).items():
            place = GOLDEN / case / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
