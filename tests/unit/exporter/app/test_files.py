import resource

import pytest

from exporter.app.files import allow_files


def test_the_limit_becomes_what_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: allowed.append(limits))
    allow_files()
    assert allowed == [(4096, 4096)]


def test_where_it_may_not_be_raised_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_which: int, _limits: tuple[int, int]) -> None:
        raise ValueError("not here")

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(resource, "setrlimit", refuse)
    allow_files()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
