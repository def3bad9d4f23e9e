import pytest

from exporter.app import plan
from exporter.dialect import table
from exporter.settings import load


class Unbound:
    """Stands in for a listening socket, which a unit test must not open."""


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, bool]]:
    asked: list[tuple[str, str, bool]] = []

    def listen(name: str, address: str, *, shared: bool) -> Unbound:
        asked.append((name, address, shared))
        return Unbound()

    monkeypatch.setattr(plan, "listen", listen)
    return asked


def test_one_relay_has_its_port_alone_and_several_share_it(no_sockets: list[tuple[str, str, bool]]) -> None:
    plan.relays(load({"upstream": "http://e:1"}, None), "tap")
    assert no_sockets == [("listen", "127.0.0.1:8080", False)]
    no_sockets.clear()
    plans = plan.relays(load({"upstream": "http://e:1", "workers": 3, "instance": "i"}, None), "tap")
    assert [shared for _, _, shared in no_sockets] == [True, True, True]
    assert [each.options["name"] for each in plans] == ["i-w0", "i-w1", "i-w2"]


def test_a_relay_carries_the_bodies_of_every_path_that_a_dialect_reads() -> None:
    [relay] = plan.relays(load({"upstream": "http://e:1"}, None), "tap")
    observed = relay.options["observed"]
    assert isinstance(observed, list)
    assert {"/chat/completions", "/v1/messages", "/generate", "/"} < set(observed) == set(table.DIALECTS)


def test_the_observer_gets_all_settings_as_plain_values() -> None:
    settings = load({"upstream": "http://e:1", "records": "somewhere"}, None)
    observer = plan.observer(settings, "/run/tap")
    assert observer.options["tap"] == "/run/tap"
    values = observer.options["settings"]
    assert isinstance(values, dict)
    assert values["records"] == "somewhere"
    assert load(values, None) == settings
