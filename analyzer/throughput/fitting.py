"""Step times fitted to measured or computed ones by non-negative least squares of the relative error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients in the order of the columns, none below zero, and how far the fit is off at its own points.

    `max_error` and `median_error` are shares of the value (0.05: 5 %). `condition` is the condition number of the
    weighted columns, each scaled to length one: near 1 they are told apart well, above 30 hardly.
    """

    coefficients: tuple[float, ...]
    max_error: float
    median_error: float
    condition: float


def fitted(columns: Sequence[Floats], ms: Floats, weights: Floats | None = None, known: Floats | None = None) -> Fit:
    """The non-negative combination of `columns` that is nearest to `ms` in the mean square of the relative error.

    All are of one length; `ms` are milliseconds above zero, `weights` say for how many measurements each row stands,
    `known` is the part of each time that comes from elsewhere. Columns of zeros get the coefficient 0. Raises
    `ValueError` without any row.
    """
    if not len(ms):
        raise ValueError("there is nothing to fit")
    elsewhere = np.zeros_like(ms) if known is None else known
    share = (np.ones_like(ms) if weights is None else np.sqrt(weights)) / ms
    rows = np.stack(columns, axis=1)
    scaled = rows * share[:, None]
    lengths = np.linalg.norm(scaled, axis=0)
    lengths[lengths == 0] = 1.0
    found, _ = nnls(scaled / lengths, (ms - elsewhere) * share)
    coefficients = found / lengths
    off = np.abs((rows @ coefficients + elsewhere) / ms - 1)
    return Fit(
        coefficients=tuple(float(each) for each in coefficients),
        max_error=float(off.max()),
        median_error=float(np.median(off)),
        condition=float(np.linalg.cond(scaled / lengths)),
    )


def prefill(isl: Floats, ms: Floats) -> Fit:
    """a0, a1, a2 of T_pre(isl) = a0 + a1·isl + a2·isl², from the times of single prompts."""
    return fitted((np.ones_like(isl), isl, isl**2), ms)


def decode(
    batch: Floats, kv_tokens: Floats, ms: Floats, weights: Floats | None = None, known: Floats | None = None
) -> Fit:
    """b0, b1, b2 of T_dec(B, K) = b0 + b1·B + b2·K, where K are the cached tokens of all B requests together."""
    return fitted((np.ones_like(batch), batch, kv_tokens), ms, weights, known)
