"""Functions as machine code."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """`function` as machine code, made when another such function first calls it."""
    made: F = numba.njit(function)
    return made


def kept(function: F) -> F:
    """The same, kept on disk beside its module or in the user's cache folder.

    Where neither can be written, as in a container with a read-only file system, every process makes it again.
    """
    try:
        made: F = numba.njit(cache=True)(function)  # type: ignore[assignment]  # numba's types forget how it is called
    except RuntimeError:  # numba found no place to keep it
        return compiled(function)
    return made
