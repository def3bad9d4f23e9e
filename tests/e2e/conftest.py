"""Fixtures of the end-to-end tests: one engine for all, a sidecar for each module."""

from collections.abc import Iterator

import pytest

from tests.fakes.processes import Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    running = Engine("--model", "gpt-4o")
    yield running
    running.stop()
