"""What is written down of a motion: fields by group on a coarse grid, and pairs of landmarks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from phantoms import tissues
from phantoms.arrays import Floats, Labels, frozen_floats
from phantoms.files import new_file
from phantoms.motion import GROUPS, field_on_grid, moved_points, point_pairs
from phantoms.motion.body import check_group
from phantoms.painting import paint_parts
from phantoms.program import signed_distance_mm
from phantoms.shapes import Tube

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from phantoms.anatomy import Patient
    from phantoms.motion import BodyMotion
    from phantoms.painting import ScanGrid
    from phantoms.shapes import Shape

FIELD_PITCH_MM = 8.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupField:
    """Where a group's tissue goes, on a coarse grid of the planning scan.

    Parameters
    ----------
    group : str
        One of :data:`phantoms.motion.GROUPS`; the field says nothing of other tissue.
    displacements_mm : (k, j, i, 3) float32 array
        To the later scan, along x, y, z, millimetres.
    lps_from_index : (4, 4) array
        Maps (k, j, i, 1) to LPS of the planning scan, millimetres.
    between_mm : float
        By so much linear interpolation between the grid's points misses the truth at most, as
        measured in the middle of its cells, millimetres.
    """

    group: str
    displacements_mm: NDArray[np.float32]
    lps_from_index: Floats
    between_mm: float


def field_of_group(
    motion: BodyMotion, group: str, patient: Patient, *, pitch_mm: float = FIELD_PITCH_MM
) -> GroupField:
    """Write down the motion of a group over the field of the planning scan.

    Parameters
    ----------
    motion : BodyMotion
        From the planning scan to the later one, LPS millimetres.
    group : str
        One of :data:`phantoms.motion.GROUPS`.
    patient : Patient
        Whose planning scan it was.
    pitch_mm : float
        Distance of the grid's points, millimetres.

    Returns
    -------
    GroupField
        The field, and how well it can be interpolated.
    """
    counts = np.ceil(patient.field_size_kji_mm / pitch_mm).astype(int) + 1
    shape = (int(counts[0]), int(counts[1]), int(counts[2]))
    matrix = np.eye(4)
    matrix[:3, :3] = pitch_mm * np.eye(3)[::-1]
    matrix[:3, 3] = patient.field_centre_mm - matrix[:3, :3] @ (0.5 * (counts - 1.0))
    group_motion = motion.of(check_group(group, "group"))
    field = field_on_grid(group_motion, shape, matrix)
    middles = matrix.copy()
    middles[:3, 3] += matrix[:3, :3] @ [0.5, 0.5, 0.5]
    between = field_on_grid(group_motion, (shape[0] - 1, shape[1] - 1, shape[2] - 1), middles)
    mean = field.astype(np.float64)
    for axis in range(3):
        near, far = np.arange(shape[axis] - 1), np.arange(1, shape[axis])
        mean = 0.5 * (mean.take(near, axis) + mean.take(far, axis))
    return GroupField(
        group=group,
        displacements_mm=field,
        lps_from_index=frozen_floats(matrix, (4, 4), "lps_from_index"),
        between_mm=float(np.linalg.norm(mean - between, axis=-1).max()),
    )


def group_map(patient: Patient, grid: ScanGrid) -> Labels:
    """Say which group the tissue at each voxel of the planning scan moves with.

    Parameters
    ----------
    patient : Patient
        The patient, at rest as in the planning scan.
    grid : ScanGrid
        The voxels.

    Returns
    -------
    (k, j, i) uint8 array
        0 outside the patient, else 1 + the place in :data:`phantoms.motion.GROUPS`.
    """
    stand_ins = (tissues.MUSCLE, tissues.LIVER, tissues.SPLEEN, tissues.LUNG)
    placed = [
        (
            replace(part, tissue=stand_ins[GROUPS.index(part.group)], shells=()),
            patient.lps_from_body,
        )
        for part in patient.parts
    ]
    _, painted = paint_parts(placed, grid)
    number_of = np.zeros(len(tissues.TISSUES), dtype=np.uint8)
    number_of[[tissues.TISSUES.index(each) for each in stand_ins]] = 1 + np.arange(len(GROUPS))
    numbers: Labels = number_of[painted]
    return numbers


def write_field(field: GroupField, path: Path) -> None:
    """Write a field as NRRD with three numbers a point, as viewers take displacements.

    Parameters
    ----------
    field : GroupField
        What to write.
    path : Path
        Ends in ``.nrrd``; replaced in one step.

    Raises
    ------
    OutputRefusedError
        If the path cannot be written.
    """
    image = sitk.GetImageFromArray(field.displacements_mm, isVector=True)
    steps = field.lps_from_index[:3, 2::-1]
    lengths = np.linalg.norm(steps, axis=0)
    image.SetSpacing(lengths.tolist())
    image.SetDirection((steps / lengths).ravel().tolist())
    image.SetOrigin(field.lps_from_index[:3, 3].tolist())
    with new_file(path) as draft:
        sitk.WriteImage(image, str(draft), useCompression=True)


def _middle_line(shape: Shape) -> Floats | None:
    """Find the corners (n, 3) of the first tube in a shape, its own frame, millimetres."""
    if isinstance(shape, Tube):
        return shape.points_mm
    if hasattr(shape, "parts"):
        lines = (_middle_line(part) for part in shape.parts)
        return next((line for line in lines if line is not None), None)
    return None


def landmarks(patient: Patient) -> dict[str, dict[str, Floats]]:
    """Name places that a reader can find again: the tumour, and the ends of tubes in their organ.

    Parameters
    ----------
    patient : Patient
        Whose they are.

    Returns
    -------
    dict of group to dict of label to (3,) array
        LPS of the planning scan, millimetres.
    """
    found: dict[str, dict[str, Floats]] = {group: {} for group in GROUPS}
    found["liver"]["tumour"] = patient.tumour_centre_mm
    seen: dict[str, int] = {}
    for part in patient.parts:
        line = _middle_line(part.shape)
        if line is None:
            continue
        seen[part.name] = seen.get(part.name, 0) + 1
        ends = line[[0, -1]]
        inside = signed_distance_mm(part.shape, ends) <= 0.0
        for end, point, is_inside in zip(("start", "end"), ends, inside, strict=True):
            if is_inside:
                place = moved_points(patient.lps_from_body, point)
                found[part.group][f"{part.name} {seen[part.name]} {end}"] = place
    return found


def truth_of_motion(
    motion: BodyMotion, patient: Patient, fields: dict[str, GroupField]
) -> dict[str, Any]:
    """Write down a motion for ``truth.json``.

    Parameters
    ----------
    motion : BodyMotion
        From the planning scan to the later one, LPS millimetres.
    patient : Patient
        Who moved.
    fields : dict of str to GroupField
        The fields that were written, by the name of their file.

    Returns
    -------
    dict
        JSON-ready: each file with its grid, and each landmark before and after.
    """
    pairs = point_pairs(motion, landmarks(patient))
    return {
        "fields": {
            name: {
                "group": field.group,
                "shape_kji": list(field.displacements_mm.shape[:3]),
                "planning_lps_from_index": field.lps_from_index.tolist(),
                "interpolation_misses_mm": field.between_mm,
            }
            for name, field in fields.items()
        },
        "pairs": [
            {
                "group": pair.group,
                "label": pair.label,
                "planning_lps_mm": pair.source_mm.tolist(),
                "moved_lps_mm": pair.target_mm.tolist(),
            }
            for pair in pairs
        ],
    }
