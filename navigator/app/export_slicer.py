"""The files of an export that 3D Slicer and ITK open."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from navigator.app.export_files import Written, file_stem
from navigator.io.images import write_image
from navigator.io.slicer import (
    needle_markup,
    point_markup,
    save_field_transform,
    save_markup,
    save_segments,
    save_transform,
)

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.app.export_inputs import ExportCase
    from navigator.io.structure_codes import CodedStructure
    from navigator.model.volume import Mask

SLICER, NIFTI = "3D Slicer", "3D Slicer, ITK-SNAP, any NIfTI reader"
ITK = "3D Slicer, ITK, SimpleITK, plastimatch"


def write_slicer_files(
    case: ExportCase, structures: tuple[CodedStructure, ...], written: Written
) -> None:
    """Write segmentation, masks, markups and transforms.

    Parameters
    ----------
    case : ExportCase
        The plan and its motions.
    structures : tuple of CodedStructure
        With a voxel each.
    written : Written
        Where to, and the list of files.
    """
    if structures:
        save = partial(save_segments, structures)
        written.add("slicer/structures.seg.nrrd", "segmentation", SLICER, save)
    for number, structure in enumerate(structures, start=1):
        name = f"slicer/masks/{file_stem(number, structure.name)}.nii.gz"
        written.add(name, f"mask of {structure.name}", NIFTI, partial(_save_mask, structure.mask))
    _write_markups(case, written)
    _write_transforms(case, written)


def _save_mask(mask: Mask, path: Path) -> None:
    """Write a mask: 1 inside, 0 elsewhere."""
    write_image(mask.members.astype(np.uint8), mask.grid.lps_from_index, path)


def _write_markups(case: ExportCase, written: Written) -> None:
    """Write needles as lines, entries and targets as points."""
    needles = case.plan.needles
    for number, needle in enumerate(needles, start=1):
        name = f"slicer/needle_{file_stem(number, needle.name)}.mrk.json"
        markup = needle_markup(needle.name, needle.trajectory)
        written.add(name, f"path of needle {needle.name}", SLICER, partial(save_markup, markup))
    entries = {each.name: each.trajectory.entry_mm for each in needles}
    targets = {each.name: each.trajectory.tip_mm for each in needles}
    for name, points in (("entries", entries), ("targets", targets)):
        save = partial(save_markup, point_markup(points))
        written.add(f"slicer/{name}.mrk.json", name, SLICER, save)


def _write_transforms(case: ExportCase, written: Written) -> None:
    """Write the motions: what lies in the first-named frame is moved to the second."""
    motions = {}
    if case.intraop_from_planning is not None:
        motions["planning_to_intraop"] = case.intraop_from_planning
    if case.plan.placement is not None:
        motions["plate_to_planning"] = case.plan.placement.lps_from_template
    if case.motion is not None and case.motion.field is not None:
        kind = "deformable transform that reads the intraoperative scan onto the planning scan"
        motion = case.motion.document.intraop_from_planning
        save = partial(save_field_transform, case.motion.field, motion)
        written.add("slicer/intraop_onto_planning.h5", kind, ITK, save)
    for name, motion in motions.items():
        for suffix in (".tfm", ".h5"):
            kind = f"transform that moves {name.replace('_', ' ')}"
            written.add(f"slicer/{name}{suffix}", kind, ITK, partial(save_transform, motion))
