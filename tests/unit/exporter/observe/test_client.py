import hashlib
import hmac

import pytest

from exporter.observe.client import API_KEY, Clients
from exporter.wire.events import Headers

KEY = b"a key of sixteen bytes or more"


def by_key(*headers: tuple[str, str]) -> str | None:
    return Clients(API_KEY, KEY).identify(headers)


def test_the_hash_is_the_first_half_of_an_hmac_that_anybody_with_the_key_can_recompute() -> None:
    expected = hmac.new(KEY, b"sk-123", hashlib.sha256).hexdigest()[:32]
    assert by_key(("authorization", "Bearer sk-123")) == expected


def test_another_key_gives_another_hash() -> None:
    headers = (("x-api-key", "sk-123"),)
    assert Clients(API_KEY, KEY).identify(headers) != Clients(API_KEY, KEY + b"2").identify(headers)


@pytest.mark.parametrize(
    "headers",
    [
        (("authorization", "Bearer sk-1"),),
        (("authorization", "bearer  sk-1 "),),
        (("x-api-key", "sk-1"),),
        (("api-key", "sk-1"),),
        (("authorization", "Basic dXNlcjpwYXNz"), ("x-api-key", "sk-1")),
        (("api-key", "another"), ("x-api-key", "sk-1")),
    ],
)
def test_one_api_key_has_one_hash_wherever_it_stands(headers: Headers) -> None:
    assert by_key(*headers) == by_key(("authorization", "Bearer sk-1"))


@pytest.mark.parametrize(
    "headers", [(), (("authorization", "Bearer "),), (("authorization", "Basic dXNlcg=="),), (("x-api-key", " "),)]
)
def test_a_request_without_an_api_key_has_no_client(headers: Headers) -> None:
    assert by_key(*headers) is None


def test_a_header_of_choice_tells_clients_apart_instead() -> None:
    clients = Clients("X-Team", KEY)
    both = [clients.identify((("x-team", team), ("authorization", "Bearer same"))) for team in ("red", "blue")]
    assert len(set(both)) == 2
    assert None not in both
    assert clients.identify((("authorization", "Bearer same"),)) is None


def test_a_key_that_is_not_ascii_is_hashed_as_its_bytes() -> None:
    expected = hmac.new(KEY, b"caf\xe9", hashlib.sha256).hexdigest()[:32]
    assert by_key(("x-api-key", b"caf\xe9".decode("latin-1"))) == expected


def test_the_header_of_choice_is_a_secret_like_the_credentials() -> None:
    assert Clients("X-Team", KEY).secrets == Clients(API_KEY, KEY).secrets | {"x-team"}
