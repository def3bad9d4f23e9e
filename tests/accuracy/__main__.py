"""`python -m tests.accuracy [--write | --live | --real]`: predicts measured sweeps and says how far off that is."""

import argparse
import sys

from tests.accuracy import live_page, page, plot, real_page
from tests.accuracy.comparison import all_compared, sensitivity


def main() -> int:
    """Print each figure beside its prediction; with `--write` also the page and the picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy")
    parser.add_argument("--write", action="store_true", help="write the tables and the picture of docs/accuracy.md")
    parser.add_argument(
        "--live", action="store_true", help="write how far fits to records are off to docs/throughput.md"
    )
    parser.add_argument("--real", action="store_true", help="write what a real engine did to docs/accuracy.md")
    options = parser.parse_args()
    if options.live:
        live_page.write()
        return 0
    if options.real:
        real_page.write()
        return 0
    compared, fitted = all_compared()
    print(fitted.detail)
    for one in compared:
        print(one.sweep.title, {name: round(value, 1) for name, value in one.knees.items()})
        for place, (point, truth) in enumerate(zip(one.sweep.points, one.measured, strict=True)):
            print(f"  {point.load:6.1f}/s measured {truth}")
            for name, stages in one.predicted.items():
                print(f"           {name:8} {stages[place]}")
    if options.write:
        page.write(compared, fitted, sensitivity())
        plot.draw(compared)
    return 0


if __name__ == "__main__":
    sys.exit(main())
