"""A straight way for a needle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats, unit_vector
from navigator.geometry.frames import check_same_frame

if TYPE_CHECKING:
    from navigator.geometry.frames import Frame
    from navigator.geometry.rigid import RigidTransform


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """A straight way from the skin to where the needle's tip shall lie.

    Parameters
    ----------
    entry_mm, tip_mm : (3,) array
        Skin entry and tip, millimetres in `frame`.
    frame : Frame
        The scan in which both points were chosen.

    Examples
    --------
    >>> from navigator.geometry.frames import Frame, FrameKind
    >>> way = Trajectory(entry_mm=[0, -80, 0], tip_mm=[0, 0, 60], frame=Frame(FrameKind.LPS, "1"))
    >>> way.insertion_depth_mm
    100.0
    >>> way.direction
    array([0. , 0.8, 0.6])
    """

    entry_mm: Floats
    tip_mm: Floats
    frame: Frame

    def __post_init__(self) -> None:
        object.__setattr__(self, "entry_mm", frozen_floats(self.entry_mm, (3,), "entry_mm"))
        object.__setattr__(self, "tip_mm", frozen_floats(self.tip_mm, (3,), "tip_mm"))
        if not self.insertion_depth_mm > 0:
            raise ValueError("Trajectory: expected a tip away from the entry, got the same point")

    @property
    def insertion_depth_mm(self) -> float:
        """Skin entry to tip along the needle, millimetres."""
        return float(np.linalg.norm(self.tip_mm - self.entry_mm))

    @property
    def direction(self) -> Floats:
        """(3,) array: unit direction from hub to tip."""
        return unit_vector(self.tip_mm - self.entry_mm, "Trajectory.direction")


def map_trajectory(trajectory: Trajectory, target_from_source: RigidTransform) -> Trajectory:
    """Carry a trajectory into another frame.

    Parameters
    ----------
    trajectory : Trajectory
        In the source frame.
    target_from_source : RigidTransform
        The motion between the frames.

    Returns
    -------
    Trajectory
        In the target frame.

    Raises
    ------
    FrameMismatchError
        If the trajectory is not in the transform's source frame.
    """
    check_same_frame(
        "mapping a trajectory", expected=target_from_source.source, got=trajectory.frame
    )
    return Trajectory(
        entry_mm=target_from_source.map_points(trajectory.entry_mm),
        tip_mm=target_from_source.map_points(trajectory.tip_mm),
        frame=target_from_source.target,
    )
