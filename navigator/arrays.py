"""The array types that cross module borders, and how they become read-only."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
"""Real numbers: points (n, 3), vectors (3,), matrices (4, 4)."""

Voxels: TypeAlias = NDArray[np.float32]
"""Hounsfield units on a grid, axes (k, j, i)."""

Labels: TypeAlias = NDArray[np.int32]
"""Integer labels on a grid, axes (k, j, i)."""

Bytes: TypeAlias = NDArray[np.uint8]
"""Membership as numbers, axes (k, j, i)."""

Booleans: TypeAlias = NDArray[np.bool_]
"""Membership on a grid, axes (k, j, i), or of rows."""


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
    ValueError
        If the shape differs or a value is not finite.

    Examples
    --------
    >>> frozen_floats([1, 2, 3], (3,), "entry_mm")
    array([1., 2., 3.])
    """
    array = np.array(values, dtype=np.float64)
    fits = array.ndim == len(shape) and all(
        wanted is None or wanted == got for wanted, got in zip(shape, array.shape, strict=False)
    )
    if not fits:
        wanted_text = tuple("n" if axis is None else axis for axis in shape)
        raise ValueError(f"{name}: expected shape {wanted_text}, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, got {array.tolist()}")
    array.setflags(write=False)
    return array


def unit_vector(values: ArrayLike, name: str) -> Floats:
    """Scale a vector to length one.

    Parameters
    ----------
    values : (3,) array_like
        Any vector longer than 1e-9 in its own unit.
    name : str
        What the vector is called in an error.

    Returns
    -------
    (3,) array
        Read-only vector of length one.

    Raises
    ------
    ValueError
        If the vector has no direction.

    Examples
    --------
    >>> unit_vector([0, 0, 5], "direction")
    array([0., 0., 1.])
    """
    array = frozen_floats(values, (3,), name)
    # a power of two loses no bit, and afterwards no square leaves float64
    _, exponent = np.frexp(np.abs(array).max())
    scaled = np.ldexp(array, -exponent)
    length = float(np.linalg.norm(scaled))
    # scaled up again only where that cannot overflow: what was scaled down is long enough
    if not np.ldexp(length, min(int(exponent), 0)) > 1e-9:
        raise ValueError(f"{name}: expected a vector with a direction, got {array.tolist()}")
    return frozen_floats(scaled / length, (3,), name)


def lengths(vectors: ArrayLike) -> Floats:
    """Measure the lengths of vectors.

    Parameters
    ----------
    vectors : (..., 3) array
        Vectors in any unit.

    Returns
    -------
    (...) array
        Lengths in the same unit.

    Examples
    --------
    >>> lengths([[3, 4, 0], [0, 0, 2]])
    array([5., 2.])
    """
    array = np.asarray(vectors, dtype=np.float64)
    measured: Floats = np.sqrt(np.einsum("...i,...i->...", array, array))
    return measured


def frozen_grid_array(values: ArrayLike, kind: DTypeLike) -> NDArray[Any]:
    """Make the values of a grid read-only.

    Parameters
    ----------
    values : (k, j, i) array_like
        Values in any unit.
    kind : dtype
        The element type wanted.

    Returns
    -------
    (k, j, i) array
        Read-only and contiguous; a copy unless the values already were all of that.
    """
    array = np.ascontiguousarray(values, dtype=kind)
    if array.flags.writeable:
        array = array.copy()
        array.setflags(write=False)
    return array
