"""What was found is written between the marks of a page, broken bounds in bold, what was skipped in words."""

from pathlib import Path

import pytest

from tests.interop import page
from tests.interop.clients.guidellm import Guidellm
from tests.interop.clients.sdk import OpenAISdk
from tests.interop.judge import Difference, Verdict
from tests.interop.run import Pair, Result
from tests.interop.servers.guidellm_mock import GuidellmMock
from tests.interop.servers.llama_cpp import LlamaCpp

NEAR = Difference("TTFT", 60, 0.2, 1.0, 0.2, 0.0, 0)
FAR = Difference("latency", 60, 1.5, 3.0, 1.5, 0.0, 0)
OWN = Difference("TPOT", 60, 0.1, 0.3, 1.4, 1.3, 0)


def found() -> list[Result]:
    verdict = Verdict("time", 60, 60, 59, 0, 0, (NEAR, NEAR, FAR, OWN))
    return [
        Result(Pair(GuidellmMock(), Guidellm(), 4), verdict),
        Result(Pair(LlamaCpp(), OpenAISdk(), 1), skipped="the environment llama is missing; `make interop-llama`"),
    ]


def test_a_broken_bound_is_bold_and_a_kept_one_is_not() -> None:
    text = page.markdown(found(), {"guidellm": "0.8.1"})
    assert "| guidellm mock-server | guidellm | 60 | time | **59 of 60** | 0.20 / 1.00 | 0.20 / 1.00 | " in text
    assert "| **1.50 / 3.00** |" in text
    assert "guidellm 0.8.1." in text


def test_a_pair_that_was_skipped_says_why_and_does_not_fail() -> None:
    judged, skipped = found()
    text = page.markdown([judged, skipped], {})
    assert (
        "- OpenAI SDK → llama-cpp-python was skipped: the environment llama is missing; `make interop-llama`." in text
    )
    assert skipped.met
    assert not judged.met
    assert not Result(skipped.pair, failed="it does not answer.").met


def test_the_own_time_of_a_client_has_its_table() -> None:
    assert "| guidellm mock-server | guidellm | TPOT | +1.30 | +1.40 |" in page.markdown(found(), {})


def test_only_what_is_between_the_marks_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "accuracy.md"
    target.write_text(f"# Accuracy\n\n{page.BEGIN}\nold\n{page.END}\n\nafter\n")
    page.write(target, "new\n")
    assert target.read_text() == f"# Accuracy\n\n{page.BEGIN}\n\nnew\n\n{page.END}\n\nafter\n"
    target.write_text("# Accuracy\n")
    with pytest.raises(SystemExit):
        page.write(target, "new\n")
