"""Whether the tissue around a tumour lies where a rigid registration of the whole body puts it.

The body can be registered well while the liver has slid under the ribs: the shift that lays the
tumour's surroundings best on the new scan is searched for, and shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.arrays import Floats, lengths
from navigator.imaging.resample import sample_hu, sample_membership
from navigator.model.volume import Mask
from navigator.registration.agreement import LEAST_POINTS, SOFT_TISSUE_HU

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Labels
    from navigator.geometry.rigid import RigidTransform
    from navigator.model.volume import Grid, Volume

LATTICE_MM = 3.0
"""Points at which the scans are compared: near the slice spacing of the new scan."""

SEARCH_STEPS = 7
"""Shifts up to 21 mm each way: more than quiet breathing moves a liver along the body
(10 to 25 mm from end to end, `NUMBERS`); what lies at the end of the search is named as such."""

SMOOTHING_STEPS = 1.0
"""Standard deviation of the blur of both scans on the lattice."""

RIM_STEPS = 2
"""The organ's edge is what can be seen of it: 6 mm beyond it belong to the neighbourhood."""

LEAST_VALID = 0.8
"""Share of the neighbourhood that a shifted comparison must see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAgreement:
    """How well the surroundings of a target agree.

    Parameters
    ----------
    imaged_share : float
        Share of the neighbourhood that the new scan shows.
    correlation : float
        Pearson's r of soft-tissue HU at the best shift; 0 where nothing could be compared.
    shift_mm : (3,) array
        Where the tissue lies beside where the registration puts it, millimetres along the axes
        of the planning frame.
    """

    imaged_share: float
    correlation: float
    shift_mm: Floats

    @property
    def distance_mm(self) -> float:
        """Length of the shift, millimetres."""
        return float(lengths(self.shift_mm))

    @property
    def at_end_of_search(self) -> bool:
        """Whether the true shift may be longer than what was searched."""
        return bool(np.abs(self.shift_mm).max() > (SEARCH_STEPS - 0.75) * LATTICE_MM)


def neighbourhood_of(grid: Grid, centre_mm: Floats, radius_mm: float, organ: Mask | None) -> Mask:
    """Cut the surroundings of a target out of its organ.

    Parameters
    ----------
    grid : Grid
        The planning scan's.
    centre_mm : (3,) array
        The target, millimetres.
    radius_mm : float
        How far the surroundings reach, millimetres.
    organ : Mask or None
        The organ that moves as one, on the same grid; None where it was not segmented.

    Returns
    -------
    Mask
        The part of the ball that lies in the organ; the whole ball without one.
    """
    low = grid.indices_from_points(centre_mm)
    reach = radius_mm * lengths(np.linalg.inv(grid.lps_from_index)[:3, :3])
    spans = [
        np.arange(max(0, int(a - r)), min(n, int(a + r) + 2))
        for a, r, n in zip(low, reach, grid.shape_kji, strict=True)
    ]
    members = np.zeros(grid.shape_kji, dtype=bool)
    indices = np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1).reshape(-1, 3)
    near = lengths(grid.points_from_indices(indices.astype(np.float64)) - centre_mm) <= radius_mm
    members[tuple(indices[near].T)] = True
    if organ is not None:
        members &= organ.members
    return Mask(members, grid)


def measure_local_agreement(
    planning: Volume,
    intraop: Volume,
    intraop_from_planning: RigidTransform,
    region: Mask,
    imaged: Mask,
) -> LocalAgreement:
    """Search the shift that lays a region of the planning scan best on the new scan.

    Parameters
    ----------
    planning, intraop : Volume
        The scans.
    intraop_from_planning : RigidTransform
        The registration of the whole body.
    region : Mask
        The surroundings of the target, in the planning frame.
    imaged : Mask
        What the new scan shows, on its grid.

    Returns
    -------
    LocalAgreement
        Correlation and shift, between lattice points by parabolas.
    """
    points, chosen = _lattice(region)
    carried = intraop_from_planning.map_points(points.reshape(-1, 3))
    seen = (sample_membership(imaged, carried) >= 0.5).reshape(chosen.shape)
    second = _smoothed(sample_hu(intraop, carried).reshape(chosen.shape))
    first = _smoothed(sample_hu(planning, points))[chosen]
    share = float(seen[chosen].mean())
    flat = np.flatnonzero(chosen).astype(np.int32)
    scores = _correlations(first, second, seen, flat)
    best = np.unravel_index(int(np.argmax(scores)), scores.shape)
    if not scores[best] > 0:
        return LocalAgreement(imaged_share=share, correlation=0.0, shift_mm=np.zeros(3))
    steps = [_between(scores, best, axis) - SEARCH_STEPS for axis in range(3)]
    return LocalAgreement(
        imaged_share=share,
        correlation=float(scores[best]),
        shift_mm=LATTICE_MM * np.array(steps[::-1]),
    )


def _smoothed(values_hu: Floats) -> Floats:
    """Clip lattice values (n, m, o) and take the noise down: a liver's own contrast is 20 HU."""
    soft = np.clip(values_hu, *SOFT_TISSUE_HU)
    smooth: Floats = ndimage.gaussian_filter(soft, SMOOTHING_STEPS, mode="nearest")
    return smooth


