"""Tokenizers are pulled from a hub once, and count without one from then on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.hub import REVISION, Hub
from tests.fakes.processes import Engine, eventually, sidecar
from tests.fakes.vocabularies import chat_bpe, model_folder
from tests.fakes.web import web

pytestmark = pytest.mark.e2e


def command(folder: Path, *arguments: str, hub: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "exporter.entry", "tokenizers", *arguments, "--cache", str(folder / "cache")],
        env={**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(folder / "home"), **environment},
        input="the quick fox",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_tokenizer_is_pulled_with_its_template_and_nothing_else(tmp_path: Path) -> None:
    model = model_folder(tmp_path / "published")
    (model / "model.safetensors").write_bytes(b"weights")
    with Hub("tiny/model", {file.name: file.read_bytes() for file in model.iterdir()}) as hub:
        code, said, errors = command(tmp_path, "pull", "tiny/model", hub=hub.url)
        assert (code, errors) == (0, "")
        assert said == f"tiny/model at revision {REVISION} is in {tmp_path}/cache/tiny/model\n"
        assert set(hub.asked) == {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}
        assert command(tmp_path, "pull", "tiny/model", hub=hub.url)[0] == 0, "a second time replaces the first"
        code, said, errors = command(tmp_path, "pull", "tiny/absent", hub=hub.url)
        assert (code, said) == (2, "")
        assert "The hub has no model tiny/absent with a revision main" in errors
    there = sorted(path.name for path in (tmp_path / "cache" / "tiny" / "model").iterdir())
    assert there == ["chat_template.jinja", "tokenizer.json", "tokenizer_config.json", "tokentide.json"]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["tiny"], "nothing is left beside it"
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in (tmp_path / "cache").rglob("*")), "all may read"
    counted = command(tmp_path, "count", "--model", "Tiny/Model", hub=hub.url)
    assert counted == (0, "3 tokens, tiny/model, exact\n", "")


def test_without_a_network_pulling_says_what_to_do(tmp_path: Path) -> None:
    for environment, reason in (({}, "ConnectError"), ({"HF_HUB_OFFLINE": "1"}, "OfflineModeIsEnabled")):
        code, said, errors = command(tmp_path, "pull", "tiny/model", hub="http://127.0.0.1:9", **environment)
        assert (code, said, errors.count("\n")) == (2, "", 1)
        assert f"The tokenizer of tiny/model cannot be fetched ({reason}: " in errors
        assert "copy the model's folder and name its path" in errors


def test_what_is_no_tokenizer_is_not_kept(tmp_path: Path) -> None:
    with Hub("tiny/model", {"tokenizer.json": b"{}"}) as hub:
        code, _, errors = command(tmp_path, "pull", "tiny/model", hub=hub.url)
    assert code == 2
    assert "cannot be read" in errors
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_model_s_folder_makes_our_count_the_engine_s_and_tells_parts_and_prefixes(
    engine: Engine, tmp_path: Path
) -> None:
    model = model_folder(tmp_path / "small")
    settings = f"""
        [[tokenizers]]
        models = "small*"
        vocabulary = "{model}"
        [[tokenizers]]
        models = "lost*"
        vocabulary = "{tmp_path / "absent"}"
    """
    messages = [{"role": "system", "content": "the dog " * 600}, {"role": "user", "content": "the quick fox"}]
    rendered = "".join(f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n" for each in messages)
    whole = len(chat_bpe().encode(rendered + "<|im_start|>assistant\n", add_special_tokens=False).ids)
    with sidecar(engine.url, tmp_path, settings=settings) as running:
        for name in ("small-1", "small-1", "lost-1"):
            body = {"model": name, "messages": messages, "x_script": {"tokens": 2, "prompt_tokens": whole}}
            assert web().post(f"{running.url}/v1/chat/completions", json=body).status_code == 200
        running.settled(3)
        seen, mismatch = "tokentide_prefix_blocks_total", "tokentide_token_count_mismatch_tokens_count"
        eventually(lambda: running.metric(seen, seen="yes") == running.metric(seen, seen="no") == 2, "the blocks")
        eventually(lambda: running.metric(mismatch, side="input", sign="equal") == 2, "the comparison")
        assert running.metric(mismatch, side="input") == 2
        parts = sum(running.metric("tokentide_prompt_part_tokens_total", part=part) for part in ("system", "user"))
        assert parts == 2 * (1201 + 3) + whole
        assert running.log.count("There is no tokenizer at") == 1
        assert running.stop() == 0
    first, second, lost = running.rows()
    assert first["prefix_blocks"] == second["prefix_blocks"]
    assert (first["system_tokens"], first["user_tokens"], first["input_tokens"]) == (1201, 3, whole)
    assert (lost["input_source"], lost["prefix_blocks"]) == ("usage", None)
    assert lost["system_tokens"] + lost["user_tokens"] == whole
