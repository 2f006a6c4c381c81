"""Motions as ITK transform files.

ITK keeps the way in which an image is resampled: a point of the *fixed* image goes in, the point
of the *moving* image that belongs there comes out. To move something from `source` to `target`,
fixed is the target: the file holds ``source_from_target``, the inverse of the way in which points
go. 3D Slicer turns it round on loading, so that what is put under the transform moves from
`source` to `target`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from navigator.errors import FileRefusedError
from navigator.io.images import last_line, placed_image
from navigator.io.saving import replaced_when_complete
from navigator.io.slicer.hdf5_times import without_times

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.geometry.rigid import RigidTransform
    from navigator.model.displacement import DisplacementField

SUFFIXES = (".tfm", ".h5")


def save_transform(target_from_source: RigidTransform, path: Path) -> None:
    """Write the transform that moves things from the source to the target frame.

    Parameters
    ----------
    target_from_source : RigidTransform
        Carries points of the source to the target, LPS millimetres.
    path : Path
        .tfm or .h5; replaced if there. Holds the inverse, as ITK wants it.

    Raises
    ------
    FileRefusedError
        If the suffix is another, or the file cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise FileRefusedError(
            code="unknown-format",
            what="The transform cannot be written in this format",
            where=str(path),
            expected=f"one of {', '.join(SUFFIXES)}",
            got=path.suffix or "no suffix",
            next_step="choose another file name",
        )
    _write(_affine(target_from_source.inverse()), path)


def save_field_transform(
    field: DisplacementField, intraop_from_planning: RigidTransform, path: Path
) -> None:
    """Write the transform that reads the intraoperative scan onto the planning scan.

    A point of the planning scan, the fixed image, goes through the field and then through the
    rigid motion; beyond the field's grid through the rigid motion alone.

    Parameters
    ----------
    field : DisplacementField
        Within the planning frame.
    intraop_from_planning : RigidTransform
        What follows it.
    path : Path
        .h5; replaced if there.

    Raises
    ------
    FileRefusedError
        If the file cannot be written.
    """
    vectors = field.vectors_mm.astype(np.float64)
    image = placed_image(vectors, field.grid.lps_from_index, is_vector=True)
    both = sitk.CompositeTransform(3)
    # ITK applies the last one first
    both.AddTransform(_affine(intraop_from_planning))
    both.AddTransform(sitk.DisplacementFieldTransform(image))
    _write(both, path)


def _affine(motion: RigidTransform) -> sitk.AffineTransform:
    """Write a motion as ITK's matrix and shift."""
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(motion.rotation.ravel().tolist())
    transform.SetTranslation((motion.shift_mm + 0.0).tolist())
    return transform


def _write(transform: sitk.Transform, path: Path) -> None:
    """Write a transform as a whole or not at all, without the time of day."""
    with replaced_when_complete(path, path.suffix) as temporary:
        try:
            sitk.WriteTransform(transform, str(temporary))
            if path.suffix == ".h5":
                temporary.write_bytes(without_times(temporary.read_bytes()))
            sitk.ReadTransform(str(temporary))
        except RuntimeError as error:
            raise OSError(last_line(str(error))) from error