def _lattice(region: Mask) -> tuple[Floats, Booleans]:
    """Lay an upright lattice, axes (z, y, x), over a region and everywhere it may have gone.

    Returns
    -------
    points : (n, m, o, 3) array
        LPS millimetres.
    chosen : (n, m, o) array of bool
        The region and its rim.
    """
    voxels = region.grid.points_from_indices(np.argwhere(region.members).astype(np.float64))
    pad = (SEARCH_STEPS + RIM_STEPS) * LATTICE_MM
    low, high = voxels.min(axis=0) - pad, voxels.max(axis=0) + pad
    axes = [np.arange(low[a], high[a] + LATTICE_MM, LATTICE_MM) for a in (2, 1, 0)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)[..., ::-1]
    inside = sample_membership(region, points) >= 0.5
    ball = ndimage.generate_binary_structure(3, 1)
    return points, ndimage.binary_dilation(inside, ball, iterations=RIM_STEPS)


def _correlations(first: Floats, second: Floats, seen: Booleans, flat: Labels) -> Floats:
    """Correlate the region with the new scan at every shift.

    Parameters
    ----------
    first : (p,) array
        Planning values of the region.
    second : (n, m, o) array
        Values of the new scan on the lattice.
    seen : (n, m, o) array of bool
        Where the new scan was imaged.
    flat : (p,) array
        Flat lattice indices of the region.

    Returns
    -------
    (2 s + 1, 2 s + 1, 2 s + 1) array
        Pearson's r, axes (z, y, x); -1 where too little was seen.
    """
    span = np.arange(-SEARCH_STEPS, SEARCH_STEPS + 1)
    scores = np.full((len(span),) * 3, -1.0)
    _, rows, columns = second.shape
    values, valid = second.ravel(), seen.ravel()
    for place in np.ndindex(*scores.shape):
        dz, dy, dx = (int(span[axis]) for axis in place)
        at = flat + (dz * rows + dy) * columns + dx
        use = valid[at]
        if use.sum() >= max(LEAST_POINTS, LEAST_VALID * len(flat)):
            a, b = first[use], values[at][use]
            a, b = a - a.mean(), b - b.mean()
            size = float(np.sqrt((a @ a) * (b @ b)))
            scores[place] = float(a @ b) / size if size > 1e-6 else -1.0
    return scores


def _between(scores: Floats, best: tuple[np.intp, ...], axis: int) -> float:
    """Place the top of a parabola through the best score and its two neighbours on an axis."""
    at = int(best[axis])
    if not 0 < at < scores.shape[axis] - 1:
        return float(at)
    line = scores[tuple(slice(None) if a == axis else best[a] for a in range(3))]
    below, top, above = float(line[at - 1]), float(line[at]), float(line[at + 1])
    bend = below - 2.0 * top + above
    if min(below, above) <= -1.0 or bend >= 0:
        return float(at)
    return at + 0.5 * (below - above) / bend
