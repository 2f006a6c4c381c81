"""Headers of NIfTI files (nifti1.h, nifti2.h): which voxels they announce, and where these lie."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.io.caps import MOST_NIFTI_EXTENSION_BYTES
from navigator.io.findings import Finding, Severity
from navigator.io.nifti_transforms import LPS_FROM_RAS, transforms_from_header
from navigator.io.nifti_versions import HEADER_BYTES, order_and_version
from navigator.io.stored import Announced, Packing, inflate_start

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.arrays import Floats
    from navigator.io.nifti_transforms import NiftiTransforms

DTYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
}
"""Codes of grey values; the others are complex numbers, colours, bits and quadruple precision."""
SEVERAL_VALUES = {32: ("f4", 2), 1792: ("f8", 2), 128: ("u1", 3), 2304: ("u1", 4)}
HEADER_BYTES_OF = {version: size for size, version in HEADER_BYTES.items()}
MAGIC = {1: b"n+1\0", 2: b"n+2\0\r\n\x1a\n"}
"""Of one file that holds header and voxels."""
SPACING_LIMIT = 1e-3
"""Relative: pixdim and the columns of an sform are float32, and some writers round to 4 digits."""
SKEW_LIMIT = 1e-4
"""Of the cosine between two axes: 0.03 mm over 300 mm."""
UNITS = {0: "", 2: "", 1: "metres", 3: "micrometres"}
NIFTI_MM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """The numbers of either version of the header, in file order where they are arrays."""

    dimensions: tuple[int, ...]
    datatype: int
    bits: int
    start: float
    slope: float
    intercept: float
    pixdim: tuple[float, ...]


def read_nifti_header(path: Path) -> Announced:
    """Read what a NIfTI file announces.

    Parameters
    ----------
    path : Path
        .nii or .nii.gz, a regular file.

    Returns
    -------
    Announced
        Its voxels and their place.

    Raises
    ------
    ValueError, struct.error, zlib.error
        If the header is damaged or contradicts itself.
    """
    is_packed = path.name.lower().endswith(".gz")
    with path.open("rb") as stream:
        size = max(HEADER_BYTES)
        header = inflate_start(stream, size) if is_packed else stream.read(size)
    fields = _fields(header)
    shape = _shape(fields)
    code, values = SEVERAL_VALUES.get(fields.datatype, (DTYPES.get(fields.datatype, ""), 1))
    if not code or np.dtype(code).itemsize * 8 * values != fields.bits:
        raise ValueError(f"data type {fields.datatype} of {fields.bits} bits is not read here")
    order, _ = order_and_version(header)
    transforms = transforms_from_header(header)
    affine, missing = np.eye(4), ""
    if len(shape) == 3:
        affine, missing = _affine_and_missing(transforms)
    return Announced(
        shape_ijk=shape,
        stored=np.dtype(order + code),
        values_a_voxel=values,
        kind=f"data type {fields.datatype}",
        start=int(fields.start),
        packing=Packing.GZIP if is_packed else Packing.NONE,
        is_packed_whole=is_packed,
        lps_from_index=affine,
        missing=missing,
        unit=UNITS.get(transforms.length_unit, f"length unit code {transforms.length_unit}"),
        findings=_findings(transforms, affine, fields.pixdim),
        rescale=_rescale(fields),
    )


def _fields(header: bytes) -> _Fields:
    """Read the numbers of the header, and check that they are one."""
    order, version = order_and_version(header)
    if version == 1:
        layouts = {"8h": 40, "2h": 70, "8f": 76, "3f": 108, "4s": 344}
    else:
        layouts = {"8q": 16, "2h": 12, "8d": 104, "q2d": 168, "8s": 4}
    dimensions, (datatype, bits), pixdim, (start, slope, intercept), (magic,) = (
        struct.unpack_from(order + kind, header, place) for kind, place in layouts.items()
    )
    if magic != MAGIC[version]:
        raise ValueError(f"the header is marked {magic!r} and not {MAGIC[version]!r}")
    least = HEADER_BYTES_OF[version] + 4
    if not (least <= start <= least + MOST_NIFTI_EXTENSION_BYTES and start == int(start)):
        raise ValueError(f"the header puts the voxels at byte {start}, before or far behind it")
    return _Fields(
        dimensions=dimensions,
        datatype=datatype,
        bits=bits,
        start=start,
        slope=slope,
        intercept=intercept,
        pixdim=pixdim,
    )


def _shape(fields: _Fields) -> tuple[int, ...]:
    """Read the voxels along each axis; axes of one voxel behind the third are none."""
    count = fields.dimensions[0]
    counts = fields.dimensions[1 : 1 + count]
    if not (0 < count <= 7 and min(counts) > 0):
        raise ValueError(f"the header announces {list(fields.dimensions)} voxels")
    while len(counts) > 3 and counts[-1] == 1:
        counts = counts[:-1]
    return counts


def _rescale(fields: _Fields) -> tuple[float, float] | None:
    """Read slope and intercept; a slope of 0, or none, means values as they are."""
    slope, intercept = fields.slope, fields.intercept
    if math.isnan(slope) and (math.isnan(intercept) or intercept == 0):
        return None
    if not (math.isfinite(slope) and math.isfinite(intercept)) or (slope == 0 != intercept):
        # readers differ: some leave the values, some add the intercept
        raise ValueError(f"the header scales values by {slope} and adds {intercept}")
    return None if (slope, intercept) in ((0.0, 0.0), (1.0, 0.0)) else (slope, intercept)


def _affine_and_missing(transforms: NiftiTransforms) -> tuple[Floats, str]:
    """Choose a transform, turn it to LPS and (k, j, i), and say what it lacks."""
    ras_from_ijk = transforms.chosen
    if ras_from_ijk is None:
        return np.eye(4), "qform_code 0 and sform_code 0"
    if not np.isfinite(ras_from_ijk).all():
        raise ValueError("the place in the header is no number")
    with np.errstate(all="ignore"):
        columns = ras_from_ijk[:3, :3] / np.linalg.norm(ras_from_ijk[:3, :3], axis=0)
        skew = np.abs(columns.T @ columns - np.eye(3)).max()
    affine: Floats = (LPS_FROM_RAS @ ras_from_ijk)[:, [2, 1, 0, 3]]
    return affine, "" if skew <= SKEW_LIMIT else "an sform whose axes are not orthogonal"


def _findings(
    transforms: NiftiTransforms, affine: Floats, pixdim: tuple[float, ...]
) -> tuple[Finding, ...]:
    """Say what a person should know about the place."""
    findings = list(transforms.findings(affine))
    if transforms.length_unit == 0:
        findings.append(UNIT_UNKNOWN)
    spacing_mm = np.linalg.norm(affine[:3, 2::-1], axis=0)
    with np.errstate(all="ignore"):
        off = np.abs(spacing_mm / np.abs(np.asarray(pixdim[1:4])) - 1.0).max()
    if transforms.chosen is not None and not off <= SPACING_LIMIT:
        findings.append(_two_spacings(spacing_mm, pixdim))
    return tuple(findings)


def _two_spacings(spacing_mm: Floats, pixdim: tuple[float, ...]) -> Finding:
    """Ask about steps that the header gives twice, and differently."""
    return Finding(
        code="nifti-spacings-disagree",
        severity=Severity.CONFIRM,
        what="The header gives the voxels two sizes (pixdim and sform)",
        expected=f"two that agree within {SPACING_LIMIT:.1%}",
        got=f"pixdim {[float(f'{value:.6g}') for value in pixdim[1:4]]}, sform "
        f"{spacing_mm.round(6).tolist()}; the sform was used",
        next_step="export the scan again from the original DICOM series, or check a length in it",
    )


UNIT_UNKNOWN = Finding(
    code="length-unit-unknown",
    severity=Severity.NOTE,
    what="The header does not say in which unit lengths are; millimetres were assumed",
    expected=f"length unit code {NIFTI_MM} (mm)",
    got="code 0 (unknown)",
    next_step="nothing if the spacing is that of the scan",
)
