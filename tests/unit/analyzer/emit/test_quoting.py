"""Text from outside cannot break out of the place that it is put into."""

import shlex
import string
import subprocess

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.emit.quoting import command, comment, escaped, kubernetes_name, shell_word, yaml_string, yaml_value

NASTY = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@given(NASTY)
@example('a"b\\c')
@example("x: {y}\n- z # w")
@example("'; rm -rf / #")
@example("\x85\u2028\ufeff\x7f\x00\U0001f600")
def test_a_yaml_string_reads_as_the_text_it_was_made_from(text: str) -> None:
    assert yaml.safe_load(f"key: {yaml_string(text)}\nnext: 1\n") == {"key": text, "next": 1}


@pytest.mark.parametrize("value", [True, False, 8192, -1, 0.9, 0.88, "on", "1", "~", ""])
def test_a_yaml_value_keeps_its_type(value: str | float | bool) -> None:
    read = yaml.safe_load(f"key: {yaml_value(value)}")["key"]
    assert read == value
    assert type(read) is type(value)


@given(NASTY)
@example("$(id) `id` 'x' \"y\" \\ \n ; & |")
def test_a_shell_word_is_one_word(text: str) -> None:
    assert shlex.split(shell_word(text)) == [text.replace("\0", "")]


@settings(max_examples=20, deadline=None)
@given(NASTY)
@example("$(echo no)\n'; echo no; '")
def test_a_real_shell_hands_the_word_on_as_it_is(text: str) -> None:
    script = f"printf %s {shell_word(text)}\n"
    done = subprocess.run(["/bin/sh"], input=script.encode(), capture_output=True, check=True)
    assert done.stdout.decode() == text.replace("\0", "")


@given(NASTY, st.sampled_from([0, 2, 10]))
@example("a\nkey: evil", 2)
@example("a\r- evil\u2028b\x85c", 0)
def test_no_text_ends_a_comment(text: str, indent: int) -> None:
    for made in (comment(text, indent), command(text, indent)):
        assert all(line.startswith(" " * indent + "#") for line in made.splitlines())
        assert yaml.safe_load(f"{made}\nkey: 1\n") == {"key": 1}


def test_a_command_stays_on_one_line() -> None:
    assert "\n" not in command("kubectl " * 50)


@given(NASTY)
def test_escaped_text_is_printable_and_on_one_line(text: str) -> None:
    assert escaped(text).isprintable()


@given(NASTY)
@example("meta-llama/Llama-3.1-8B-Instruct")
def test_a_kubernetes_name_is_a_label(text: str) -> None:
    name = kubernetes_name(text)
    assert 0 < len(name) <= 63
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-")
    assert name[0] != "-"
    assert name[-1] != "-"


def test_a_kubernetes_name_is_near_the_models_own() -> None:
    assert kubernetes_name("meta-llama/Llama-3.1-8B-Instruct") == "llama-3-1-8b-instruct"
    assert kubernetes_name("模型") == "model"
