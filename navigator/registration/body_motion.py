"""One rigid motion of the body, or of its bones, by robust Gauss-Newton steps.

Each step fits the contrast map anew, and solves for a small motion of the planning scan that takes
the difference to the new scan away; points that differ much (metal, gas, a moved organ) lose their
weight (Geman-McClure).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.rigid import (
    matrix_from_rotation_and_shift,
    renormalised,
    rotation_from_axis_angle,
)
from navigator.registration._normal_kernels import sum_rigid
from navigator.registration._warp_kernels import carry_scan, expect_values
from navigator.registration.contrast import BIN_HU, find_flat, fit_contrast
from navigator.registration.lattice import TISSUE_HU, WINDOW_HU, soft_image

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats, Voxels
    from navigator.registration.lattice import LatticeImage

MOST_STEPS = 15
LEAST_POINTS = 500
"""Fewer points in common are no overlap."""
LEAST_NOISE_HU = 3.0
ROBUST_FACTOR = 2.5
"""Residual, by its own spread, at which a point keeps a quarter of its weight."""
NO_DISPLACEMENT = np.zeros((1, 1, 1, 3), np.float32)
LONGEST_STEP = 2.0
"""Lattice steps by which one iteration may shift."""
SETTLED_SHIFT, SETTLED_TURN_RAD = 0.01, 1e-4
TRIANGLE = np.triu_indices(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMotion:
    """A motion that was searched.

    Parameters
    ----------
    matrix : (4, 4) array
        intraop_from_planning, LPS millimetres.
    noise_hu : float
        Robust spread of the residual.
    correlation : float
        Pearson's r of the expected and the new values over what was compared.
    """

    matrix: Floats
    noise_hu: float
    correlation: float


def fit_motion(
    planning: LatticeImage, new: LatticeImage, start: Floats, *, chosen: Voxels | None = None
) -> FoundMotion | None:
    """Refine a rigid motion on one lattice.

    Parameters
    ----------
    planning, new : LatticeImage
        Both scans on lattices of one spacing.
    start : (4, 4) array
        intraop_from_planning, LPS millimetres.
    chosen : (z, y, x) array, optional
        How much each planning point counts; its own weights by default.

    Returns
    -------
    FoundMotion or None
        None where too little is in common, or nothing in it has an edge.
    """
    planning, new = soft_image(planning), soft_image(new)
    weights = planning.weights if chosen is None else chosen
    centre = _centre_index(weights)
    matrix, compared = np.array(start), None
    flat = find_flat(planning.values)
    for _ in range(MOST_STEPS):
        compared = compare(planning, new, matrix, weights, flat)
        if compared is None:
            return None
        step = _solve(compared, centre)
        if step is None:
            return None
        matrix = renormalised(matrix @ _small_motion(step, centre, planning))
        if np.abs(step[:3]).max() < SETTLED_SHIFT and np.abs(step[3:]).max() < SETTLED_TURN_RAD:
            break
    compared = compare(planning, new, matrix, weights, flat)
    if compared is None:
        return None
    return FoundMotion(
        matrix=matrix, noise_hu=compared.noise_hu, correlation=compared.correlation()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the new scan should show and what it shows, on the planning lattice.

    Parameters
    ----------
    expected, carried, weights : (z, y, x) array
        HU, HU, and how much each point counts.
    noise_hu : float
        Robust spread of the difference.
    """

    expected: Voxels
    carried: Voxels
    weights: Voxels
    noise_hu: float

    def correlation(self) -> float:
        """Correlate both over the points that count; 0 where one is constant."""
        used = self.weights > 0
        first, second = self.expected[used].astype(float), self.carried[used].astype(float)
        if min(first.std(), second.std()) < 1e-6:
            return 0.0
        return float(np.corrcoef(first, second)[0, 1])


