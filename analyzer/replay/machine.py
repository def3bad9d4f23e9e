"""Functions as machine code."""

import pickle
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
    """The same for Python, kept on disk: in `NUMBA_CACHE_DIR`, beside its module, or in the user's cache folder.

    The first of them that can be written is taken. Where none can, as in a container with a read-only file system, or
    what is kept there cannot be read or written after all, every process makes it again without a word.
    """
    try:
        made: Any = numba.njit(error_model="numpy", cache=True)(function)
    except RuntimeError:  # numba found no place to keep it
        made = numba.njit(error_model="numpy")(function)
    else:
        made._cache = Quiet(made._cache)  # noqa: SLF001  numba has no other way to go on where its cache fails
    found: F = made
    return found


class Quiet:
    """A cache of machine code of which nothing is asked but speed: what fails in it is as if nothing were kept."""

    def __init__(self, cache: Any) -> None:
        """`cache` is numba's own."""
        self._cache = cache

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The machine code for a signature, `None` where none is kept or it cannot be read."""
        try:
            return self._cache.load_overload(signature, target)
        except (OSError, EOFError, pickle.UnpicklingError):  # another user's file, or half of one
            return None

    def save_overload(self, signature: Any, made: Any) -> None:
        """Keep machine code, if it can be."""
        try:
            self._cache.save_overload(signature, made)
        except (OSError, EOFError, pickle.UnpicklingError):  # no space left, or read-only since it was found
            return

    def __getattr__(self, name: str) -> Any:
        """All else is that of numba's cache."""
        return getattr(self._cache, name)
