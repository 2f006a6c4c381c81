"""Headers of MetaImage files (itk.org/Wiki/ITK/MetaIO/Documentation), read strictly.

Names are those of the format to the letter and stand once: other readers pass over ``offset`` in
small letters and put the image at the origin.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from navigator.io.stored import Announced, Packing
from navigator.io.textheader import header_lines, read_start, real_numbers, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.arrays import Floats

HEADER_END = re.compile(rb"(?m)^ElementDataFile[ \t]*=[ \t]*([^\n]*?)[ \t\r]*\n")
CODE_OF_TYPE = {
    "MET_CHAR": "i1",
    "MET_ASCII_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
PLACE = ("ElementSpacing", "TransformMatrix", "Offset")
OTHER_NAMES = ("Position", "Origin", "Orientation", "Rotation")
"""Older names of offset and matrix: beside the usual ones, which of them counts is a guess."""
PLAIN_VALUES = {
    "ObjectType": "Image", "BinaryData": "True", "HeaderSize": "0",
    "ElementToIntensityFunctionSlope": "1", "ElementToIntensityFunctionOffset": "0",
}  # fmt: skip
"""Fields of which one value only is read here; readers differ in what they make of another."""
NEEDED = ("NDims", "DimSize", "ElementType")
EXACT = {*PLACE, *OTHER_NAMES, *PLAIN_VALUES, *NEEDED}
UNIT_LENGTH_LIMIT = 1e-3
"""Decimal rounding of three digits; beyond it the matrix scales as well, and the
spacing is not what it says."""
TRUTH = {"True": True, "False": False}


def read_meta_header(path: Path) -> Announced:
    """Read what a MetaImage announces.

    Parameters
    ----------
    path : Path
        A regular file.

    Returns
    -------
    Announced
        Its voxels and their place.

    Raises
    ------
    ValueError
        If the header is damaged, contradicts itself, or names another file.
    """
    start = read_start(path)
    end = HEADER_END.search(start)
    if end is None:
        raise ValueError("the header has no end")
    if end.group(1) not in (b"LOCAL", b"Local", b"local"):
        raise ValueError("the header names another file for the voxels")
    fields = _fields(header_lines(start[: end.start()]))
    announced = _announced(fields, end.end())
    _check_packed_size(fields, path, end.end())
    return announced


def _fields(lines: list[str]) -> dict[str, str]:
    """Split a header into its fields."""
    fields: dict[str, str] = {}
    for line in lines[:-1]:  # behind the last line feed begins the line that ends the header
        name, found, value = (part.strip() for part in line.partition("="))
        if not found or not name:
            raise ValueError(f"the header has the line {line[:60]!r}")
        if name in fields:
            raise ValueError(f"the header has {name[:60]!r} twice")
        fields[name] = value
    by_letters = {name.lower() for name in (*PLACE, *OTHER_NAMES, *PLAIN_VALUES, *NEEDED)}
    odd = [name for name in fields if name.lower() in by_letters and name not in EXACT]
    if odd:
        raise ValueError(f"the header writes {odd[0]!r} in other letters than the format")
    for name, only in PLAIN_VALUES.items():
        if fields.get(name, only) != only:
            raise ValueError(f"{name} = {fields[name][:40]}, where only {only} is read here")
    return fields


def _announced(fields: Mapping[str, str], start: int) -> Announced:
    """Put the fields together."""
    for name in NEEDED:
        if name not in fields:
            raise ValueError(f"the header has no {name}")
    (dimension,) = whole_numbers(fields["NDims"], 1, "NDims")
    shape = whole_numbers(fields["DimSize"], dimension, "DimSize")
    (values,) = whole_numbers(fields.get("ElementNumberOfChannels", "1"), 1, "channels")
    absent = [f"no {name}" for name in PLACE if name not in fields]
    double = [name for name in OTHER_NAMES if name in fields and not absent]
    if double:
        raise ValueError(f"the header has {double[0]} beside {' and '.join(PLACE[1:])}")
    is_placed = dimension == 3 and not absent
    return Announced(
        shape_ijk=shape,
        stored=_stored(fields),
        values_a_voxel=values,
        kind=fields["ElementType"],
        start=start,
        packing=Packing.ZLIB if _truth(fields, "CompressedData") else Packing.NONE,
        lps_from_index=_affine(fields) if is_placed else np.eye(4),
        missing=", ".join(absent),
        unit=fields.get("DistanceUnits", ""),
        tags={name: value for name, value in fields.items() if name not in EXACT},
    )


def _truth(fields: Mapping[str, str], name: str) -> bool:
    """Read True or False; False where the field is absent."""
    word = fields.get(name, "False")
    if word not in TRUTH:
        raise ValueError(f"{name} = {word[:40]}, where True or False belongs")
    return TRUTH[word]


def _stored(fields: Mapping[str, str]) -> np.dtype[np.generic]:
    """Read type and byte order of one number."""
    code = CODE_OF_TYPE.get(fields["ElementType"])
    if code is None:
        raise ValueError(f"ElementType {fields['ElementType'][:40]} is not read here")
    names = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
    orders = {_truth(fields, name) for name in names if name in fields}
    if len(orders) > 1:
        raise ValueError("the header gives two byte orders")
    return np.dtype((">" if True in orders else "<") + code)


def _affine(fields: Mapping[str, str]) -> Floats:
    """Turn offset, matrix and spacing into an affine from (k, j, i, 1) to LPS millimetres."""
    spacing = np.asarray(real_numbers(fields["ElementSpacing"], 3, "ElementSpacing"))
    turn = np.reshape(real_numbers(fields["TransformMatrix"], 9, "TransformMatrix"), (3, 3))
    if not (spacing > 0).all():
        raise ValueError(f"ElementSpacing = {fields['ElementSpacing'][:60]}, where steps belong")
    if not np.abs(np.linalg.norm(turn, axis=1) - 1.0).max() <= UNIT_LENGTH_LIMIT:
        raise ValueError("TransformMatrix: directions that are not of length 1")
    affine = np.eye(4)
    # a row of the matrix is the direction of one axis
    affine[:3, :3] = (turn.T * spacing)[:, ::-1]
    affine[:3, 3] = real_numbers(fields["Offset"], 3, "Offset")
    return affine


def _check_packed_size(fields: Mapping[str, str], path: Path, start: int) -> None:
    """Compare the size of the compressed voxels with the file's."""
    if "CompressedDataSize" not in fields or not _truth(fields, "CompressedData"):
        return
    (size,) = whole_numbers(fields["CompressedDataSize"], 1, "CompressedDataSize")
    held = path.stat().st_size - start
    if size != held:
        raise ValueError(f"{held} compressed bytes instead of {size}")
