"""Image files other than DICOM: NRRD, NIfTI and MetaImage, read and written through SimpleITK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from navigator.arrays import Floats, frozen_floats
from navigator.errors import FileRefusedError, GeometryRefusedError
from navigator.io.embedded import check_embedded_whole
from navigator.io.itk import ReaderComplaint, last_line, read_with_itk
from navigator.io.nifti import check_nifti_whole
from navigator.io.placing import check_place, place_findings
from navigator.io.saving import replaced_when_complete

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from navigator.io.findings import Finding

NIFTI_SUFFIXES = (".nii.gz", ".nii")
SUFFIXES = (*NIFTI_SUFFIXES, ".nrrd", ".mha")


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
        The header's keys and values.
    warnings : tuple of str
        What ITK warned of while reading.
    findings : tuple of Finding
        What a person should know about its place.
    """

    values: NDArray[Any]
    lps_from_index: Floats
    tags: Mapping[str, str]
    warnings: tuple[str, ...]
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
    if image_suffix(path) in NIFTI_SUFFIXES:
        check_nifti_whole(path)
    else:
        check_embedded_whole(path)
    try:
        image, tags, warnings = read_with_itk(path)
    except ReaderComplaint as complaint:
        raise FileRefusedError(
            code="unreadable-file",
            what="The image file cannot be read",
            where=str(path),
            expected=f"a complete {image_suffix(path)} image with orthogonal axes",
            got=str(complaint),
            next_step="copy or export the file again",
        ) from complaint
    _check_shape(path, image)
    suffix, affine = image_suffix(path), _affine_of(image)
    check_place(path, suffix, tags, affine)
    return ImageFile(
        values=sitk.GetArrayFromImage(image),
        lps_from_index=affine,
        tags=tags,
        warnings=warnings,
        findings=place_findings(path, suffix, affine),
    )


def _check_shape(path: Path, image: Any) -> None:  # noqa: ANN401 - SimpleITK ships no types
    """Refuse what is not one grey number a voxel in three dimensions."""
    components, dimensions = image.GetNumberOfComponentsPerPixel(), image.GetDimension()
    is_complex = "complex" in image.GetPixelIDTypeAsString()
    if dimensions == 3 and components == 1 and not is_complex:
        return
    raise GeometryRefusedError(
        code="not-one-3d-image",
        what="The file does not hold one 3D image of single values",
        where=str(path),
        expected="3 dimensions, 1 value a voxel",
        got=f"{dimensions} dimensions, {components} values, {image.GetPixelIDTypeAsString()}",
        next_step="export one time point or one layer as a 3D image",
    )


def _affine_of(image: Any) -> Floats:  # noqa: ANN401 - SimpleITK ships no types
    """Turn origin, spacing and direction of (i, j, k) into an affine of (k, j, i)."""
    direction = np.reshape(image.GetDirection(), (3, 3))
    affine = np.eye(4)
    affine[:3, :3] = (direction * np.asarray(image.GetSpacing()))[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return frozen_floats(affine, (4, 4), "lps_from_index")


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
    spacing = np.linalg.norm(lps_from_index[:3, :3], axis=0)
    image = sitk.GetImageFromArray(values)
    image.SetOrigin(lps_from_index[:3, 3].tolist())
    image.SetSpacing(spacing[::-1].tolist())
    image.SetDirection((lps_from_index[:3, :3] / spacing)[:, ::-1].ravel().tolist())
    with replaced_when_complete(path, image_suffix(path)) as temporary:
        try:
            sitk.WriteImage(image, str(temporary), useCompression=True, compressionLevel=1)
        except RuntimeError as error:
            raise OSError(last_line(str(error))) from error
