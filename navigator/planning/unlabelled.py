"""What a needle meets that looks like bone or gas and that nobody labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.resample import sample_hu, sample_membership
from navigator.model.outcome import Reason

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.model.trajectory import Trajectory
    from navigator.planning.scene import Scene

BONE_HU = 250.0
"""Above contrast-filled veins of a portal phase (150 to 220 HU), below cortical bone. Arteries of
an arterial phase reach it too: they are no place for a needle either."""

GAS_HU = -300.0
"""Below fat (-120 HU) and its noise, above bowel gas blurred by a slice."""

SKIN_MM = 5.0
"""The skin's own edge is blurred with air."""

RING_MM = 1.5
"""Beyond the needle's surface, so that a label one voxel off is seen too."""

STEP_MM, RING_POINTS = 1.0, 8

LEAST_SAMPLES = 2
"""One sample may be noise."""


def unlabelled_along(scene: Scene, trajectory: Trajectory) -> list[Reason]:
    """Look along a needle for bone and gas outside every label.

    Parameters
    ----------
    scene : Scene
        The patient.
    trajectory : Trajectory
        The needle, skin to tip.

    Returns
    -------
    list of Reason
        One for bone, one for gas, with the depth at which it is first met.
    """
    depths, points = _around(trajectory, 0.5 * scene.antenna.diameter_mm + RING_MM)
    values = sample_hu(scene.patient.scan, points)
    labelled = _labelled(scene, points)
    reasons = []
    for code, what, found in (
        ("unlabelled-bone", "bone or calcification", values > BONE_HU),
        ("unlabelled-gas", "gas (lung, bowel)", values < GAS_HU),
    ):
        here = found & ~labelled
        if here.sum() >= LEAST_SAMPLES:
            first = float(depths[here.any(axis=1)][0])
            text = f"the scan shows what may be {what} {first:.0f} mm below the skin"
            reasons.append(Reason(code, f"{text}, and no structure is labelled there; look at it"))
    return reasons


def _around(trajectory: Trajectory, radius_mm: float) -> tuple[Floats, Floats]:
    """Lay points on the axis and on a ring around it.

    Returns
    -------
    depths : (n,) array
        Below the skin, millimetres.
    points : (n, m, 3) array
        Millimetres.
    """
    axis = trajectory.direction
    depths = np.arange(SKIN_MM, trajectory.insertion_depth_mm + 1e-9, STEP_MM)
    aside = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    aside /= np.sqrt(aside @ aside)
    turns = np.arange(RING_POINTS) * (2.0 * np.pi / RING_POINTS)
    ring = np.cos(turns)[:, None] * aside + np.sin(turns)[:, None] * np.cross(axis, aside)
    offsets = np.vstack([np.zeros((1, 3)), radius_mm * ring])
    along = trajectory.entry_mm + depths[:, None] * axis
    return depths, along[:, None, :] + offsets[None, :, :]


def _labelled(scene: Scene, points: Floats) -> Booleans:
    """Tell which points (n, m, 3) lie in or at the edge of an obstacle: those were measured."""
    inside = np.zeros(points.shape[:-1], dtype=bool)
    for mask in scene.obstacles.values():
        inside |= sample_membership(mask, points) > 0.0
    return inside
