from exporter.app.questions import begin, known_limits
from exporter.settings import load
from exporter.sinks.store import Store

LIMITS = [{"models": "llama*", "max_input_len": 1000}, {"max_seq_len": 4096}]


def test_without_a_setting_no_engine_is_asked_and_limits_are_those_of_the_settings() -> None:
    settings = load({"upstream": "http://engine:8000", "engine_limits": LIMITS}, None)
    store = Store()
    limits = known_limits(settings)
    assert begin(settings, store, limits) == ()
    families = {family.metric.name: dict(family.numbers) for family in store.snapshot().families}
    assert families["tokentide_engine_limit_tokens"] == {("llama*", "max_input_len"): 1000, ("*", "max_seq_len"): 4096}
    assert families["tokentide_engine_questions"] == {}
