"""Shapes carried along motions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.motion import Lattice, Motion
from phantoms.shapes import Affine, Shape, Warp

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def carried_shape(shape: Shape, motion: ArrayLike | Motion) -> Shape:
    """Carry a shape along a motion.

    Parameters
    ----------
    shape : Shape
        The shape in the source.
    motion : (4, 4) array or Motion
        From source to target, millimetres; a matrix alone may be any affine one.

    Returns
    -------
    Shape
        The shape in the target.

    Examples
    --------
    >>> from phantoms.shapes import sphere
    >>> carried_shape(sphere([0, 0, 0], 2.0), np.eye(4)).body.radii_mm
    array([2., 2., 2.])
    """
    for step in motion.steps if isinstance(motion, Motion) else (np.asarray(motion),):
        shape = Warp(shape, step) if isinstance(step, Lattice) else Affine(shape, step)
    return shape
