"""The array types that cross module borders, and how they become read-only."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
"""Real numbers: points (n, 3), rings (n, 2), vectors (3,)."""

Indices: TypeAlias = NDArray[np.int64]
"""Rows of other arrays: triangles (t, 3), rings (n,)."""

Booleans: TypeAlias = NDArray[np.bool_]
"""Membership of rows."""


def read_only(values: ArrayLike) -> Floats:
    """Copy numbers into a read-only array.

    Parameters
    ----------
    values : (...) array_like
        Numbers in any unit.

    Returns
    -------
    (...) array
        Read-only float64 copy.

    Raises
    ------
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> read_only([1, 2]).flags.writeable
    False
    """
    array = np.array(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"expected finite numbers, got {array.tolist()}")
    array.setflags(write=False)
    return array
