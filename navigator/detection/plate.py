"""The plate's pose from its marker spheres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats, lengths
from navigator.detection.correspondence import find_assignments, next_best_ratio
from navigator.detection.markers import find_marker_candidates
from navigator.detection.plate_verdict import judge_plate
from navigator.geometry.pointsets import expected_tre_mm, fit_rigid_matrix, residuals_mm
from navigator.geometry.rigid import RigidTransform
from navigator.imaging.resample import sample_hu
from navigator.model.outcome import Reason, Verdict, verdict_from_reasons
from navigator.model.placement import template_frame
from template_gen import marker_labels, marker_points_mm

if TYPE_CHECKING:
    from navigator.model.volume import Volume
    from template_gen import TemplateSpec

LEAST_MARKERS = 4
"""Three spots always fit some triple of a pattern; the fourth is the proof."""

FLE_FLOOR_MM = 0.1
"""No spot is located better than this in a clinical CT, however small the residual."""

TRE_DEPTH_MM = 100.0
"""Depth below the plate at which the expected error is told."""

TISSUE_HU = -300.0
"""Above it there is tissue, below it air or lung."""


@dataclass(frozen=True, slots=True)
class LocatedMarker:
    """A marker that was found.

    Parameters
    ----------
    label : str
        Its name in the template spec.
    lps_mm : (3,) array
        Its centre in the scan, millimetres.
    residual_mm : float
        How far the fitted plate misses it, millimetres.
    """

    label: str
    lps_mm: Floats
    residual_mm: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "lps_mm", frozen_floats(self.lps_mm, (3,), "lps_mm"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedPlate:
    """Where the plate stands in a scan, how sure that is, or why it is not known.

    Parameters
    ----------
    lps_from_template : RigidTransform or None
        The pose; None where no naming of the spots fits the plate at all.
    markers : tuple of LocatedMarker
        The markers that were found.
    fre_mm : float
        Root mean square residual, millimetres; not an accuracy.
    expected_tre_mm : float
        Expected error 100 mm below the plate, root mean square, millimetres.
    ambiguity_ratio : float
        Residual of the next-best naming over that of the best.
    verdict : Verdict
        Whether the pose may be used.
    """

    lps_from_template: RigidTransform | None
    markers: tuple[LocatedMarker, ...]
    fre_mm: float
    expected_tre_mm: float
    ambiguity_ratio: float
    verdict: Verdict


def locate_plate(volume: Volume, spec: TemplateSpec) -> LocatedPlate:
    """Find the plate of a spec in a scan.

    Parameters
    ----------
    volume : Volume
        The scan.
    spec : TemplateSpec
        The plate, with four markers or more.

    Returns
    -------
    LocatedPlate
        Pose with residuals and verdict.

    Raises
    ------
    ValueError
        If the spec has fewer than four markers.
    """
    labels, model = marker_labels(spec), marker_points_mm(spec)
    if not len(labels) >= LEAST_MARKERS:
        raise ValueError(f"template markers: expected {LEAST_MARKERS} or more, got {len(labels)}")
    diameter = float(np.median([marker.diameter_mm for marker in spec.markers]))
    candidates = find_marker_candidates(volume, diameter)
    spots = np.array([candidate.centre_mm for candidate in candidates]).reshape(-1, 3)
    assignments = find_assignments(model, spots)
    if not assignments or len(assignments[0]) < LEAST_MARKERS:
        return _not_found(len(spots), len(labels))
    best = min(assignments, key=lambda pairs: _fre_mm(model, spots, pairs))
    return _located(volume, spec, spots, best)


def _fre_mm(model: Floats, spots: Floats, pairs: tuple[tuple[int, int], ...]) -> float:
    named = [marker for marker, _ in pairs]
    seen = [spot for _, spot in pairs]
    matrix = fit_rigid_matrix(spots[seen], model[named])
    return float(np.sqrt(np.mean(residuals_mm(matrix, spots[seen], model[named]) ** 2)))


def _not_found(spots: int, markers: int) -> LocatedPlate:
    reason = Reason(
        "plate-not-found",
        f"{spots} bright spots of marker size were found and no {LEAST_MARKERS} of them lie like "
        f"the {markers} markers of this plate; check that the plate is in the scan, whole, and "
        "that the template file is the one of this plate",
    )
    return LocatedPlate(
        lps_from_template=None,
        markers=(),
        fre_mm=float("inf"),
        expected_tre_mm=float("inf"),
        ambiguity_ratio=0.0,
        verdict=verdict_from_reasons(rejections=(reason,)),
    )


def _located(
    volume: Volume, spec: TemplateSpec, spots: Floats, pairs: tuple[tuple[int, int], ...]
) -> LocatedPlate:
    labels, model = marker_labels(spec), marker_points_mm(spec)
    named, seen = model[[marker for marker, _ in pairs]], spots[[spot for _, spot in pairs]]
    matrix = fit_rigid_matrix(seen, named)
    residuals = residuals_mm(matrix, seen, named)
    fre = float(np.sqrt(np.mean(residuals**2)))
    ratio = next_best_ratio(named, seen, floor_mm=FLE_FLOOR_MM)
    fle = max(fre * np.sqrt(len(pairs) / (len(pairs) - 2.0)), FLE_FLOOR_MM)
    target = np.array([0.0, 0.0, spec.plate.thickness_mm + TRE_DEPTH_MM])
    pose = RigidTransform(matrix=matrix, target=volume.grid.frame, source=template_frame(spec))
    lost = _find_lost(pose, spec, spots, pairs)
    return LocatedPlate(
        lps_from_template=pose,
        markers=tuple(
            LocatedMarker(labels[marker], spots[spot], float(residual))
            for (marker, spot), residual in zip(pairs, residuals, strict=True)
        ),
        fre_mm=fre,
        expected_tre_mm=expected_tre_mm(named, target, fle),
        ambiguity_ratio=ratio,
        verdict=judge_plate(fre, ratio, lost, tissue=_tissue_shares(volume, pose, spec)),
    )


def _tissue_shares(volume: Volume, pose: RigidTransform, spec: TemplateSpec) -> tuple[float, float]:
    """Measure the tissue below the plate and above it.

    Parameters
    ----------
    volume : Volume
        The scan.
    pose : RigidTransform
        The plate's pose in it.
    spec : TemplateSpec
        The plate.

    Returns
    -------
    below, above : float
        Share of tissue 20 to 100 mm beyond the patient face, and beyond the operator face.
    """
    across = np.linspace(-0.4, 0.4, 9)
    depth = np.arange(20.0, 100.0, 4.0)
    x, y, z = np.meshgrid(
        across * spec.plate.width_mm, across * spec.plate.height_mm, depth, indexing="ij"
    )
    below = np.stack([x, y, z + spec.plate.thickness_mm], axis=-1).reshape(-1, 3)
    above = np.stack([x, y, -z], axis=-1).reshape(-1, 3)

    def share(points: Floats) -> float:
        return float(np.mean(sample_hu(volume, pose.map_points(points)) > TISSUE_HU))

    return share(below), share(above)


def _find_lost(
    pose: RigidTransform, spec: TemplateSpec, spots: Floats, pairs: tuple[tuple[int, int], ...]
) -> dict[str, float]:
    """Measure how near a spot of no name lies to the place of each lost marker.

    Parameters
    ----------
    pose : RigidTransform
        The plate's pose by the markers that were found.
    spec : TemplateSpec
        The plate.
    spots : (n, 3) array
        All bright spots of marker size, millimetres in the scan.
    pairs : tuple of (int, int)
        Marker and spot of each marker that was found.

    Returns
    -------
    dict of str to float
        Label of each lost marker, and millimetres to the nearest such spot; infinite without one.
    """
    found, named = {marker for marker, _ in pairs}, {spot for _, spot in pairs}
    free = spots[[index for index in range(len(spots)) if index not in named]]
    places = pose.map_points(marker_points_mm(spec))
    return {
        label: float(lengths(free - places[index]).min(initial=np.inf))
        for index, label in enumerate(marker_labels(spec))
        if index not in found
    }
