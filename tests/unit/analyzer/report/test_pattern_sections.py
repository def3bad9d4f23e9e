import dataclasses

from analyzer.advise.effects import Effect
from analyzer.demand import InFlight
from analyzer.evidence import Evidence
from analyzer.patterns.repeats import Repeats
from analyzer.report.blocks import Figure
from analyzer.report.pattern_sections import (
    anomalies,
    busy_bins,
    comes_back,
    effects,
    kinds_of_hours,
    left_out,
    prefixes,
)
from analyzer.shape import Prefix
from tests.unit.analyzer.report.analyses import DEMAND, KINDS, MODEL, NO_REGIMES, SURGE, WEEK, model, prose


def test_hours_that_do_not_differ_have_a_sentence_and_no_map() -> None:
    assert prose(kinds_of_hours(MODEL, "")) == "No kinds of hours. Hours do not differ."


def test_kinds_of_hours_have_a_map_and_their_limits() -> None:
    found = kinds_of_hours(model(regimes=KINDS), "m1-")
    (figure,) = (block for block in found if isinstance(block, Figure))
    assert figure.name == "m1-week-map"
    assert "B, long-in/short-out, weekday mornings: Mon–Fri 09:00–17:00" in figure.alt
    said = prose(found)
    assert "B: long-in/short-out, weekday mornings | Mon–Fri 09:00–17:00 | 2.5 | 1,020 | 4,142" in said
    assert "8,192 | that of all hours" in said


def test_hours_that_come_back_but_cannot_be_divided_have_no_map() -> None:
    whole = dataclasses.replace(KINDS, k=1, windows=KINDS.windows[:1])
    assert len(kinds_of_hours(model(regimes=whole), "")) == 1


def test_an_anomaly_is_told_with_its_times_and_first_of_all() -> None:
    one = model(anomalies=(SURGE,), evidence=(Evidence("anomalies", 1, 1, None, "1 anomaly was found."),))
    said = prose(anomalies(one, WEEK))
    assert "1 anomaly was found." in said
    assert "Tue 10 Nov 2026, 13:00 | Tue 10 Nov 2026, 16:00 | surge | 4.0 times as many requests." in said
    assert "1 stretch of time unlike every other day (surge) is in no limit" in prose(left_out(one.anomalies))
    assert left_out(()) == ()


def test_whether_the_rhythm_of_the_day_comes_back_is_said_with_its_p_value() -> None:
    assert (
        comes_back(model(regimes=NO_REGIMES)) == "From day to day the hours differ as chance would have it (p = 0.7)."
    )
    steady = dataclasses.replace(NO_REGIMES, repeat_p=Repeats(0.4, 0.5, 0.6, 0.002))
    assert comes_back(model(regimes=steady)) == "This comes back from day to day (p = 0.002)."
    assert "over several days" in comes_back(model(regimes=dataclasses.replace(NO_REGIMES, repeat_p=None)))


def test_bins_have_both_laws_beside_what_was_observed() -> None:
    said = prose(busy_bins(DEMAND))
    assert "whole window | 1 s | 5.5 | 1.3 | 10 | 11 | 10 | 13 | 19" in said
    assert "18:00 to 19:00 | 1 s" in said
    assert "In flight" not in said
    flying = dataclasses.replace(DEMAND, in_flight=InFlight(3.5, 3, 9, 12, 20, 1304.4))
    said = prose(busy_bins(flying))
    assert "3.5 requests on average, 9 or fewer for 95 % of the time, 20 at the most" in said
    assert "Each holds 1,304 tokens over its time: its input and half of its output." in said


def test_prefixes_are_told_where_records_name_them() -> None:
    assert prose(prefixes(Prefix(288_500, 0.36641))).startswith("36.6 % of the 288,500 prefix blocks")
    assert prefixes(None) == ()


def test_engines_in_which_a_limit_changes_the_same_are_told_together() -> None:
    same = Effect("vLLM", "--max-model-len", ("admission",), 2100, 2100, 213, 213, "Who is let in.")
    found = (
        same,
        dataclasses.replace(same, engine="SGLang", setting="--context-length"),
        Effect("TensorRT-LLM", "max_seq_len", ("admission", "safety"), 131_072, 8192, 3, 54, "It reserves."),
        Effect("built", "x", ("memory",), None, None, None, None, "A new build."),
    )
    said = prose(effects(found))
    assert "vLLM --max-model-len, SGLang --context-length (admission): Who is let in." in said
    assert "TensorRT-LLM | 131,072 → 8,192 | 3 → 54" in said
    assert "vLLM | 2,100 | 213" in said
    assert "built |" not in said
    assert effects(()) == ()
