"""Runs a check under atheris, guided by coverage, from seeds and with a dictionary."""

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import atheris

from tests.fuzz.grammar import pieces

_EVERY_BYTE = 15


def reads(data: bytes) -> tuple[int, list[bytes]]:
    """What an input means: a number to choose by, and a stream cut into reads.

    The first byte is the number, the second says how many cuts follow (15: after every byte), two bytes each.
    """
    choice, cuts = (*data[:2], 0, 0)[:2]
    count = cuts & 15
    if count == _EVERY_BYTE:
        stream = data[2:]
        return choice, pieces(stream, range(len(stream)))
    at = [int.from_bytes(data[start : start + 2], "big") for start in range(2, 2 + 2 * count, 2)]
    return choice, pieces(data[2 + 2 * count :], at)


def seed(choice: int, stream: bytes, *, every_byte: bool = False) -> bytes:
    """The input that means this stream, in one read or byte by byte."""
    return bytes([choice, _EVERY_BYTE if every_byte else 0]) + stream


def run(check: Callable[[bytes], None], seeds: Iterable[bytes], words: Sequence[bytes]) -> None:
    """Fuzzes with the arguments of the command line (those of libFuzzer); ends the process."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for each in seeds:
            (corpus / hashlib.sha256(each).hexdigest()).write_bytes(each)
        dictionary = Path(folder, "words")
        dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in words if word))
        atheris.Setup([*sys.argv, f"-dict={dictionary}", "-max_len=4096", "-timeout=10", str(corpus)], check)
        atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)
