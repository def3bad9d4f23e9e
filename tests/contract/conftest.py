"""What several contract tests share: a sidecar under load, scraped by Prometheus, started once."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.fakes.loads import JOB, MODELS, Loaded, load
from tests.fakes.processes import Engine, eventually, sidecar
from tests.fakes.prometheus import Prometheus, program


@pytest.fixture(scope="package")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """A sidecar that was under load and scraped by two jobs, as where somebody scrapes a gateway's `gen_ai` too."""
    program()
    folder = tmp_path_factory.mktemp("boards")
    engine = Engine("--model", MODELS[0])
    try:
        with sidecar(engine.url, folder) as running:
            address = running.admin.removeprefix("http://")
            prometheus = Prometheus(folder, {JOB: address, "gateway": address})
            try:
                eventually(lambda: len(prometheus.now("up == 1")) == 2, "the first scrape")
                start = time.time() - 1
                sent = asyncio.run(load(running.url))
                running.settled(sent)
                total = f'sum(tokentide_requests_total{{job="{JOB}"}})'
                eventually(lambda: [each.values for each in prometheus.now(total)] == [(sent,)], "the last scrape")
                yield Loaded(prometheus, running, start, time.time())
            finally:
                prometheus.stop()
    finally:
        engine.stop()
