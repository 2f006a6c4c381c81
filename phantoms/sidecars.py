"""What stands beside the scans of a case: the label map as NRRD and the truth as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from phantoms.files import new_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from phantoms.arrays import Floats, Labels


def write_label_map(labels: Labels, lps_from_index: Floats, path: Path) -> None:
    """Write labels as NRRD on their own grid.

    Parameters
    ----------
    labels : (k, j, i) uint8 array
        The labels.
    lps_from_index : (4, 4) array
        Where they lie, millimetres.
    path : Path
        Ends in ``.nrrd``; replaced in one step.

    Raises
    ------
    OutputRefusedError
        If the path cannot be written.
    """
    image = sitk.GetImageFromArray(labels)
    steps = lps_from_index[:3, 2::-1]
    lengths = np.linalg.norm(steps, axis=0)
    image.SetSpacing(lengths.tolist())
    image.SetDirection((steps / lengths).ravel().tolist())
    image.SetOrigin(lps_from_index[:3, 3].tolist())
    with new_file(path) as draft:
        sitk.WriteImage(image, str(draft), useCompression=True)


def label_volumes_ml(
    labels: Labels, lps_from_index: Floats, names: Mapping[str, int]
) -> dict[str, float]:
    """Measure the volume of each label by counting voxels.

    Parameters
    ----------
    labels : (k, j, i) uint8 array
        The labels.
    lps_from_index : (4, 4) array
        Where they lie, millimetres.
    names : mapping of str to int
        Name to value.

    Returns
    -------
    dict of str to float
        Label name to millilitres.
    """
    voxel_ml = abs(float(np.linalg.det(lps_from_index[:3, :3]))) / 1000.0
    counts = np.bincount(labels.ravel(), minlength=max(names.values()) + 1)
    return {name: float(counts[value]) * voxel_ml for name, value in names.items()}


def write_truth(truth: Mapping[str, Any], path: Path) -> None:
    """Write a truth as JSON.

    Parameters
    ----------
    truth : mapping
        See :func:`phantoms.truth.truth_of_case`.
    path : Path
        Replaced in one step.

    Raises
    ------
    ValueError
        If a number is not finite.
    OutputRefusedError
        If the path cannot be written.
    """
    text = json.dumps(truth, indent=1, allow_nan=False) + "\n"
    with new_file(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
