from datetime import timedelta

from analyzer.advise.bounds import LengthTarget
from analyzer.marginals import Marginals, analyse
from analyzer.report import html, markdown
from analyzer.report.marginal_document import compose
from analyzer.window import Window
from tests.fakes.marginals import marginals
from tests.fakes.recordings import MONDAY

MONDAY_US = int(MONDAY.timestamp()) * 1_000_000
WINDOW = Window(MONDAY, MONDAY + timedelta(days=1), "UTC")


def text(**models: Marginals) -> str:
    return markdown.render(compose(analyse(WINDOW, models, dict.fromkeys(models, LengthTarget()))))


def test_the_limits_come_first_and_what_they_rest_on_after_them() -> None:
    said = text(m=marginals({MONDAY_US: ([150] * 9000, [50] * 9000)}))
    assert "# A first answer, from histograms" in said
    assert "set `max_input_len` to **256** and `max_seq_len` to **320**" in said
    assert "2.5 a second on average, 2.5 in the fullest hour (2025-03-03 00:00)" in said
    assert "This is not made from single requests." in said
    assert "| input | 150 | ≤ 200 |" in said
    assert "| 00:00 | 9,000 |" in said
    assert "each side was counted apart" in said


def test_what_is_above_all_edges_is_said_so() -> None:
    said = text(m=marginals({MONDAY_US: ([5000] * 9000, [50] * 9000)}))
    assert "above all edges" in said
    assert "No limit can be said" in said
    assert "At most, set" not in said


def test_too_few_requests_and_none_are_said_so() -> None:
    assert "are too few" in text(m=marginals({MONDAY_US: ([1], [1])}))
    assert "counted no request" in text()


def test_it_is_a_page_too() -> None:
    analysis = analyse(WINDOW, {"<m>": marginals({MONDAY_US: ([1], [1])})}, {"<m>": LengthTarget()})
    page = html.render(compose(analysis))
    assert "&lt;m&gt;" in page
    assert "<m>" not in page
