from exporter.supervisor.health import Condition, answer


def condition(**changes: object) -> Condition:
    well: dict[str, object] = {
        "relays_ready": 1,
        "observer_ready": True,
        "upstreams": {"a": "http://e:1"},
        "probed": {"a": None},
    }
    return Condition(relays_wanted=1, **{**well, **changes})  # type: ignore[arg-type]


def test_a_healthy_sidecar_is_alive_and_ready() -> None:
    assert answer(condition(), "/healthz") == (200, {"status": "ok", "observer": "ready"})
    status, body = answer(condition(), "/readyz")
    assert (status, body["problems"]) == (200, [])


def test_a_stopped_observer_fails_no_probe() -> None:
    stopped = condition(observer_ready=False)
    assert answer(stopped, "/healthz") == (200, {"status": "ok", "observer": "restarting"})
    assert answer(stopped, "/readyz")[0] == 200


def test_an_engine_that_cannot_be_reached_is_said_and_makes_the_sidecar_not_ready() -> None:
    status, body = answer(condition(probed={"a": "connection refused"}), "/readyz")
    assert status == 503
    assert body["problems"] == ["The engine at http://e:1 cannot be reached: connection refused."]
    assert answer(condition(probed={"a": "connection refused"}), "/healthz")[0] == 200


def test_a_missing_relay_and_a_drain_are_said() -> None:
    status, body = answer(condition(relays_ready=0, draining=True), "/readyz")
    assert status == 503
    assert body["problems"] == ["0 of 1 relay processes are ready.", "The sidecar is draining."]


def test_a_relay_that_only_finishes_what_it_has_makes_the_sidecar_not_ready_but_keeps_it_alive() -> None:
    leaving = condition(relays_ready=0, relays_leaving=1)
    assert answer(leaving, "/healthz")[0] == 200
    status, body = answer(leaving, "/readyz")
    assert (status, body["problems"]) == (503, ["0 of 1 relay processes are ready."])


def test_without_any_relay_the_sidecar_is_not_alive() -> None:
    assert answer(condition(relays_ready=0), "/healthz")[0] == 503


def test_an_unknown_path_names_the_known_ones() -> None:
    status, body = answer(condition(), "/metrics")
    assert status == 404
    assert "/healthz" in str(body["error"])
