"""Chains of rigid motions and lattices, and points carried along them in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from phantoms import _motion_kernels
from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import MotionRefusedError, PhantomError
from phantoms.motion.lattice import Lattice, lattice_numbers
from phantoms.motion.rigid import inverse_rigid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Step: TypeAlias = "Floats | Lattice"
"""One step of a motion: a rigid matrix (4, 4) ``target_from_source``, or a lattice."""

MOST_MISS_MM = 1e-9
"""A point that was carried leads back to its start at least so closely, millimetres."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A motion from a source to a target: its steps, the first one first.

    Parameters
    ----------
    steps : tuple of (4, 4) array or Lattice
        Rigid matrices, millimetres, and lattices; none is to stay in place.

    Raises
    ------
    MotionRefusedError
        If a matrix is not rigid.

    Examples
    --------
    >>> Motion().steps
    ()
    """

    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        checked: list[Step] = []
        for step in self.steps:
            if isinstance(step, Lattice):
                checked.append(step)
                continue
            matrix = _rigid_step(frozen_floats(step, (4, 4), "Motion.steps"))
            # neighbouring matrices are one step: a chain there and back costs nothing
            before = checked[-1] if checked else None
            if isinstance(before, np.ndarray):
                checked[-1] = _rigid_step(matrix @ before)
            else:
                checked.append(matrix)
        object.__setattr__(self, "steps", tuple(checked))

    @property
    def is_rigid(self) -> bool:
        """Whether no lattice is among the steps."""
        return not any(isinstance(step, Lattice) for step in self.steps)

    @property
    def stretch_factor(self) -> float:
        """How many times further apart two points of the target may lie in the source."""
        return float(
            np.prod([each.stretch_factor for each in self.steps if isinstance(each, Lattice)])
        )


def _rigid_step(matrix: Floats) -> Floats:
    turn = matrix[:3, :3]
    is_turn = np.abs(turn @ turn.T - np.eye(3)).max() <= 1e-9 and np.linalg.det(turn) > 0
    if not (is_turn and (matrix[3] == [0.0, 0.0, 0.0, 1.0]).all()):
        raise MotionRefusedError(
            "A matrix of the motion is not rigid",
            where="Motion.steps",
            expected="a rotation and a shift, 4x4, determinant +1",
            got=str(matrix.round(6).tolist()),
            next_step="use a Lattice for what stretches",
        )
    return frozen_floats(matrix, (4, 4), "Motion.steps")


def as_motion(motion: ArrayLike | Motion) -> Motion:
    """Take a rigid matrix as a motion of one step; a motion stays what it is.

    Parameters
    ----------
    motion : (4, 4) array or Motion
        From source to target, millimetres.

    Returns
    -------
    Motion
        The motion.

    Examples
    --------
    >>> as_motion(np.eye(4)).is_rigid
    True
    """
    return motion if isinstance(motion, Motion) else Motion((np.asarray(motion, np.float64),))


def chained(*motions: ArrayLike | Motion) -> Motion:
    """Put motions one behind the other.

    Parameters
    ----------
    *motions : (4, 4) array or Motion
        The first one comes first.

    Returns
    -------
    Motion
        All of their steps.

    Examples
    --------
    >>> len(chained(np.eye(4), np.eye(4)).steps)
    1
    """
    return Motion(tuple(step for motion in motions for step in as_motion(motion).steps))


def chain_of(*motions: ArrayLike | Motion) -> tuple[_motion_kernels.Chain, list[int]]:
    """Write motions out for the kernels, each behind the other.

    Parameters
    ----------
    *motions : (4, 4) array or Motion
        From source to target, millimetres.

    Returns
    -------
    chain : Chain
        All of their steps.
    edges : list of int
        The first step of each, and one past the last of all.

    Examples
    --------
    >>> chain_of(np.eye(4), np.eye(4))[1]
    [0, 1, 2]
    """
    rows, numbers, place, edges = [], [np.zeros(0)], 0, [0]
    for motion in motions:
        for step in as_motion(motion).steps:
            if isinstance(step, Lattice):
                rows.append((_motion_kernels.FREE, place))
                numbers.append(lattice_numbers(step))
            else:
                rows.append((_motion_kernels.RIGID, place))
                both = [step[:3].ravel(), inverse_rigid(step)[:3].ravel()]
                numbers.append(np.concatenate(both))
            place += len(numbers[-1])
        edges.append(len(rows))
    steps = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return _motion_kernels.Chain(steps, np.concatenate(numbers)), edges


def moved_points(motion: ArrayLike | Motion, points_mm: ArrayLike) -> Floats:
    """Carry points to where a motion brings them.

    Parameters
    ----------
    motion : (4, 4) array or Motion
        From source to target, millimetres. A matrix alone may be any affine one.
    points_mm : (..., 3) array
        Points of the source, millimetres.

    Returns
    -------
    (..., 3) array
        Points of the target, millimetres; the way back leads to the start within 1e-9 mm.

    Raises
    ------
    PhantomError
        If a point was not followed so closely: a defect, for the bounds exclude it.

    Examples
    --------
    >>> shift = np.array([[1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]])
    >>> moved_points(shift, [[1, 1, 1]])
    array([[2., 3., 4.]])
    """
    points = np.asarray(points_mm, dtype=np.float64)
    if not isinstance(motion, Motion):
        affine = np.asarray(motion, dtype=np.float64)
        moved: Floats = points @ affine[:3, :3].T + affine[:3, 3]
        return moved
    return _carried(motion, points, is_back=False)


def pulled_back(motion: ArrayLike | Motion, points_mm: ArrayLike) -> Floats:
    """Lead points back to where a motion brought them from.

    Parameters
    ----------
    motion : (4, 4) array or Motion
        From source to target, millimetres.
    points_mm : (..., 3) array
        Points of the target, millimetres.

    Returns
    -------
    (..., 3) array
        Points of the source, millimetres: exact, for motions are made of their ways back.

    Examples
    --------
    >>> pulled_back(np.eye(4), [1, 2, 3])
    array([1., 2., 3.])
    """
    return _carried(as_motion(motion), np.asarray(points_mm, dtype=np.float64), is_back=True)


def _carried(motion: Motion, points_mm: Floats, *, is_back: bool) -> Floats:
    flat = np.ascontiguousarray(points_mm.reshape(-1, 3))
    carried = np.empty_like(flat)
    check_miss(_motion_kernels.carry(chain_of(motion)[0], is_back, flat, carried))
    return carried.reshape(points_mm.shape)


def check_miss(miss_mm: float) -> None:
    """Raise where a point was not followed closely enough, millimetres."""
    if not miss_mm <= MOST_MISS_MM:
        raise PhantomError(
            f"A point could not be followed: its way back misses its start by {miss_mm:.3g} mm "
            f"(at most {MOST_MISS_MM:g} mm). This is a defect of phantoms.motion."
        )
