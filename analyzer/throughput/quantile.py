"""Quantile regression with coefficients that cannot be below zero, as a linear programme."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

Floats = NDArray[np.float64]


def at_quantile(columns: Sequence[Floats], values: Floats, tau: float) -> tuple[float, ...]:
    """The combination of `columns` below which the share `tau` (0..1) of `values` lies, as nearly as it can.

    It minimises Σ τ·over + (1 - τ)·under (Koenker and Bassett, 1978) over coefficients of at least zero; columns of
    zeros get 0. A few thousand rows take some tenths of a second. Raises `ValueError` where `tau` is not inside 0..1.
    """
    if not 0 < tau < 1:
        raise ValueError(f"{tau} is no quantile between 0 and 1")
    rows = np.stack(columns, axis=1)
    largest = np.abs(rows).max(axis=0)
    largest[largest == 0] = 1.0
    count, width = rows.shape
    aside = sparse.eye(count)
    found = linprog(  # type: ignore[call-overload]  # it takes sparse matrices, which its stubs do not know
        np.concatenate([np.zeros(width), np.full(count, tau), np.full(count, 1 - tau)]),
        A_eq=sparse.hstack([sparse.csr_matrix(rows / largest), aside, -aside]),
        b_eq=values,
        bounds=(0, None),
        method="highs",
    )
    return tuple(float(each) for each in found.x[:width] / largest)
