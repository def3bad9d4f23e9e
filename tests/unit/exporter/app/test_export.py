"""What is exported, and how, follows from the settings; secrets come from the environment or from files."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from exporter.app import export
from exporter.errors import Unusable
from exporter.observe.trace import Trace
from exporter.settings import OtlpExport, OtlpHeader, Settings
from exporter.sinks.store import Store

BEGUN = Trace("ab" * 16, "cd" * 8, sampled=False, ours=True)


def settings(**otlp: Any) -> Settings:
    return Settings(upstream="http://engine:8000", otlp=OtlpExport(**otlp))


def test_without_an_endpoint_nothing_is_exported_and_neither_the_sdk_nor_an_exporter_is_loaded() -> None:
    script = (
        "import sys; from exporter.app import export, observer; from exporter.settings import Settings;"
        "from exporter.sinks.store import Store; given = Settings(upstream='http://engine:8000');"
        "begun = export.begin(given, Store(), export.sampling(given.otlp));"
        "assert not begun.couriers and not begun.sinks;"
        "heavy = ('opentelemetry.sdk', 'opentelemetry.exporter', 'opentelemetry.proto', 'grpc', 'google', 'requests');"
        "print([name for name in sys.modules if name.startswith(heavy)])"  # FastAPI loads OpenTelemetry's API itself
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_spans_of_our_own_are_sampled_and_without_them_the_client_alone_decides() -> None:
    assert export.sampling(OtlpExport(endpoint="http://c:4318", traces=True, sample_ratio=1.0)).keeps(BEGUN)
    assert not export.sampling(OtlpExport(endpoint="http://c:4318", traces=False)).keeps(BEGUN)
    assert not export.sampling(OtlpExport(traces=True)).keeps(BEGUN)


def test_a_header_s_value_comes_from_the_environment_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKEN_FOR_TEST", "Bearer one")
    (tmp_path / "key").write_text("two\n")
    headers = (
        OtlpHeader(name="Authorization", environment="TOKEN_FOR_TEST"),
        OtlpHeader(name="x-key", file=str(tmp_path / "key")),
    )
    assert export.header_values(headers) == {"authorization": "Bearer one", "x-key": "two"}


@pytest.mark.parametrize("content", [None, "", "  \n", "secret\nsecond line", "sécret", b"\xff"])
def test_a_header_without_a_usable_value_is_named_and_its_value_is_not(
    content: str | bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Unusable, match="the header x-key needs the file") as refused:
        export.header_values((OtlpHeader(name="x-key", file=str(file)),))
    assert "cret" not in str(refused.value)


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(Unusable, match="needs the environment variable NOBODY_SET_THIS, which holds no value"):
        export.header_values((OtlpHeader(name="x-key", environment="NOBODY_SET_THIS"),))


def test_a_missing_header_is_a_warning_and_the_sidecar_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "tokentide")
    given = settings(endpoint="http://c:4318", headers=[{"name": "x-key", "environment": "NOBODY_SET_THIS"}])
    assert not export.begin(given, Store(), export.sampling(given.otlp)).couriers
    [told] = caplog.messages
    assert told == (
        "Nothing is exported by OTLP: the header x-key needs the environment variable NOBODY_SET_THIS, "
        "which holds no value that can be sent."
    )
