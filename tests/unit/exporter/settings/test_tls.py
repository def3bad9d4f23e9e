import pytest
from pydantic import ValidationError

from exporter.settings.tls import ListenerTls, UpstreamTls


def test_there_is_no_tls_unless_asked_for() -> None:
    assert (ListenerTls().certificate, UpstreamTls().ca, UpstreamTls().certificate) == ("", "", "")


def test_a_misspelt_key_is_a_mistake() -> None:
    with pytest.raises(ValidationError):
        ListenerTls.model_validate({"certificat": "x"})
