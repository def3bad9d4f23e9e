"""What is exported, and how, follows from the settings; secrets come from the environment or from files."""

import logging
import subprocess
import sys
from typing import Any

import pytest

from exporter.app import export
from exporter.observe.trace import Trace
from exporter.settings import OtlpExport, Settings
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


def test_a_missing_header_is_a_warning_and_the_sidecar_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "tokentide")
    given = settings(endpoint="http://c:4318", headers=[{"name": "x-key", "environment": "NOBODY_SET_THIS"}])
    assert not export.begin(given, Store(), export.sampling(given.otlp)).couriers
    [told] = caplog.messages
    assert told == (
        "Nothing is exported by OTLP: the header x-key needs the environment variable NOBODY_SET_THIS, "
        "which holds no value that can be sent."
    )
