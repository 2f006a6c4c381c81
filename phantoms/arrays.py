"""The array types that cross module borders, and how they become read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from phantoms.errors import ShapeRefusedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Floats: TypeAlias = NDArray[np.float64]
"""Real numbers: points (n, 3), vectors (3,), matrices (4, 4)."""

Hounsfields: TypeAlias = NDArray[np.int16]
"""Hounsfield units on a grid, axes (k, j, i)."""

Labels: TypeAlias = NDArray[np.uint8]
"""Label or tissue numbers on a grid, axes (k, j, i)."""


def frozen_floats(values: ArrayLike, shape: tuple[int | None, ...], name: str) -> Floats:
    """Copy numbers into a read-only float64 array of a given shape.

    Parameters
    ----------
    values : array_like
        Numbers in any unit.
    shape : tuple of int or None
        The shape wanted; None allows any length on that axis.
    name : str
        What the array is called in an error.

    Returns
    -------
    array of `shape`
        Read-only copy.

    Raises
    ------
    ShapeRefusedError
        If the shape differs or a value is not finite.

    Examples
    --------
    >>> frozen_floats([1, 2, 3], (3,), "centre_mm")
    array([1., 2., 3.])
    """
    array = np.array(values, dtype=np.float64)
    fits = array.ndim == len(shape) and all(
        wanted in (None, got) for wanted, got in zip(shape, array.shape, strict=True)
    )
    if not (fits and np.isfinite(array).all()):
        raise ShapeRefusedError(
            "The numbers have the wrong shape or are not finite",
            where=name,
            expected=f"finite numbers of shape {tuple('n' if n is None else n for n in shape)}",
            got=f"shape {array.shape}: {array.ravel()[:16].tolist()}",
            next_step="correct the value",
        )
    array.setflags(write=False)
    return array


def positive(value: float, name: str) -> float:
    """Return a number after checking that it is finite and more than zero.

    Parameters
    ----------
    value : float
        A number in any unit.
    name : str
        What it is called in an error.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ShapeRefusedError
        If it is not more than zero, or not finite.

    Examples
    --------
    >>> positive(2, "radius_mm")
    2.0
    """
    if not 0.0 < value < float("inf"):
        raise ShapeRefusedError(
            "The size is not positive",
            where=name,
            expected="a finite number more than 0",
            got=repr(value),
            next_step="correct the value",
        )
    return float(value)
