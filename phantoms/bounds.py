"""Boxes along the axes that hold shapes: painting touches nothing outside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.cylinders import Cylinder
from phantoms.motion import moved_points
from phantoms.motion.lattice import displacement_range_mm
from phantoms.shapes import (
    Affine,
    Cut,
    HalfSpace,
    Intersection,
    Offset,
    Primitive,
    RoundedBox,
    Superellipsoid,
    Tube,
    Union,
    Warp,
    taper_slope,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from phantoms.arrays import Floats
    from phantoms.shapes import Shape

EVERYWHERE = np.array([[-np.inf] * 3, [np.inf] * 3])


def bounds_mm(shape: Shape, grow_mm: float = 0.0) -> Floats:
    """Find a box along the axes that holds all points where the shape's value is small.

    Parameters
    ----------
    shape : Shape
        The shape.
    grow_mm : float
        The box holds every point with a value up to this one; 0 is the shape itself.

    Returns
    -------
    (2, 3) array
        Lowest and highest corner, millimetres; infinite for half-spaces.

    Examples
    --------
    >>> from phantoms.shapes import sphere
    >>> bounds_mm(sphere([1, 2, 3], 5.0)).tolist()
    [[-4.0, -3.0, -2.0], [6.0, 7.0, 8.0]]
    """
    match shape:
        case Union():
            # each fillet lowers the value by at most a quarter of its width
            swell = grow_mm + 0.25 * shape.blend_mm * (len(shape.parts) - 1)
            boxes = np.array([bounds_mm(part, swell) for part in shape.parts])
            return np.array([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])
        case Intersection():
            boxes = np.array([bounds_mm(part, grow_mm) for part in shape.parts])
            return np.array([boxes[:, 0].max(axis=0), boxes[:, 1].min(axis=0)])
        case Cut():
            return bounds_mm(shape.body, grow_mm)
        case Offset():
            return bounds_mm(shape.body, grow_mm + shape.grow_mm)
        case Affine() | Warp():
            return _carried_bounds(shape, grow_mm)
        case _:
            return _primitive_bounds(shape, grow_mm)


def _carried_bounds(shape: Affine | Warp, grow_mm: float) -> Floats:
    if isinstance(shape, Affine):
        stretch = float(np.linalg.norm(np.linalg.inv(shape.target_from_source[:3, :3]), ord=2))
        return box_around(shape.target_from_source, bounds_mm(shape.body, grow_mm * stretch))
    box = bounds_mm(shape.body, grow_mm * shape.lattice.stretch_factor)
    return box + displacement_range_mm(shape.lattice, box)


def _primitive_bounds(shape: Primitive, grow_mm: float) -> Floats:
    match shape:
        case Superellipsoid():
            # the value is (norm - 1) times the least radius
            swell = max(1.0 + grow_mm / float(shape.radii_mm.min()), 0.0)
            reach = shape.radii_mm * swell + shape.stretch_mm
            return np.array([shape.centre_mm - reach, shape.centre_mm + reach])
        case RoundedBox():
            reach = np.maximum(shape.half_extent_mm + grow_mm, 0.0)
            return np.array([shape.centre_mm - reach, shape.centre_mm + reach])
        case Tube():
            radii = np.maximum(shape.radii_mm + grow_mm * taper_slope(shape), 0.0)[:, None]
            low = (shape.points_mm - radii).min(axis=0)
            return np.array([low, (shape.points_mm + radii).max(axis=0)])
        case Cylinder():
            ends = np.array([shape.start_mm, shape.end_mm])
            along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
            reach = shape.radius_mm * np.sqrt(np.maximum(1.0 - along**2, 0.0)) + max(grow_mm, 0.0)
            return np.array([ends.min(axis=0) - reach, ends.max(axis=0) + reach])
        case HalfSpace():
            return EVERYWHERE.copy()


def box_around(target_from_source: ArrayLike, box_mm: Floats) -> Floats:
    """Find the box along the target's axes that holds a box of the source.

    Parameters
    ----------
    target_from_source : (4, 4) array
        Affine map, millimetres.
    box_mm : (2, 3) array
        Lowest and highest corner, millimetres, source frame.

    Returns
    -------
    (2, 3) array
        Lowest and highest corner, millimetres, target frame.

    Examples
    --------
    >>> box_around(np.diag([2.0, 1.0, 1.0, 1.0]), np.array([[0.0, 0, 0], [1, 1, 1]])).tolist()
    [[0.0, 0.0, 0.0], [2.0, 1.0, 1.0]]
    """
    if not np.isfinite(box_mm).all():
        return EVERYWHERE.copy()
    picks = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    corners = moved_points(target_from_source, box_mm[picks, [0, 1, 2]])
    return np.array([corners.min(axis=0), corners.max(axis=0)])
