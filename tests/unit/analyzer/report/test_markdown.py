import re
from functools import cache

from analyzer.evidence import Evidence
from analyzer.report import markdown
from analyzer.report.document import compose
from tests.unit.analyzer.report.analyses import CALLERS, CAPACITY, LATENCY, analysis, lengths, model

FULL = model(latency=LATENCY, clients=CALLERS, capacity=CAPACITY)


@cache
def one_model() -> str:
    return markdown.render(compose(analysis({"chat-8b": FULL})))


@cache
def two_models() -> str:
    return markdown.render(compose(analysis({"a": FULL, "b": FULL})))


ATTACK = "<script>alert(1)</script>|`x`\n# not a heading"


def test_the_first_paragraph_stands_right_after_the_title() -> None:
    lines = [line for line in one_model().splitlines() if line]
    assert lines[0] == "# What to run"
    assert lines[2].startswith("`chat-8b` received **20,000 requests**")
    assert "Set `max_input_len` to **6,528** and `max_seq_len` to **6,592**" in lines[2]


def test_every_section_and_figure_is_there_in_words() -> None:
    text = one_model()
    assert text.count("\n## ") == len(compose(analysis({"chat-8b": FULL})).sections)
    assert text.count("(drawn in report.html): ") == 7


def test_each_table_has_a_line_under_its_header_and_as_many_cells_in_each_row() -> None:
    lines = two_models().splitlines()
    rules = [number for number, line in enumerate(lines) if re.fullmatch(r"\|( :?--:? \|)+", line)]
    assert len(rules) > 10
    for number in rules:
        cells = lines[number].count("|")
        assert lines[number - 1].count("|") == cells
        below = number + 1
        while below < len(lines) and lines[below].startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", lines[below])) == cells
            below += 1
        assert below > number + 1


def test_names_from_strangers_are_neither_html_nor_markdown() -> None:
    strange = model(evidence=(Evidence(ATTACK, 1, 1, None, ATTACK),), lengths=lengths(effect=ATTACK))
    text = markdown.render(compose(analysis({ATTACK: strange, "b": strange}, set_aside={ATTACK: 1})))
    assert not re.search(r"(?<!\\)<", text)
    assert "\n# not a heading" not in text
    assert r"\<script\>alert(1)\</script\>\|\`x\`" in text


def test_settings_are_code_and_can_be_copied() -> None:
    assert "give it as `rps_per_replica` under `[capacity]`" in markdown.render(compose(analysis()))


def test_arithmetic_is_a_numbered_list() -> None:
    text = one_model()
    assert "\n1. Peak to carry: **31 requests a second**" in text
    assert "\n3. 31 / 2.4 = 12.92 → 13: **13 replicas**." in text


def test_emphasis_closes_right_after_its_words() -> None:
    text = one_model()
    for run in re.findall(r"\*\*(.+?)\*\*", text):
        assert run == run.strip()


def test_no_blank_lines_pile_up() -> None:
    assert "\n\n\n" not in two_models()


def test_the_same_report_gives_the_same_bytes() -> None:
    assert one_model() == markdown.render(compose(analysis({"chat-8b": FULL})))
