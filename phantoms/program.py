"""Shapes written out as a flat program that the kernels run.

A program is a list of steps for a stack of distances: primitives push one, operations replace two
by one. Affine maps are folded into the primitives and into the warps inside them, so only a warp
changes the point: its ENTER puts it aside and leads it back, its LEAVE takes it up again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from phantoms import _kernels
from phantoms.cylinders import Cylinder
from phantoms.errors import ShapeRefusedError
from phantoms.motion.lattice import lattice_numbers
from phantoms.shapes import (
    Affine,
    Cut,
    HalfSpace,
    Intersection,
    Offset,
    Primitive,
    RoundedBox,
    Shape,
    Superellipsoid,
    Tube,
    Union,
    Warp,
    taper_slope,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from phantoms.arrays import Floats
    from phantoms.motion import Lattice

Field: TypeAlias = "Callable[[ArrayLike], Floats]"
"""A shape ready to be asked for the signed distances (n,) of points (n, 3), millimetres."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shape stands while it is written out.

    Parameters
    ----------
    source_from_target : (4, 4) array
        Maps points of the scan to the shape's own frame, millimetres.
    scale : float
        The least factor by which the way back stretches lengths: keeps distances lower bounds.
    """

    source_from_target: Floats
    scale: float


@dataclass(slots=True)
class Writer:
    """Collects the steps of a program."""

    steps: list[tuple[int, int, int]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    lattices: dict[Lattice, int] = field(default_factory=dict)
    places: dict[bytes, int] = field(default_factory=dict)

    def add(self, step: int, values: ArrayLike, *, count: int = 0) -> None:
        """Append one step with its numbers, an array (n,) or (n, m) written row by row."""
        self.steps.append((step, len(self.values), count))
        self.values.extend(np.asarray(values, dtype=np.float64).ravel().tolist())

    def add_primitive(self, step: int, place: Place, values: ArrayLike, *, count: int = 0) -> None:
        """Append a primitive: its place, its scale, then its own numbers (n,) or (n, m)."""
        head = np.append(place.source_from_target[:3].ravel(), place.scale)
        self.add(step, np.concatenate([head, np.asarray(values).ravel()]), count=count)

    def place_of(self, lattice: Lattice) -> int:
        """Write a lattice out where none of its kind stands yet; returns where it starts."""
        if lattice not in self.lattices:
            self.lattices[lattice] = len(self.values)
            self.values.extend(lattice_numbers(lattice).tolist())
        return self.lattices[lattice]

    def add_warp(self, place: Place, lattice: Lattice) -> None:
        """Append the step into a warp; warps alike share their numbers, and are known by them."""
        start = self.place_of(lattice)
        numbers = place.source_from_target[:3].ravel()
        first = self.places.setdefault(numbers.tobytes(), len(self.values))
        if first == len(self.values):
            self.values.extend(numbers.tolist())
        self.steps.append((_kernels.ENTER, first, start))

    def finished(self) -> _kernels.Program:
        """Return the program as arrays."""
        steps = np.array(self.steps, dtype=np.int64).reshape(-1, 3)
        return _kernels.Program(steps, np.array(self.values, dtype=np.float64))


def write_alone(shape: Shape, writer: Writer) -> None:
    """Append a shape that stands alone in the program, as it lies.

    Parameters
    ----------
    shape : Shape
        What to write.
    writer : Writer
        Receives the steps.

    Raises
    ------
    ShapeRefusedError
        If it is nested deeper than the kernels have room for.
    """
    first = len(writer.steps)
    write_shape(shape, writer, Place(np.eye(4), 1.0))
    kinds = np.array([kind for kind, _, _ in writer.steps[first:]])
    pushes = (kinds < _kernels.NEGATE) * 1
    pushes -= (kinds == _kernels.MINIMUM) | (kinds == _kernels.MAXIMUM)
    enters = (kinds == _kernels.ENTER) * 1 - (kinds == _kernels.LEAVE)
    for depth, room in ((pushes, _kernels.STACK), (enters, _kernels.WARPS)):
        if np.cumsum(depth).max() > room:
            raise ShapeRefusedError(
                "The shape is nested too deeply",
                where="the shape",
                expected=f"at most {_kernels.STACK} shapes or {_kernels.WARPS} warps waiting",
                got=str(np.cumsum(depth).max()),
                next_step="join many parts in one Union",
            )


def write_shape(shape: Shape, writer: Writer, place: Place) -> None:
    """Append the steps of a shape to a program.

    Parameters
    ----------
    shape : Shape
        What to write.
    writer : Writer
        Receives the steps.
    place : Place
        Where the shape stands.
    """
    match shape:
        case Affine():
            write_shape(shape.body, writer, placed_in(shape.target_from_source, place))
        case Union():
            _write_joined(shape.parts, shape.blend_mm, _kernels.MINIMUM, writer, place)
        case Intersection():
            _write_joined(shape.parts, shape.blend_mm, _kernels.MAXIMUM, writer, place)
        case Cut():
            write_shape(shape.body, writer, place)
            write_shape(shape.tool, writer, place)
            writer.add(_kernels.NEGATE, [])
            writer.add(_kernels.MAXIMUM, [shape.blend_mm * place.scale])
        case Offset():
            write_shape(shape.body, writer, place)
            writer.add(_kernels.ADD, [-shape.grow_mm * place.scale])
        case Warp():
            writer.add_warp(place, shape.lattice)
            write_shape(
                shape.body, writer, Place(np.eye(4), place.scale / shape.lattice.stretch_factor)
            )
            writer.add(_kernels.LEAVE, [])
        case _:
            _write_primitive(shape, writer, place)


def placed_in(target_from_source: Floats, place: Place) -> Place:
    """Chain an affine map (4, 4), millimetres, onto a place."""
    inverse = np.linalg.inv(target_from_source)
    stretch = float(np.linalg.norm(inverse[:3, :3], ord=2))
    is_rigid = abs(stretch - 1.0) < 1e-12
    scale = place.scale if is_rigid else place.scale / stretch
    return Place(inverse @ place.source_from_target, scale)


def _write_joined(
    parts: tuple[Shape, ...], blend_mm: float, step: int, writer: Writer, place: Place
) -> None:
    for position, part in enumerate(parts):
        write_shape(part, writer, place)
        if position:
            writer.add(step, [blend_mm * place.scale])


def _write_primitive(shape: Primitive, writer: Writer, place: Place) -> None:
    match shape:
        case Superellipsoid():
            sizes = np.concatenate([shape.radii_mm, [shape.exponent], shape.stretch_mm])
            writer.add_primitive(_kernels.SUPERELLIPSOID, _moved_to(shape.centre_mm, place), sizes)
        case RoundedBox():
            sizes = np.append(shape.half_extent_mm - shape.edge_radius_mm, shape.edge_radius_mm)
            writer.add_primitive(_kernels.BOX, _moved_to(shape.centre_mm, place), sizes)
        case Tube():
            narrowed = Place(place.source_from_target, place.scale / taper_slope(shape))
            corners = np.column_stack([shape.points_mm, shape.radii_mm])
            writer.add_primitive(_kernels.TUBE, narrowed, corners, count=len(corners))
        case Cylinder():
            along = shape.end_mm - shape.start_mm
            length = float(np.linalg.norm(along))
            middle = 0.5 * (shape.start_mm + shape.end_mm)
            sizes = np.array([*middle, *along / length, 0.5 * length, shape.radius_mm])
            writer.add_primitive(_kernels.CYLINDER, place, sizes)
        case HalfSpace():
            offset = float(shape.normal @ shape.point_mm)
            writer.add_primitive(_kernels.HALF_SPACE, place, np.append(shape.normal, offset))


def _moved_to(centre_mm: Floats, place: Place) -> Place:
    shifted = place.source_from_target.copy()
    shifted[:3, 3] -= centre_mm
    return Place(shifted, place.scale)


def program_of(shape: Shape, target_from_source: ArrayLike | None = None) -> _kernels.Program:
    """Write a shape out as a program.

    Parameters
    ----------
    shape : Shape
        The shape.
    target_from_source : (4, 4) array, optional
        Where to put it, millimetres; in place if left out.

    Returns
    -------
    Program
        For :func:`phantoms._kernels.distances`.
    """
    writer = Writer()
    placed = shape if target_from_source is None else Affine(shape, np.array(target_from_source))
    write_alone(placed, writer)
    return writer.finished()


def distance_field(shape: Shape) -> Field:
    """Prepare a shape for many questions.

    Parameters
    ----------
    shape : Shape
        The shape.

    Returns
    -------
    callable
        Takes (n, 3) points in the shape's frame and returns (n,) signed distances, millimetres.
    """
    program = program_of(shape)

    def distances_mm(points_mm: ArrayLike) -> Floats:
        points = np.ascontiguousarray(points_mm, dtype=np.float64).reshape(-1, 3)
        measured: Floats = _kernels.distances(program, points)
        return measured

    return distances_mm


def signed_distance_mm(shape: Shape, points_mm: ArrayLike) -> Floats:
    """Measure the signed distance of points to a shape's surface.

    Parameters
    ----------
    shape : Shape
        The shape.
    points_mm : (n, 3) array
        Points in the shape's frame, millimetres.

    Returns
    -------
    (n,) array
        Millimetres, negative inside; its magnitude never exceeds the true distance.

    Examples
    --------
    >>> from phantoms.shapes import sphere
    >>> signed_distance_mm(sphere([0, 0, 0], 5.0), [[0, 0, 0], [0, 3, 4], [0, 0, 7]])
    array([-5.,  0.,  2.])
    """
    return distance_field(shape)(points_mm)
