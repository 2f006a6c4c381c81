"""What stands beside the scans of a case: the label map as NRRD and the truth as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from phantoms.files import new_file
from phantoms.tissues import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from phantoms.arrays import Floats, Labels
    from phantoms.scans import SyntheticScan


def write_labels(scan: SyntheticScan, path: Path) -> None:
    """Write a scan's label map as NRRD on the scan's own grid.

    Parameters
    ----------
    scan : SyntheticScan
        A scan made with labels.
    path : Path
        Ends in ``.nrrd``; replaced in one step.

    Raises
    ------
    ValueError
        If the scan carries no labels.
    OutputRefusedError
        If the path cannot be written.
    """
    if scan.labels is None:
        raise ValueError("write_labels: expected a scan made with labels, got labels=None")
    write_label_map(scan.labels, scan.lps_from_index, path)


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


def label_volumes_ml(scan: SyntheticScan) -> dict[str, float]:
    """Measure the volume of each label by counting voxels.

    Parameters
    ----------
    scan : SyntheticScan
        A scan made with labels.

    Returns
    -------
    dict of str to float
        Label name to millilitres.

    Raises
    ------
    ValueError
        If the scan carries no labels.
    """
    if scan.labels is None:
        raise ValueError("label_volumes_ml: expected a scan made with labels, got labels=None")
    voxel_ml = abs(float(np.linalg.det(scan.lps_from_index[:3, :3]))) / 1000.0
    counts = np.bincount(scan.labels.ravel(), minlength=max(LABELS.values()) + 1)
    return {name: float(counts[value]) * voxel_ml for name, value in LABELS.items()}


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
