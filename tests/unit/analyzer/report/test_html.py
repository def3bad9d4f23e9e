import re
from functools import cache
from html.parser import HTMLParser

from analyzer.evidence import Evidence
from analyzer.report import html
from analyzer.report.document import compose
from tests.unit.analyzer.report.analyses import CALLERS, CAPACITY, LATENCY, analysis, figures, lengths, model

ATTACK = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;{{7*7}}"
FULL = model(latency=LATENCY, clients=CALLERS, capacity=CAPACITY)


@cache
def one_model() -> str:
    return html.render(compose(analysis({"a": FULL})))


@cache
def two_models() -> str:
    return html.render(compose(analysis({"a": FULL, "b": FULL})))


VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """What a browser would build from a page: its tags in order, and which of them were left open."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_every_tag_is_closed_where_it_was_opened() -> None:
    assert Page(two_models()).open == []


def test_the_same_report_gives_the_same_bytes() -> None:
    assert one_model() == html.render(compose(analysis({"a": FULL})))


def test_names_from_strangers_stay_text() -> None:
    strange = model(
        clients=(CALLERS[0].__class__(ATTACK, 1.0),),
        evidence=(Evidence(ATTACK, 1, 1, None, ATTACK),),
        lengths=lengths(effect=ATTACK),
    )
    page = Page(html.render(compose(analysis({ATTACK: strange, "b": strange}, set_aside={ATTACK: 1}))))
    assert page.all("script") == []
    assert page.all("img") == []
    assert not [attributes for _, attributes in page.tags if any(name.startswith("on") for name in attributes)]
    assert ATTACK in page.words
    assert "49" not in page.words


def test_a_page_needs_nothing_from_elsewhere() -> None:
    page = one_model()
    tags = Page(page)
    assert not {"script", "link", "iframe", "object", "img", "image", "use", "base"} & {name for name, _ in tags.tags}
    references = [v for _, attributes in tags.tags for k, v in attributes.items() if k in ("src", "href", "xlink:href")]
    assert all(reference is not None and reference.startswith("#") for reference in references)
    without_names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert "http:" not in without_names
    assert "https:" not in without_names
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_the_page_forbids_itself_to_load_or_run_anything() -> None:
    metas = Page(one_model()).all("meta")
    (policy,) = (meta["content"] for meta in metas if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_each_figure_is_a_picture_in_the_page_with_a_label() -> None:
    report = compose(analysis({"a": FULL, "b": FULL}))
    page = Page(two_models())
    pictures = [attributes for _, attributes in page.tags if attributes.get("role") == "img"]
    assert len(page.all("svg")) == len(page.all("figure")) == len(pictures) == len(figures(report)) == 14
    assert [picture["aria-label"] for picture in pictures] == [figure.alt for figure in figures(report)]


def test_no_id_is_used_twice_and_every_link_has_its_target() -> None:
    page = Page(two_models())
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    targets = {str(link["href"]).removeprefix("#") for link in page.all("a")}
    assert targets <= set(ids)


def test_tables_have_headers_for_rows_and_columns() -> None:
    page = Page(one_model())
    assert {head.get("scope") for head in page.all("th")} == {"row", "col"}
    assert len(page.all("caption")) == len(page.all("table"))


def test_a_number_is_not_parted_from_its_unit() -> None:
    page = one_model()
    assert "0.1\u00a0%" in page


def test_a_report_without_traffic_is_a_page_too() -> None:
    page = Page(html.render(compose(analysis({}))))
    assert page.open == []
    assert page.all("svg") == []
