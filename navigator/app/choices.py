"""Scans and structures as a command names them: a path, and which part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.io.structures import load_mask

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.model.volume import Grid, Mask


@dataclass(frozen=True, slots=True)
class MaskChoice:
    """A structure in a file.

    Parameters
    ----------
    path : Path
        Label map.
    label : str
        Label value, or the name of a segment.
    """

    path: Path
    label: str


@dataclass(frozen=True, slots=True)
class ScanChoice:
    """A scan in a file or folder.

    Parameters
    ----------
    path : Path
        DICOM folder or image file.
    series_uid : str or None
        Which series of a folder that holds several.
    """

    path: Path
    series_uid: str | None = None


def load_choice(choice: MaskChoice, grid: Grid | None) -> Mask:
    """Read a structure.

    Parameters
    ----------
    choice : MaskChoice
        File and label.
    grid : Grid or None
        Voxels on which it must lie; None takes the file's own.

    Returns
    -------
    Mask
        At least one voxel.

    Raises
    ------
    InputRefusedError
        If the file, its grid or the label cannot be used.
    """
    label = int(choice.label) if choice.label.isdecimal() else choice.label
    return load_mask(choice.path, label=label, grid=grid)
