"""One client through the sidecar to one server, measured and judged."""

from dataclasses import dataclass
from pathlib import Path

from tests.fakes.processes import free_port, sidecar
from tests.interop import environments
from tests.interop.clients.base import Client, Order
from tests.interop.join import joined
from tests.interop.judge import Verdict, verdict
from tests.interop.seen import recorded
from tests.interop.servers.base import Address, Server
from tests.interop.servers.scripted import Scripted, answers

SETTINGS = 'timeline = "full"\n'
GENERATING = {"chat", "messages"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A server and a client, and how many requests at once the server can take."""

    server: Server
    client: Client
    streams: int

    @property
    def name(self) -> str:
        return f"{self.client.name} → {self.server.name}"

    @property
    def missing(self) -> str | None:
        """What keeps it from being measured here, in a sentence."""
        return environments.missing(sorted({*self.server.environments, *self.client.environments}))


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a pair; `skipped` or `failed` say why there is no verdict."""

    pair: Pair
    verdict: Verdict | None = None
    skipped: str | None = None
    failed: str | None = None

    @property
    def met(self) -> bool:
        return self.skipped is not None or (self.verdict is not None and self.verdict.met)


def measured(pair: Pair, requests: int, warm_up: int, model: Path, folder: Path) -> Result:
    """Runs a pair with servers and sidecar of its own; logs and records stay in `folder`."""
    if pair.missing:
        return Result(pair, skipped=pair.missing)
    try:
        own = {}
        if pair.server.head_with_content and any(each.own_time for each in pair.client.definitions):
            own = alone(pair, requests, warm_up, model, folder / "alone")
        folder.mkdir(parents=True, exist_ok=True)
        with pair.server.running(free_port(), folder, model) as at, sidecar(at.url, folder, settings=SETTINGS) as tide:
            through = Address(tide.url, at.model, at.vocabulary)
            seen = pair.client.run(Order(through, pair.server.options, requests, warm_up, pair.streams, folder))
            tide.settled(len(seen) + warm_up)
            tide.stop()
            rows = [row for row in tide.rows() if row["operation"] in GENERATING]
    except (RuntimeError, AssertionError, OSError) as error:
        return Result(pair, failed=str(error))
    found = joined(seen, [recorded(row) for row in rows])
    return Result(pair, verdict(found, pair.client.definitions, warm_up=warm_up, own_ms=own))


def alone(pair: Pair, requests: int, warm_up: int, model: Path, folder: Path) -> dict[str, float]:
    """The client's own time, by figure: how much longer it is than the scripted engine's, with no sidecar between."""
    folder.mkdir(parents=True)
    server = Scripted()
    with server.running(free_port(), folder, model) as at:
        seen = pair.client.run(Order(at, server.options, requests, warm_up, pair.streams, folder))
        found = verdict(joined(seen, answers(at.url)), pair.client.definitions, warm_up=warm_up)
    asked = {each.name for each in pair.client.definitions if each.own_time}
    return {each.name: each.bias_ms for each in found.differences if each.name in asked and each.values}
