"""Real scans that hardware is put into: an even axial stack in Hounsfield units, or a refusal.

Only pixels and geometry are read; nothing else of a header goes any further.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.errors import InvalidDicomError
from pydicom.uid import CTImageStorage

from phantoms.arrays import Floats, Hounsfields, frozen_floats
from phantoms.errors import SourceRefusedError
from phantoms.painting import ScanGrid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

FILE_ENDINGS = (".nii", ".nii.gz", ".nrrd", ".mha", ".mhd")
LEAST_SLICES = 3
STEP_DRIFT_MM = 0.02
"""Slices may be off an even stack by this much, millimetres: rounded positions."""
AXIAL_DRIFT = 1e-4
"""Direction cosines may be off the axes by this much: 0.05 mm over a field of 500 mm."""
SPACING_MM = (0.2, 10.0)
AIR_HU, BODY_HU = -900, 100
"""A CT in Hounsfield units holds air, and something denser than water."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScan:
    """A real scan, its axes turned to run to the left, to the back and to the head.

    Parameters
    ----------
    values_hu : (k, j, i) int16 array
        Hounsfield units, read-only.
    grid : ScanGrid
        Where the voxels lie, LPS millimetres.
    files_sha256 : str
        Hash of the file; of a folder, hash of the sorted hashes of its files.
    """

    values_hu: Hounsfields
    grid: ScanGrid
    files_sha256: str

    @property
    def values_sha256(self) -> str:
        """Hash of the values, little-endian int16 in (k, j, i) order."""
        return hashlib.sha256(self.values_hu.astype("<i2").tobytes()).hexdigest()


def _refuse(where: Path, expected: str, got: str, next_step: str) -> NoReturn:
    """Refuse a scan as a source."""
    raise SourceRefusedError(
        "Nothing can be put into this scan",
        where=where.name,
        expected=expected,
        got=got,
        next_step=next_step,
    )


def read_source(path: Path) -> SourceScan:
    """Read a real scan from a folder of DICOM slices, or from one NIfTI, NRRD or MetaImage file.

    Parameters
    ----------
    path : Path
        A folder that holds one CT series and nothing else, or a file.

    Returns
    -------
    SourceScan
        In LPS as the files give it; axes are only reversed, never resampled.

    Raises
    ------
    SourceRefusedError
        If it is not there, cannot be decoded, or is not an even axial stack in Hounsfield units.
    """
    if path.is_dir():
        return _checked(path, _read_series(path))
    if not path.is_file() or not path.name.lower().endswith(FILE_ENDINGS):
        _refuse(path, f"a folder of DICOM slices, or a file ending in {', '.join(FILE_ENDINGS)}",
                "no such file" if not path.exists() else "another kind of file",
                "name a CT scan with --into")  # fmt: skip
    return _checked(path, _read_file(path))


_Read: TypeAlias = "tuple[NDArray[np.float64], Floats, float, str]"


def _read_file(path: Path) -> _Read:
    """Read values, affine, slice thickness and hash of one file."""
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        _refuse(path, "an image", str(error).strip().splitlines()[-1][:200], "check the file")
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        _refuse(path, "one number for each voxel of a volume",
                f"{image.GetDimension()} axes, {image.GetNumberOfComponentsPerPixel()} components",
                "name a CT scan")  # fmt: skip
    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    matrix = np.eye(4)
    matrix[:3, :3] = steps[:, ::-1]
    matrix[:3, 3] = image.GetOrigin()
    values = sitk.GetArrayFromImage(image).astype(np.float64)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    # such a file does not tell the thickness: slices that touch are the usual case
    return values, matrix, float(np.linalg.norm(matrix[:3, 0])), digest


def _read_series(folder: Path) -> _Read:
    """Read values, affine, slice thickness and hash of a folder of slices."""
    slices, digests = [], []
    for path in sorted(each for each in folder.iterdir() if each.is_file()):
        try:
            header = pydicom.dcmread(path)
        except (InvalidDicomError, OSError) as error:
            _refuse(folder, "DICOM slices only", f"a file that is none: {error}", "remove it")
        slices.append(header)
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    if len(slices) < LEAST_SLICES:
        _refuse(folder, f"at least {LEAST_SLICES} slices", str(len(slices)), "name a CT series")
    _check_one_series(folder, slices)
    slices.sort(key=lambda each: float(each.ImagePositionPatient[2]))
    positions = np.array([each.ImagePositionPatient for each in slices], dtype=np.float64)
    matrix = _series_affine(folder, slices[0], positions)
    values = np.stack([_decoded(folder, each) for each in slices])
    digest = hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()
    thickness = float(slices[0].get("SliceThickness") or np.linalg.norm(matrix[:3, 0]))
    return values, matrix, thickness, digest


