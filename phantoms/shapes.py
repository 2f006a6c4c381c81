"""An algebra of shapes by signed distance: negative inside, positive outside, millimetres.

Every shape keeps two promises that the rest of the package builds on. Its zero set is its true
surface, and its value changes by at most one millimetre per millimetre (it is 1-Lipschitz). So a
value of +8 at a point proves that the shape is at least 8 mm away, and one evaluation in the
middle of a block of voxels proves the whole block empty or full. Spheres, boxes (a plate is one),
cylinders and tubes of one radius give the exact distance; ellipsoids, blends, warps, unions from
within and cuts from without give a lower bound of it.

References
----------
J. C. Hart, Sphere tracing, The Visual Computer 12 (1996), doi:10.1007/s003710050084.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from phantoms.arrays import Floats, frozen_floats, positive
from phantoms.cylinders import Cylinder
from phantoms.errors import ShapeRefusedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from phantoms.motion import Lattice

NO_STRETCH: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Superellipsoid:
    """The points with ``|x/rx|^e + |y/ry|^e + |z/rz|^e <= 1``, after a stretch along the axes.

    Parameters
    ----------
    centre_mm : (3,) array
        Centre, millimetres.
    radii_mm : (3,) array
        Half axes, millimetres.
    exponent : float
        2 is an ellipsoid; larger is squarer. At least 2.
    stretch_mm : (3,) array
        Half length of the straight part put in at the middle of each axis, millimetres: a large
        last entry makes an elliptic cylinder of it.
    """

    centre_mm: Floats
    radii_mm: Floats
    exponent: float = 2.0
    stretch_mm: Floats | tuple[float, float, float] = NO_STRETCH

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", frozen_floats(self.centre_mm, (3,), "centre_mm"))
        object.__setattr__(self, "radii_mm", frozen_floats(self.radii_mm, (3,), "radii_mm"))
        object.__setattr__(self, "stretch_mm", frozen_floats(self.stretch_mm, (3,), "stretch_mm"))
        positive(float(self.radii_mm.min()), "Superellipsoid.radii_mm")
        if not self.exponent >= 2.0:
            raise ShapeRefusedError(
                "The exponent is too small for a bounded distance",
                where="Superellipsoid.exponent",
                expected="at least 2",
                got=repr(self.exponent),
                next_step="use 2 for an ellipsoid",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundedBox:
    """A box along the axes with rounded edges.

    Parameters
    ----------
    centre_mm, half_extent_mm : (3,) array
        Centre and half edge lengths, rounding included, millimetres.
    edge_radius_mm : float
        Radius of the edges, at most the least half extent, millimetres.
    """

    centre_mm: Floats
    half_extent_mm: Floats
    edge_radius_mm: float = 0.0

    def __post_init__(self) -> None:
        half = frozen_floats(self.half_extent_mm, (3,), "half_extent_mm")
        object.__setattr__(self, "half_extent_mm", half)
        object.__setattr__(self, "centre_mm", frozen_floats(self.centre_mm, (3,), "centre_mm"))
        least = positive(float(half.min()), "RoundedBox.half_extent_mm")
        if not 0.0 <= self.edge_radius_mm <= least:
            raise ShapeRefusedError(
                "The edge radius does not fit the box",
                where="RoundedBox.edge_radius_mm",
                expected=f"0 to {least}",
                got=repr(self.edge_radius_mm),
                next_step="make the edges sharper or the box thicker",
            )


@dataclass(frozen=True, slots=True)
class Tube:
    """A round tube along a polyline, its radius running evenly from point to point.

    Parameters
    ----------
    points_mm : (n, 3) array
        Corners of the middle line, n >= 2, millimetres.
    radii_mm : (n,) array
        Radius at each corner, millimetres.
    """

    points_mm: Floats
    radii_mm: Floats

    def __post_init__(self) -> None:
        points = frozen_floats(self.points_mm, (None, 3), "Tube.points_mm")
        object.__setattr__(self, "points_mm", points)
        radii = frozen_floats(self.radii_mm, (len(points),), "Tube.radii_mm")
        object.__setattr__(self, "radii_mm", radii)
        positive(float(radii.min()), "Tube.radii_mm")
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        positive(float(steps.min()) if len(steps) else 0.0, "Tube: least step between points")


@dataclass(frozen=True, slots=True)
class HalfSpace:
    """All points on one side of a plane.

    Parameters
    ----------
    point_mm : (3,) array
        A point of the plane, millimetres.
    normal : (3,) array
        Direction out of the half-space, any length but zero.
    """

    point_mm: Floats
    normal: Floats

    def __post_init__(self) -> None:
        normal = frozen_floats(self.normal, (3,), "HalfSpace.normal")
        length = positive(float(np.linalg.norm(normal)), "HalfSpace.normal")
        object.__setattr__(self, "normal", frozen_floats(normal / length, (3,), "normal"))
        object.__setattr__(self, "point_mm", frozen_floats(self.point_mm, (3,), "point_mm"))


@dataclass(frozen=True, slots=True)
class Union:
    """What lies in any of the parts, joined with a fillet of `blend_mm` (0: sharp)."""

    parts: tuple[Shape, ...]
    blend_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Intersection:
    """What lies in all of the parts, edges rounded over `blend_mm` (0: sharp)."""

    parts: tuple[Shape, ...]
    blend_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Cut:
    """What lies in `body` and not in `tool`, edges rounded over `blend_mm` (0: sharp)."""

    body: Shape
    tool: Shape
    blend_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Offset:
    """A shape grown by `grow_mm` (shrunk where negative)."""

    body: Shape
    grow_mm: float


@dataclass(frozen=True, slots=True)
class Affine:
    """A shape carried by a matrix.

    Parameters
    ----------
    body : Shape
        The shape in its source frame.
    target_from_source : (4, 4) array
        Invertible affine map, millimetres.
    """

    body: Shape
    target_from_source: Floats

    def __post_init__(self) -> None:
        matrix = frozen_floats(self.target_from_source, (4, 4), "Affine.target_from_source")
        volume_ratio = abs(float(np.linalg.det(matrix[:3, :3])))
        positive(volume_ratio if volume_ratio > 1e-12 else 0.0, "Affine: volume ratio")
        object.__setattr__(self, "target_from_source", matrix)


@dataclass(frozen=True, slots=True)
class Warp:
    """A shape carried by a free-form displacement.

    Parameters
    ----------
    body : Shape
        The shape in its source frame.
    lattice : Lattice
        Leads back from the target to the source, millimetres.
    """

    body: Shape
    lattice: Lattice


Primitive: TypeAlias = Superellipsoid | RoundedBox | Tube | Cylinder | HalfSpace
"""A shape that is made of no other."""

Shape: TypeAlias = Primitive | Union | Intersection | Cut | Offset | Affine | Warp
"""Any shape of the algebra."""


def sphere(centre_mm: ArrayLike, radius_mm: float) -> Superellipsoid:
    """Build a sphere; its signed distance is exact.

    Parameters
    ----------
    centre_mm : (3,) array
        Centre, millimetres.
    radius_mm : float
        Radius, millimetres.

    Returns
    -------
    Superellipsoid
        With three equal radii.

    Examples
    --------
    >>> sphere([1, 2, 3], 5.0).radii_mm
    array([5., 5., 5.])
    """
    return ellipsoid(centre_mm, (radius_mm, radius_mm, radius_mm))


def ellipsoid(centre_mm: ArrayLike, radii_mm: ArrayLike) -> Superellipsoid:
    """Build an ellipsoid along the axes.

    Parameters
    ----------
    centre_mm, radii_mm : (3,) array
        Centre and half axes, millimetres.

    Returns
    -------
    Superellipsoid
        With exponent 2.
    """
    return Superellipsoid(
        centre_mm=frozen_floats(centre_mm, (3,), "centre_mm"),
        radii_mm=frozen_floats(radii_mm, (3,), "radii_mm"),
    )


def capsule(start_mm: ArrayLike, end_mm: ArrayLike, radius_mm: float) -> Tube:
    """Build all points within a radius of a segment; its signed distance is exact.

    Parameters
    ----------
    start_mm, end_mm : (3,) array
        Ends of the segment, millimetres.
    radius_mm : float
        Radius, millimetres.

    Returns
    -------
    Tube
        With two points.
    """
    points = frozen_floats(np.array([start_mm, end_mm]), (2, 3), "capsule")
    return Tube(points, frozen_floats([radius_mm, radius_mm], (2,), "radius_mm"))


def taper_slope(tube: Tube) -> float:
    """Find how fast a tapered tube's value would change, against the distance: 1 or a little more.

    Examples
    --------
    >>> taper_slope(Tube(np.array([[0.0, 0, 0], [0, 0, 4]]), np.array([1.0, 4.0])))
    1.25
    """
    steps = np.linalg.norm(np.diff(tube.points_mm, axis=0), axis=1)
    return float(np.hypot(1.0, np.abs(np.diff(tube.radii_mm) / steps).max()))
