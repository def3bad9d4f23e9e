from dataclasses import replace

from analyzer.report.alternatives import alternatives, sturdier
from tests.unit.analyzer.report.analyses import SIZED, prose


def test_each_choice_has_the_gpus_that_slower_steps_would_take() -> None:
    text = prose((alternatives(SIZED),))
    assert "GPUs if steps are slower by the error" in text
    assert "12 | 12 | 3 | 3 | 9.00 | 16 % | out of reach | advised" in text
    assert "69.1 | 8.64 | 1 | 8 | 24.00 | 123 % | 8 | carries 28 % less per GPU" in text
    assert "16 | 1 | – | – | – | – | – | – | – | – | – | tp 16 would span nodes." in text


def test_the_choice_that_bears_slower_steps_is_named_where_there_is_one() -> None:
    assert sturdier(SIZED) == " With tp 8 and pp 1 they would be kept even then, with 8 GPUs."
    assert sturdier(replace(SIZED, alternatives=SIZED.alternatives[:1])) == ""
