"""Calls into tokenizers written in Rust, which give up on some texts in ways that Python does not expect."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def survived(call: Callable[[], T]) -> T | None:
    """What `call` returns, or None where the tokenizer gave up: its regular expressions overflow on rare texts.

    Whatever else is raised, an interruption for one, is raised on.
    """
    try:
        return call()
    except ValueError:
        return None
    except BaseException as error:
        # pyo3's PanicException derives from BaseException and cannot be imported; what a tokenizer refuses is a bare
        # Exception without a class of its own.
        if type(error) is not Exception and type(error).__name__ != "PanicException":
            raise
        return None
