"""Runs the scripted engine: `python examples/engine.py --port 8000`."""

import sys

from scripted_engine.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
