"""Who asked is known to the analyzer by a hash, and to nobody by a key."""

import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.cli import main as analyzer
from tests.e2e.test_fail_open import QUICK
from tests.fakes.processes import Engine, sidecar
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

KEY = "a-secret-of-thirty-two-characters"


def hashed(said: str) -> str:
    return hmac.new(KEY.encode(), said.encode(), hashlib.sha256).hexdigest()[:32]


def ask(url: str, **headers: str) -> None:
    body = {"model": "gpt-4o", "stream": True, "x_script": QUICK, "messages": [{"role": "user", "content": "apple"}]}
    assert web().post(f"{url}/v1/chat/completions", json=body, headers=headers).status_code == 200


@pytest.mark.parametrize("source", ["api_key", "x-team"])
def test_the_analyzer_tells_the_shares_of_clients(engine: Engine, tmp_path: Path, source: str) -> None:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    key.chmod(0o600)
    settings = f'client_id = "{source}"\nclient_key_file = "{key}"\n'
    with sidecar(engine.url, tmp_path, settings=settings) as relay:
        for _ in range(3):
            ask(relay.url, authorization="Bearer zirconquilt", **{"x-team": "vexhalberd"})
        ask(relay.url, **{"x-api-key": "quohogmist", "x-team": "jaspervellum"})
        ask(relay.url)
        relay.settled(5)
        assert relay.stop() == 0
        assert {row["client_id"] for row in relay.rows()} == {
            None,
            hashed("zirconquilt" if source == "api_key" else "vexhalberd"),
            hashed("quohogmist" if source == "api_key" else "jaspervellum"),
        }
    target = tmp_path / "analysis.json"
    analyzer(["analyze", str(tmp_path / "records"), "--all", "--out", str(target)])
    [model] = json.loads(target.read_text())["models"].values()
    [first, second] = model["clients"]
    assert first == {"client_id": hashed("zirconquilt" if source == "api_key" else "vexhalberd"), "share": 0.6}
    assert second["share"] == 0.2


def test_client_ids_without_a_key_are_a_mistake_in_the_settings(engine: Engine, tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("tokentide-exporter"))
    settings = tmp_path / "settings.toml"

    def said(text: str) -> tuple[int, str]:
        settings.write_text(
            f'upstream = "{engine.url}"\nrecords = "{tmp_path / "records"}"\nclient_id = "api_key"\n{text}'
        )
        command = [program, "serve", "--settings", str(settings), "--listen", "127.0.0.1:0"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        return done.returncode, done.stderr

    status, lines = said("")
    assert (status, "`client_id` needs the secret key of its hash in `client_key_file`" in lines) == (2, True)
    status, lines = said(f'client_key_file = "{tmp_path / "nowhere"}"\n')
    assert (status, "correct `client_key_file`" in lines) == (2, True)
