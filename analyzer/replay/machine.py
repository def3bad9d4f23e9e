"""Functions as machine code."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """`function` as machine code for other such functions only, made when the first of them is."""
    # what lets Python call it would take a third of the time to make it, and nobody divides by zero
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    made: F = numba.njit(error_model="numpy", **options)(function)  # type: ignore[call-overload]  # not in its types
    return made


def kept(function: F) -> F:
    """The same for Python, kept on disk beside its module or in the user's cache folder.

    Where neither can be written, as in a container with a read-only file system, every process makes it again.
    """
    try:
        made: F = numba.njit(error_model="numpy", cache=True)(function)  # type: ignore[assignment]  # its types forget how it is called
    except RuntimeError:  # numba found no place to keep it
        made = numba.njit(error_model="numpy")(function)  # type: ignore[assignment]  # its types forget how it is called
    return made
