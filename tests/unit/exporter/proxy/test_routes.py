import pytest

from exporter.proxy.relay import address
from exporter.proxy.routes import Route, Routes, Rule, model
from exporter.proxy.upstream import Pool
from exporter.wire.http1 import RequestHead, request_head


def route(name: str, prefix: bytes = b"", models: tuple[str, ...] = (), url: str = "http://e") -> Route:
    return Route(name, Rule(prefix, models), Pool(address(url), keepalive=4.0, connect_timeout=1.0, tls=None))


def asking(path: bytes, *, body: bytes = b"Content-Length: 2") -> RequestHead:
    return request_head(b"POST " + path + b" HTTP/1.1\r\nHost: h\r\n" + body)


def test_a_single_engine_gets_everything() -> None:
    only = route("only")
    assert Routes((only,)).for_head(asking(b"/whatever")) is only


@pytest.mark.parametrize(
    ("path", "name", "asked"),
    [
        (b"/a", "a", b"/"),
        (b"/a/v1/x", "a", b"/v1/x"),
        (b"/a?x=1", "a", b"/?x=1"),
        (b"/ab/v1/x", "rest", b"/ab/v1/x"),
        (b"/", "rest", b"/"),
    ],
)
def test_a_prefix_chooses_the_engine_and_is_not_passed_on(path: bytes, name: str, asked: bytes) -> None:
    routes = Routes((route("a", b"/a"), route("rest")))
    found = routes.for_head(asking(path))
    assert found is not None
    assert (found.name, found.target(path)) == (name, asked)


def test_the_engines_own_prefix_goes_before_the_path() -> None:
    assert route("a", b"/a", url="http://e/base").target(b"/a/v1/x") == b"/base/v1/x"
    assert route("a", url="http://e/base").target(b"*") == b"*"


def test_without_a_rule_that_fits_there_is_no_engine() -> None:
    routes = Routes((route("a", b"/a"),))
    assert routes.for_head(asking(b"/b")) is None
    assert not routes.needs_body(asking(b"/b"))


def test_the_model_in_the_body_chooses_the_engine() -> None:
    routes = Routes((route("llama", models=("llama-*",)), route("qwen", models=("qwen*", "Qwen/*")), route("rest")))
    head = asking(b"/v1/chat/completions")
    assert routes.for_head(head) is None
    assert routes.needs_body(head)
    for name, expected in (("llama-3", "llama"), ("Qwen/Qwen3-8B", "qwen"), ("gpt", "rest")):
        found = routes.for_body(head, b'{"model": "%b"}' % name.encode())
        assert found is not None
        assert found.name == expected


def test_a_request_without_body_goes_to_the_first_engine_of_its_path() -> None:
    routes = Routes((route("llama", models=("llama-*",)), route("rest")))
    found = routes.for_head(request_head(b"GET /v1/models HTTP/1.1\r\nHost: h"))
    assert found is not None
    assert found.name == "llama"


def test_a_model_that_no_engine_serves_has_none() -> None:
    routes = Routes((route("llama", models=("llama-*",)),))
    assert routes.for_body(asking(b"/v1/x"), b'{"model": "gpt"}') is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": 3}', b"\xff"])
def test_a_body_that_names_no_model_has_none(body: bytes) -> None:
    assert model(asking(b"/"), body) is None


def test_a_chunked_body_is_read_without_its_framing() -> None:
    head = asking(b"/", body=b"Transfer-Encoding: chunked")
    assert model(head, b'e\r\n{"model": "a"}\r\n0\r\n\r\n') == "a"
    assert model(head, b"zz\r\n") is None


@pytest.mark.parametrize("path", [b"/a/../b/v1/x", b"/a/%2e%2E/b", b"/a/..%2fb?x=1", b"/a/..\\b", b"/a/.."])
def test_a_path_that_would_climb_out_of_its_prefix_has_no_engine(path: bytes) -> None:
    for routes in (Routes((route("a", b"/a"), route("rest"))), Routes((route("only", url="http://gateway/team-a"),))):
        assert routes.for_head(asking(path)) is None
        assert not routes.needs_body(asking(path))
    assert Routes((route("only"),)).for_head(asking(path)) is not None


def test_dots_that_climb_nowhere_are_left_alone() -> None:
    routes = Routes((route("a", b"/a"),))
    for path in (b"/a/v1..x", b"/a/model%2Fname", b"/a/v1?x=/../y"):
        assert routes.for_head(asking(path)) is not None
