"""How two scans agree under a registration: overlap, resemblance, mirror image, two answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, lengths
from navigator.imaging.resample import sample_hu, sample_membership

if TYPE_CHECKING:
    from navigator.arrays import Booleans
    from navigator.geometry.rigid import RigidTransform
    from navigator.model.volume import Mask, Volume

SOFT_TISSUE_HU = (-200.0, 300.0)
"""Values are clipped to this range before they are compared: metal and air say little."""

SAMPLE_POINTS = 20_000

LEAST_POINTS = 100
"""Fewer points in common give no correlation."""

MIRROR_OFFSETS_MM = (-10.0, -5.0, 0.0, 5.0, 10.0)
"""Where beside the body's middle the plane of a mirror is tried."""


def body_points(body: Mask, rng: np.random.Generator) -> Floats:
    """Draw points inside a body.

    Parameters
    ----------
    body : Mask
        The body.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    (n, 3) array
        At most 20,000 voxel centres, millimetres.
    """
    indices = np.flatnonzero(body.members)
    chosen = rng.choice(indices, size=min(SAMPLE_POINTS, len(indices)), replace=False)
    return body.grid.points_from_indices(
        np.stack(np.unravel_index(np.sort(chosen), body.members.shape), axis=1)
    )


def disagreement_mm(first: RigidTransform, second: RigidTransform, points_mm: Floats) -> float:
    """Measure how far two transforms carry the same points apart.

    Parameters
    ----------
    first, second : RigidTransform
        Between the same frames.
    points_mm : (n, 3) array
        Points in their source frame, millimetres.

    Returns
    -------
    float
        95th percentile, millimetres.
    """
    apart = lengths(first.map_points(points_mm) - second.map_points(points_mm))
    return float(np.percentile(apart, 95))


def measure_overlap(imaged: Mask, carried_mm: Floats) -> float:
    """Measure the share of points that a scan shows.

    Parameters
    ----------
    imaged : Mask
        The voxels that were scanned.
    carried_mm : (n, 3) array
        Points in its frame, millimetres.

    Returns
    -------
    float
        0 to 1: points whose nearest voxel was scanned.
    """
    indices = imaged.grid.indices_from_points(carried_mm)
    shape = np.asarray(imaged.grid.shape_kji)
    inside = ((indices >= -0.5) & (indices <= shape - 0.5)).all(axis=1)
    nearest = np.clip(np.rint(indices[inside]).astype(np.int64), 0, shape - 1)
    return float(imaged.members[tuple(nearest.T)].sum() / len(indices))


def measure_correlation(
    scans: tuple[Volume, Volume],
    intraop_from_planning: RigidTransform,
    imaged: Mask,
    points_mm: Floats,
    *,
    of_mm: Floats | None = None,
) -> float:
    """Correlate soft-tissue HU of the two scans at corresponding points.

    Parameters
    ----------
    scans : tuple of two Volume
        Planning scan and intraoperative scan.
    intraop_from_planning : RigidTransform
        The registration.
    imaged : Mask
        What the intraoperative scan shows.
    points_mm : (n, 3) array
        Points that are carried to the intraoperative scan, planning frame, millimetres.
    of_mm : (n, 3) array, optional
        Where the planning scan is read for them; at the points themselves by default.

    Returns
    -------
    float
        Pearson's r; 0 where nothing overlaps or one side is constant.
    """
    carried = intraop_from_planning.map_points(points_mm)
    inside = _wholly_inside(imaged, carried)
    if inside.sum() < LEAST_POINTS:
        return 0.0
    at = points_mm if of_mm is None else of_mm
    first = np.clip(sample_hu(scans[0], at[inside]), *SOFT_TISSUE_HU)
    second = np.clip(sample_hu(scans[1], carried[inside]), *SOFT_TISSUE_HU)
    if min(first.std(), second.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _wholly_inside(imaged: Mask, points_mm: Floats) -> Booleans:
    """Tell which points, (n, 3), lie among voxels that were all scanned."""
    indices = imaged.grid.indices_from_points(points_mm)
    within = ((indices >= 0) & (indices <= np.asarray(imaged.grid.shape_kji) - 1)).all(axis=1)
    shown: Booleans = within & (sample_membership(imaged, points_mm) > 1.0 - 1e-6)
    return shown


def measure_mirror_correlation(
    scans: tuple[Volume, Volume],
    intraop_from_planning: RigidTransform,
    imaged: Mask,
    points_mm: Floats,
) -> float:
    """Correlate the intraoperative scan with the planning scan seen in a mirror.

    Parameters
    ----------
    scans : tuple of two Volume
        Planning scan and intraoperative scan.
    intraop_from_planning : RigidTransform
        The registration.
    imaged : Mask
        What the intraoperative scan shows.
    points_mm : (n, 3) array
        Points of the planning body, millimetres.

    Returns
    -------
    float
        The largest Pearson's r over a few places of the sagittal mirror: a patient whose left
        and right were exchanged by the file resembles it more than the planning scan itself.
    """
    middle = float(points_mm[:, 0].mean())
    values = []
    for offset in MIRROR_OFFSETS_MM:
        mirrored = points_mm * [-1.0, 1.0, 1.0] + [2.0 * (middle + offset), 0.0, 0.0]
        found = measure_correlation(scans, intraop_from_planning, imaged, points_mm, of_mm=mirrored)
        values.append(found)
    return max(values)
