"""Image files other than DICOM: NRRD, NIfTI and MetaImage.

They are read by code of this package alone: a header of text or fixed fields, and numbers behind
it. What is written goes through SimpleITK.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from navigator.arrays import Floats, frozen_floats
from navigator.errors import FileRefusedError, GeometryRefusedError, InputRefusedError
from navigator.io.caps import check_regular_file
from navigator.io.metaimage import read_meta_header
from navigator.io.nifti import read_nifti_header
from navigator.io.nrrd import read_nrrd_header
from navigator.io.placing import check_place, place_findings
from navigator.io.saving import replaced_when_complete
from navigator.io.stored import Announced, read_voxels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from navigator.io.findings import Finding

NIFTI_SUFFIXES = (".nii.gz", ".nii")
SUFFIXES = (*NIFTI_SUFFIXES, ".nrrd", ".mha")
READERS = {".nrrd": read_nrrd_header, ".mha": read_meta_header} | dict.fromkeys(
    NIFTI_SUFFIXES, read_nifti_header
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFile:
    """What an image file holds.

    Parameters
    ----------
    values : (k, j, i) array
        As stored, any number type.
    lps_from_index : (4, 4) array
        Affine from (k, j, i, 1) to LPS millimetres.
    tags : mapping of str to str
        Keys and values of the header that the format itself gives no meaning.
    findings : tuple of Finding
        What a person should know about its place.
    """

    values: NDArray[Any]
    lps_from_index: Floats
    tags: Mapping[str, str]
    findings: tuple[Finding, ...]


def image_suffix(path: Path) -> str:
    """Find the image suffix of a file name.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    str
        One of the known suffixes, or empty.

    Examples
    --------
    >>> from pathlib import Path
    >>> image_suffix(Path("Liver.NII.GZ"))
    '.nii.gz'
    """
    name = path.name.lower()
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")


def read_image(path: Path) -> ImageFile:
    """Read an image file of three dimensions with its place in LPS.

    Parameters
    ----------
    path : Path
        .nrrd, .nii, .nii.gz or .mha.

    Returns
    -------
    ImageFile
        Values with axes (k, j, i) and their affine.

    Raises
    ------
    FileRefusedError
        If it is not there, of another kind, or not readable.
    GeometryRefusedError
        If it is not one grey 3D image, or does not say where it lies.
    """
    if not image_suffix(path):
        raise FileRefusedError(
            code="unknown-format",
            what="The file is of a kind that is not read here",
            where=str(path),
            expected=f"a DICOM folder, or one of {', '.join(SUFFIXES)}",
            got=path.suffix or "no suffix",
            next_step="export the scan as DICOM or .nrrd",
        )
    check_regular_file(path)
    suffix = image_suffix(path)
    try:
        announced = READERS[suffix](path)
        _check_shape(path, announced)
        affine = frozen_floats(announced.lps_from_index, (4, 4), "lps_from_index")
        check_place(path, missing=announced.missing, unit=announced.unit, lps_from_index=affine)
        values = read_voxels(path, announced)
    except InputRefusedError:
        raise
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise FileRefusedError(
            code="unreadable-file",
            what="The image file is not whole, or its header is not what it should be",
            where=str(path),
            expected=f"one whole {suffix} file, its voxels behind its header",
            got=(str(error).splitlines() or ["damage"])[0][:200],
            next_step="copy or export the file again, as one file",
        ) from error
    return ImageFile(
        values=values,
        lps_from_index=affine,
        tags=announced.tags,
        findings=(*announced.findings, *place_findings(affine)),
    )


def _check_shape(path: Path, announced: Announced) -> None:
    """Refuse what is not one grey number a voxel in three dimensions."""
    dimensions, values = len(announced.shape_ijk), announced.values_a_voxel
    if dimensions == 3 and values == 1:
        return
    raise GeometryRefusedError(
        code="not-one-3d-image",
        what="The file does not hold one 3D image of single values",
        where=str(path),
        expected="3 dimensions, 1 value a voxel",
        got=f"{dimensions} dimensions, {values} values a voxel, {announced.kind}",
        next_step="export one time point or one layer as a 3D image",
    )


def write_image(values: NDArray[Any], lps_from_index: Floats, path: Path) -> None:
    """Write an image file as a whole or not at all.

    Parameters
    ----------
    values : (k, j, i) array
        Any number type that the format knows.
    lps_from_index : (4, 4) array
        Affine with orthogonal axes, LPS millimetres.
    path : Path
        .nrrd, .nii, .nii.gz or .mha; replaced if there.

    Raises
    ------
    FileRefusedError
        If the suffix is another, or the folder cannot be written.
    """
    if image_suffix(path) not in SUFFIXES:
        raise FileRefusedError(
            code="unknown-format",
            what="The image cannot be written in this format",
            where=str(path),
            expected=f"one of {', '.join(SUFFIXES)}",
            got=path.suffix or "no suffix",
            next_step="choose another file name",
        )
    image = placed_image(values, lps_from_index)
    with replaced_when_complete(path, image_suffix(path)) as temporary:
        try:
            sitk.WriteImage(image, str(temporary), useCompression=True, compressionLevel=1)
        except RuntimeError as error:
            raise OSError(last_line(str(error))) from error


def placed_image(
    values: NDArray[Any], lps_from_index: Floats, *, is_vector: bool = False
) -> sitk.Image:
    """Give values their place, as ITK has it.

    Parameters
    ----------
    values : (k, j, i) or (k, j, i, 3) array
        Numbers, or vectors.
    lps_from_index : (4, 4) array
        Affine with orthogonal axes, LPS millimetres.
    is_vector : bool
        Whether the last axis holds the components of vectors.

    Returns
    -------
    SimpleITK.Image
        With origin, spacing and directions.
    """
    spacing = np.linalg.norm(lps_from_index[:3, :3], axis=0)
    image = sitk.GetImageFromArray(values, isVector=is_vector)
    image.SetOrigin(lps_from_index[:3, 3].tolist())
    image.SetSpacing(spacing[::-1].tolist())
    image.SetDirection((lps_from_index[:3, :3] / spacing)[:, ::-1].ravel().tolist())
    return image


def last_line(text: str) -> str:
    r"""Take the reason out of a report of several lines.

    Parameters
    ----------
    text : str
        What a native library reported.

    Returns
    -------
    str
        Its last line that says something, shortened.

    Examples
    --------
    >>> last_line("Exception thrown\nsitk::ERROR: Unable to determine ImageIO reader\n\n")
    'sitk::ERROR: Unable to determine ImageIO reader'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no reason given"