def compare(
    planning: LatticeImage, new: LatticeImage, matrix: Floats, weights: Voxels, flat: Booleans
) -> Comparison | None:
    """Carry the new scan to the planning lattice by a rigid motion and compare.

    Parameters
    ----------
    planning, new : LatticeImage
        Both scans.
    matrix : (4, 4) array
        intraop_from_planning, LPS millimetres.
    weights : (z, y, x) array
        How much each planning point counts.
    flat : (z, y, x) array of bool
        Where the planning scan is: the contrast is read there.

    Returns
    -------
    Comparison or None
        None where too little is in common.
    """
    shape = planning.values.shape
    carried, seen = np.empty(shape, np.float32), np.empty(shape, np.float32)
    affine = index_affine(planning, new, matrix)
    carry_scan(new.values, new.weights, affine, NO_DISPLACEMENT, weights, carried, seen)
    used = seen > 0
    if int(used.sum()) < LEAST_POINTS:
        return None
    changes = fit_contrast(planning.values, carried, used & flat)
    expected = np.empty(shape, np.float32)
    nowhere = np.zeros((1, 1, 1), np.float32)
    expect_values(
        planning.values,
        np.broadcast_to(nowhere, shape),
        planning.values,
        planning.values,
        np.stack([changes, changes]),
        (WINDOW_HU[0], BIN_HU),
        expected,
    )
    # air beyond the skin agrees with itself and would shrink the spread
    tissue = used & ((planning.values > TISSUE_HU) | (carried > TISSUE_HU))
    return Comparison(
        expected=expected,
        carried=carried,
        weights=seen * weights,
        noise_hu=spread_hu((carried - expected)[tissue]),
    )


def spread_hu(residual_hu: Voxels) -> float:
    """Measure the robust spread of residuals (n,), HU; not less than the least noise."""
    if not residual_hu.size:
        return LEAST_NOISE_HU
    return max(1.4826 * float(np.median(np.abs(residual_hu))), LEAST_NOISE_HU)


def index_affine(planning: LatticeImage, new: LatticeImage, matrix: Floats) -> Floats:
    """Chain index -> LPS -> motion -> LPS -> index: (3, 4) array."""
    whole = np.linalg.inv(new.lattice.lps_from_index()) @ matrix @ planning.lattice.lps_from_index()
    affine: Floats = np.ascontiguousarray(whole[:3])
    return affine


def _centre_index(weights: Voxels) -> Floats:
    """Find the middle of what counts, (3,) lattice index."""
    axes = [np.flatnonzero(weights.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
    return np.array([0.5 * (axis[0] + axis[-1]) if len(axis) else 0.0 for axis in axes])


def _solve(compared: Comparison, centre: Floats) -> Floats | None:
    """Solve one Gauss-Newton step: shift and turn, (6,), lattice steps and radians."""
    sums = sum_rigid(
        compared.expected,
        compared.carried,
        compared.weights,
        centre,
        ROBUST_FACTOR * compared.noise_hu,
    )
    normal = np.zeros((6, 6))
    normal[TRIANGLE] = sums[:21]
    normal += np.triu(normal, 1).T
    diagonal = np.diag(normal)
    if not diagonal.min() > 0:
        return None
    step: Floats = np.asarray(np.linalg.solve(normal + np.diag(1e-3 * diagonal), sums[21:27]))
    length = float(np.linalg.norm(step[:3]))
    return step * min(1.0, LONGEST_STEP / max(length, 1e-9))


def _small_motion(step: Floats, centre: Floats, planning: LatticeImage) -> Floats:
    """Write a step as a (4, 4) motion of the planning frame, LPS millimetres."""
    lattice = planning.lattice
    middle = (lattice.origin_mm + lattice.spacing_mm * centre)[::-1]
    angle = float(np.linalg.norm(step[3:]))
    turn = np.eye(3)
    if angle > 0:
        turn = rotation_from_axis_angle(step[:2:-1], angle)
    shift = middle + lattice.spacing_mm * step[2::-1] - turn @ middle
    return matrix_from_rotation_and_shift(turn, shift)
