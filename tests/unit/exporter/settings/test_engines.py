import pytest
from pydantic import ValidationError

from exporter.settings import load
from exporter.settings.engines import EngineLimits, EngineQuestions, UpstreamChoice


def test_nothing_is_asked_and_no_limit_is_known_unless_it_is_set() -> None:
    settings = load({"upstream": "http://engine:8000"}, None)
    assert (settings.questions.limits_seconds, settings.questions.metrics_seconds) == (0, 0)
    assert settings.engine_limits == ()
    assert settings.include_usage is False


def test_the_one_upstream_has_its_metrics_where_the_questions_say() -> None:
    url = "http://engine:8002/metrics"
    settings = load({"upstream": "http://engine:8000", "questions": {"metrics_url": url}}, None)
    assert settings.engines == (UpstreamChoice(name="engine", url="http://engine:8000", metrics_url=url),)


@pytest.mark.parametrize(
    "url", ["engine:8002/metrics", "http://engine:8002", "http://user@engine/metrics", "ftp://e/m"]
)
def test_a_metrics_page_is_a_whole_url_without_credentials(url: str) -> None:
    with pytest.raises(ValidationError):
        EngineQuestions(metrics_url=url)


@pytest.mark.parametrize("limits", [{"max_seq_len": 0}, {"max_input_len": -1}, {"models": ""}, {"max_model_len": 1}])
def test_limits_are_positive_and_have_the_names_that_they_have(limits: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EngineLimits.model_validate(limits)


@pytest.mark.parametrize("host", ["engine..svc", ".engine", "engine..", "e" * 64, "motör"])
def test_a_host_that_no_resolver_takes_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="is no name that could be looked up"):
        UpstreamChoice(name="engine", url=f"http://{host}:8000")


@pytest.mark.parametrize("host", ["engine.svc.", "e" * 63, "[::1]", "10.0.0.1"])
def test_a_host_may_be_whole_long_or_a_number(host: str) -> None:
    assert UpstreamChoice(name="engine", url=f"http://{host}:8000").url == f"http://{host}:8000"
