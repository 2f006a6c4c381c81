"""Masks on the grid of a scan: each lesion by its own label, and an ablated zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.motion import Motion, chained, moved_points, pulled_back
from phantoms.requests import labels_for
from phantoms.tissues import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phantoms.ablation import AblatedZone
    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats, Labels
    from phantoms.scans import SyntheticScan

STILL = Motion()
ROUND_IT_MM = 5.0
"""Breathing stretches a zone by less."""


def lesion_labels(scan: SyntheticScan, patient: Patient, motion: Motion = STILL) -> Labels:
    """Give every lesion but the first a label of its own.

    Parameters
    ----------
    scan : SyntheticScan
        A scan made with labels.
    patient : Patient
        Who was scanned.
    motion : Motion
        Of his liver since the planning scan, LPS millimetres.

    Returns
    -------
    (k, j, i) uint8 array
        Values of :func:`phantoms.requests.labels_for`, read-only.

    Raises
    ------
    ValueError
        If the scan carries no labels.
    """
    if scan.labels is None:
        raise ValueError("lesion_labels: expected a scan made with labels, got labels=None")
    values: Labels = scan.labels.copy()
    places = np.argwhere(values == LABELS["gtv"])
    if len(patient.lesions) > 1 and len(places):
        points = pulled_back(motion, _carried(places, scan.lps_from_index))
        poses = [lesion.lps_from_lesion for lesion in patient.lesions]
        radii = [lesion.radii_mm for lesion in patient.lesions]
        nearest = np.argmin(_shares(points, poses, radii), axis=0)
        table = np.array([value for name, value in labels_for(len(poses)).items() if "gtv" in name])
        values[tuple(places.T)] = table[nearest]
    values.setflags(write=False)
    return values


def zone_mask(zone: AblatedZone, scan: SyntheticScan, motion: Floats | Motion = STILL) -> Labels:
    """Mark the voxels of a scan whose centres lie in a zone.

    Parameters
    ----------
    zone : AblatedZone
        LPS of the planning scan, millimetres.
    scan : SyntheticScan
        Whose voxels.
    motion : (4, 4) array or Motion
        Of the liver from the planning scan to this one, millimetres.

    Returns
    -------
    (k, j, i) uint8 array
        1 inside.
    """
    inside: Labels = np.zeros(scan.values_hu.shape, dtype=np.uint8)
    from_zone = chained(zone.lps_from_zone, motion)
    places = _places_near(moved_points(from_zone, np.zeros(3)), float(zone.radii_mm.max()), scan)
    own = pulled_back(from_zone, _carried(places, scan.lps_from_index))
    hit = places[np.square(own / zone.radii_mm).sum(axis=1) <= 1.0]
    inside[tuple(hit.T)] = 1
    return inside


def _places_near(middle_mm: Floats, radius_mm: float, scan: SyntheticScan) -> np.ndarray:
    """List the voxels (n, 3) of a box that surely holds a zone, which may have shrunk."""
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    corners = middle_mm + (radius_mm + ROUND_IT_MM) * signs
    index = moved_points(np.linalg.inv(scan.lps_from_index), corners)
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, scan.values_hu.shape)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, 0, scan.values_hu.shape)
    axes = [np.arange(start, stop) for start, stop in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def _carried(places: np.ndarray, lps_from_index: Floats) -> Floats:
    """Carry voxel places (n, 3) to LPS, millimetres."""
    points: Floats = places @ lps_from_index[:3, :3].T + lps_from_index[:3, 3]
    return points


def _shares(points: Floats, poses: Sequence[Floats], radii: Sequence[Floats]) -> Floats:
    """Measure how far points (n, 3) lie from lesions' middles, in half axes, (lesions, n)."""
    own = [
        (points @ pose[:3, :3] - pose[:3, 3] @ pose[:3, :3]) / radius
        for pose, radius in zip(map(np.asarray, poses), radii, strict=True)
    ]
    shares: Floats = np.linalg.norm(np.stack(own), axis=2)
    return shares