def _check_one_series(folder: Path, slices: Sequence[Dataset]) -> None:
    """Refuse slices that are not single CT images of one series and one geometry."""
    names = ("SOPClassUID", "SeriesInstanceUID", "Rows", "Columns", "PixelSpacing",
             "ImageOrientationPatient", "SliceThickness", "RescaleType")  # fmt: skip
    for name in names:
        seen = sorted({str(each.get(name)) for each in slices})
        if len(seen) != 1:
            _refuse(folder, f"one {name}", f"{len(seen)} of them", "keep one series in the folder")
    first = slices[0]
    kind = (str(first.get("SOPClassUID", "")), str(first.get("Modality", "")))
    # pseudonymised series come with an empty class; the modality is then all there is
    if kind not in ((CTImageStorage, "CT"), ("", "CT")) or "LOCALIZER" in first.get(
        "ImageType", ""
    ):
        _refuse(folder, "CT slices, one image each", f"{kind[1]} {kind[0]}", "name a CT series")
    if str(first.get("RescaleType", "HU")) not in ("HU", "US", ""):
        _refuse(folder, "Hounsfield units", str(first.RescaleType), "name a CT series")
    needed = ("ImagePositionPatient", "PixelSpacing", "ImageOrientationPatient", "RescaleSlope")
    for name in needed:
        if any(each.get(name) is None for each in slices):
            _refuse(folder, f"a {name} in each slice", "none", "name a complete series")


def _series_affine(folder: Path, first: Dataset, positions: Floats) -> Floats:
    """Build the affine of an even stack (4, 4), millimetres, from (n, 3) positions."""
    along = np.array(first.ImageOrientationPatient, dtype=np.float64).reshape(2, 3)
    row_mm, column_mm = (float(each) for each in first.PixelSpacing)
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    even = positions[0] + np.multiply.outer(np.arange(len(positions)), step)
    drift = float(np.abs(positions - even).max())
    if not drift <= STEP_DRIFT_MM:
        _refuse(folder, f"slices within {STEP_DRIFT_MM} mm of an even stack", f"{drift:.3f} mm off",
                "name a series without gaps or repeated slices")  # fmt: skip
    matrix = np.eye(4)
    matrix[:3, :3] = np.column_stack([step, along[1] * row_mm, along[0] * column_mm])
    matrix[:3, 3] = positions[0]
    return matrix


def _decoded(folder: Path, header: Dataset) -> NDArray[np.float64]:
    """Decode one slice to Hounsfield units."""
    try:
        stored = header.pixel_array.astype(np.float64)
    except Exception as error:  # noqa: BLE001 - every decoder raises its own
        _refuse(folder, "slices that can be decoded", str(error)[:200], "check the files")
    return stored * float(header.RescaleSlope) + float(header.RescaleIntercept)


def _checked(path: Path, read: _Read) -> SourceScan:
    """Refuse what is no axial CT."""
    values, matrix, thickness, digest = read
    steps = matrix[:3, :3]
    lengths = np.linalg.norm(steps, axis=0)
    if not ((lengths >= SPACING_MM[0]) & (lengths <= SPACING_MM[1])).all():
        _refuse(path, f"spacings of {SPACING_MM[0]} to {SPACING_MM[1]} mm",
                f"{lengths.round(4).tolist()} mm", "name a CT scan")  # fmt: skip
    turned = np.abs(steps / lengths)[::-1]
    if not np.abs(turned - np.eye(3)).max() <= AXIAL_DRIFT:
        directions = (steps / lengths).round(4).tolist()
        _refuse(path, "axial slices along the axes", f"directions {directions}", "name another")
    if min(values.shape) < LEAST_SLICES:
        _refuse(
            path, f"{LEAST_SLICES} voxels or more along each axis", str(values.shape), "name a CT"
        )
    if not (values.min() <= AIR_HU and values.max() >= BODY_HU):
        wanted = f"Hounsfield units, from below {AIR_HU} to above {BODY_HU}"
        _refuse(path, wanted, f"{values.min():g} to {values.max():g}", "name a CT scan")
    return _turned(values, matrix, thickness, digest)


def _turned(
    values: NDArray[np.float64], matrix: Floats, thickness_mm: float, digest: str
) -> SourceScan:
    """Reverse axes until they run to the left, to the back and to the head."""
    steps = matrix[:3, :3]
    signs = np.sign(np.diag(steps[::-1]))
    origin = matrix[:3, 3] + steps @ np.where(signs < 0, np.array(values.shape) - 1.0, 0.0)
    flipped = values[tuple(slice(None, None, int(sign)) for sign in signs)]
    kept = np.clip(np.rint(flipped), -32768, 32767).astype(np.int16)
    kept.setflags(write=False)
    upright = np.eye(4)
    upright[:3, :3] = np.diag(np.linalg.norm(steps, axis=0))[::-1]
    upright[:3, 3] = origin
    shape = (int(kept.shape[0]), int(kept.shape[1]), int(kept.shape[2]))
    grid = ScanGrid(
        shape_kji=shape,
        lps_from_index=frozen_floats(upright, (4, 4), "lps_from_index"),
        thickness_mm=thickness_mm,
    )
    return SourceScan(values_hu=kept, grid=grid, files_sha256=digest)
