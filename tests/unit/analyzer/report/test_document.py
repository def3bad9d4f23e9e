import dataclasses

import pytest

from analyzer.report import document
from analyzer.report.blocks import Paragraph
from analyzer.report.document import compose
from tests.unit.analyzer.report.analyses import (
    CALLERS,
    CAPACITY,
    LATENCY,
    NO_LIMITS,
    analysis,
    capacity,
    everything,
    figures,
    model,
    prose,
    text,
)


def test_a_report_begins_with_the_paragraph_to_act_on() -> None:
    (first, *_) = compose(analysis()).lead
    assert isinstance(first, Paragraph)
    assert text(first.words).startswith("chat-8b received 20,000 requests")


def test_a_report_without_any_request_says_so_and_where_to_look() -> None:
    report = compose(analysis({}))
    assert report.title == "No traffic"
    assert "nothing is recommended: keep the settings you have" in prose(report.lead)
    assert "Check that the exporter is in the path" in prose(report.lead)
    assert figures(report) == ()


def test_a_report_from_nothing_but_unusable_rows_points_to_the_reasons() -> None:
    said = everything(compose(analysis({}, set_aside={"no_output_tokens": 4})))
    assert "All 4 rows of the window had to be set aside" in said
    assert "no output tokens | 4" in said


def test_a_report_from_too_little_traffic_is_called_so() -> None:
    assert compose(analysis({"a": model(lengths=NO_LIMITS)})).title == "Too little traffic"


def test_each_of_several_models_has_its_section_and_its_row_the_largest_first() -> None:
    report = compose(analysis({"small": model(requests=10), "large": model()}))
    assert [text(section.title) for section in report.sections if section.depth == 2][:2] == ["large", "small"]
    lead = prose(report.lead)
    assert "2 models received 20,010 requests; large received over 99.9 % of them." in lead
    assert "Set max_input_len to 6,528" in lead
    assert lead.index("large | 20,000") < lead.index("small | 10")


def test_gpus_of_all_models_are_added_up_only_where_all_are_known_and_of_one_kind() -> None:
    known = model(capacity=CAPACITY)
    assert "All models together need 52 GPUs." in prose(compose(analysis({"a": known, "b": known})).lead)
    assert "together need" not in prose(compose(analysis({"a": known, "b": model()})).lead)
    other = model(capacity=capacity(gpu="L40S"))
    assert "together need" not in prose(compose(analysis({"a": known, "b": other})).lead)


def test_a_flood_of_invented_model_names_does_not_flood_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    assert document.SHOWN_MODELS < 20
    monkeypatch.setattr(document, "SHOWN_MODELS", 2)  # each takes a while to draw
    report = compose(analysis({f"invented-{number:03}": model(requests=1) for number in range(7)}))
    assert "5 further models with 5 requests in all are in analysis.json only." in prose(report.lead)
    assert len([section for section in report.sections if section.name.endswith("-model")]) == 2


def test_the_report_says_what_it_cannot_say() -> None:
    said = everything(compose(analysis({"a": model(capacity=CAPACITY)})))
    for part in (
        "Whether this week is like other weeks",
        "Whether other numbers of replicas at some hours pay: their section says what is missing.",
        "Whether other engine settings at some hours pay",
        "How fast the engine answered: the records hold no times.",
        "Who calls: the records name no caller.",
        "Whether one replica really carries the stated load",
    ):
        assert part in said


def test_what_is_known_is_not_listed_as_unknown() -> None:
    said = everything(compose(analysis({"a": model(latency=LATENCY, clients=CALLERS)})))
    assert "the records hold no times" not in said
    assert "the records name no caller" not in said
    assert "Whether one replica really carries" not in said


def test_rows_set_aside_and_hours_without_records_are_accounted_for() -> None:
    found = analysis(set_aside={"no_model": 1})
    coverage = dataclasses.replace(found.coverage, empty_hours=2, missing_hours=5)
    said = everything(compose(dataclasses.replace(found, coverage=coverage)))
    assert "20,000 requests went into the figures; 1 row was set aside." in said
    assert "5 hours of the window lie before the first or after the last record." in said
    assert "2 hours in between had no request." in said


def test_the_words_of_the_field_are_explained() -> None:
    said = everything(compose(analysis()))
    for term in ("ISL: input", "OSL: output", "TTFT: time to first token", "ITL: inter-token", "TPOT: time per output"):
        assert term in said


def test_the_same_analysis_gives_the_same_report() -> None:
    assert compose(analysis()) == compose(analysis())


def test_anchors_are_unique_over_several_models() -> None:
    full = model(latency=LATENCY, clients=CALLERS, capacity=CAPACITY)
    report = compose(analysis({"a": full, "b": full}))
    anchors = [section.name for section in report.sections] + [figure.name for figure in figures(report)]
    assert len(set(anchors)) == len(anchors)
