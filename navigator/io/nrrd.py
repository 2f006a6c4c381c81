"""Headers of NRRD files (teem.sourceforge.net/nrrd/format.html), read strictly.

Every field at most once, only fields that the format knows, and voxels in the same file as they
are or as one gzip stream.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import numpy as np

from navigator.io.placing import MILLIMETRES
from navigator.io.stored import Announced, Packing
from navigator.io.textheader import header_lines, read_start, real_numbers, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.arrays import Floats

HEADER_END = re.compile(rb"\r?\n\r?\n")
MAGIC = re.compile(r"NRRD000[1-6]")
KEY_VALUE, FIELD = ":=", ": "
NUMBER_KINDS = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": (
        *("longlong", "long long", "long long int", "signed long long"),
        *("signed long long int", "int64", "int64_t"),
    ),
    "u8": (
        *("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    ),
    "f4": ("float",),
    "f8": ("double",),
}  # fmt: skip
CODE_OF_TYPE = {word: code for code, words in NUMBER_KINDS.items() for word in words}
PACKINGS = {"raw": Packing.NONE, "gzip": Packing.GZIP, "gz": Packing.GZIP}
BYTE_ORDERS = {"little": "<", "big": ">"}
LPS_FROM_SPACE = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
}
"""The spaces whose axes lie along the patient's; in any other the place is unknown."""
SHORT_SPACES = {"lps": "left-posterior-superior", "ras": "right-anterior-superior"}
SHORT_SPACES |= {"las": "left-anterior-superior"}
SPACE_KINDS = ("domain", "space", "???")
"""Kinds of an axis that may run through space; an axis without a kind has to have a vector."""
WITHOUT_MEANING_HERE = {
    *("content", "min", "max", "oldmin", "oldmax", "number", "labels", "axismins", "axismaxs"),
    *("centers", "centerings", "thicknesses", "measurementframe", "sampleunits", "spacings"),
    *("blocksize", "spacedimension"),
}
"""Fields of the format that place no voxel once there are space directions."""
WITH_MEANING = {
    *("type", "dimension", "sizes", "encoding", "endian", "space", "spacedirections"),
    *("spaceorigin", "spaceunits", "units", "kinds", "byteskip", "lineskip", "datafile"),
}
VECTORS = re.compile(r"(none|\([^()]*\))(\s+(none|\([^()]*\)))*")


def read_nrrd_header(path: Path) -> Announced:
    """Read what an NRRD file announces.

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
    if not start.startswith(b"NRRD"):
        raise ValueError("the file does not begin as an NRRD file")
    lines = header_lines(start[: end.start() if end else None])
    fields, tags = _fields_and_tags(lines)
    if end is None or "datafile" in fields:
        raise ValueError(
            "the header names another file for the voxels"
            if "datafile" in fields
            else "the header has no end"
        )
    return _announced(fields, tags, end.end())


def _fields_and_tags(lines: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Split a header into the format's fields and a writer's own keys."""
    if not lines or not MAGIC.fullmatch(lines[0]):
        raise ValueError(f"the first line is {lines[0][:40]!r}" if lines else "the header is empty")
    fields: dict[str, str] = {}
    tags: dict[str, str] = {}
    for line in lines[1:]:
        if line.startswith("#"):
            continue
        key, is_tag, value = line.partition(KEY_VALUE)
        if is_tag and FIELD not in key:
            _put_once(tags, key, _unescaped(value))
            continue
        # "datafile:" may end its line: a list of names follows
        name, found, value = line.partition(":")
        known = re.sub(r"\s", "", name).lower()
        if not found or known not in WITH_MEANING | WITHOUT_MEANING_HERE:
            raise ValueError(f"the header has the line {line[:60]!r}, which is none of the format")
        _put_once(fields, known, value.strip())
        if known == "datafile":
            break
    return fields, tags


def _put_once(into: dict[str, str], key: str, value: str) -> None:
    """Keep a value, and refuse a second one."""
    if key in into:
        raise ValueError(f"the header has {key[:60]!r} twice")
    into[key] = value


def _unescaped(value: str) -> str:
    r"""Turn ``\n`` and ``\\`` of a key's value back."""
    return re.sub(r"\\(n|\\)", lambda found: "\n" if found[1] == "n" else "\\", value)


def _announced(fields: Mapping[str, str], tags: dict[str, str], start: int) -> Announced:
    """Put the fields together."""
    for name in ("type", "dimension", "sizes", "encoding"):
        if name not in fields:
            raise ValueError(f"the header has no {name}")
    (dimension,) = whole_numbers(fields["dimension"], 1, "dimension")
    sizes = whole_numbers(fields["sizes"], dimension, "sizes")
    for name in ("byteskip", "lineskip"):
        if whole_numbers(fields.get(name, "0"), 1, name) != (0,):
            raise ValueError(f"{name} {fields[name]}: the voxels do not follow the header")
    vectors = _vectors(fields, dimension)
    lists = [size for size, vector in zip(sizes, vectors, strict=True) if vector is None]
    is_layered = dimension == 4 and len(lists) == 1 and vectors[0] is None
    missing = _missing(fields, vectors[1:] if is_layered else vectors)
    return Announced(
        shape_ijk=sizes[1:] if is_layered else sizes,
        stored=_stored(fields),
        values_a_voxel=sizes[0] if is_layered else 1,
        kind=fields["type"],
        start=start,
        packing=_packing(fields["encoding"]),
        lps_from_index=np.eye(4) if missing else _affine(fields, vectors),
        missing=missing,
        unit=_unit(fields),
        tags=tags,
    )


def _stored(fields: Mapping[str, str]) -> np.dtype[np.generic]:
    """Read type and byte order of one number."""
    code = CODE_OF_TYPE.get(fields["type"].lower())
    if code is None:
        raise ValueError(f"type {fields['type'][:40]!r} is none of the numbers that are read here")
    if code.endswith("1"):
        return np.dtype(code)
    order = BYTE_ORDERS.get(fields.get("endian", "").lower())
    if order is None:
        raise ValueError(f"endian: {fields.get('endian', 'missing')!r} where little or big belongs")
    return np.dtype(order + code)


def _packing(encoding: str) -> Packing:
    """Read how the voxels are compressed."""
    packing = PACKINGS.get(encoding.lower())
    if packing is None:
        raise ValueError(f"encoding {encoding[:40]!r}: raw and gzip are read here")
    return packing


def _vectors(fields: Mapping[str, str], dimension: int) -> list[Floats | None]:
    """Read one vector for each axis; None for an axis that does not run through space."""
    text = fields.get("spacedirections", "")
    if not text:
        return [None] * dimension
    if "spacings" in fields:
        raise ValueError("the header has spacings beside space directions")
    words = re.findall(r"none|\([^()]*\)", text)
    if not VECTORS.fullmatch(text) or len(words) != dimension:
        raise ValueError(f"space directions: {text[:120]!r} for {dimension} axes")
    return [None if word == "none" else _vector(word, "space directions") for word in words]


def _vector(text: str, name: str) -> Floats:
    """Read a vector ``(x,y,z)``."""
    if not (text.startswith("(") and text.endswith(")") and text.count(",") == 2):
        raise ValueError(f"{name}: {text[:80]!r} where (x,y,z) belongs")
    return np.asarray(real_numbers(text[1:-1].replace(",", " "), 3, name))


def _missing(fields: Mapping[str, str], vectors: list[Floats | None]) -> str:
    """Find what the header lacks of a place: a space, its origin, or an axis of it."""
    space = _space(fields)
    if space not in LPS_FROM_SPACE:
        return f"space: {fields.get('space', 'none')}"
    if any(vector is None for vector in vectors):
        return f"space directions: {fields.get('spacedirections', 'none')}"
    if "spaceorigin" not in fields:
        return "no space origin"
    kinds = fields.get("kinds", "").split()[-len(vectors) :]
    return "" if set(kinds) <= set(SPACE_KINDS) else f"kinds: {' '.join(kinds)}"


def _space(fields: Mapping[str, str]) -> str:
    """Name the space in full."""
    space = fields.get("space", "").lower()
    return SHORT_SPACES.get(space, space)


def _affine(fields: Mapping[str, str], vectors: list[Floats | None]) -> Floats:
    """Turn vectors and origin into an affine from (k, j, i, 1) to LPS millimetres."""
    columns = [vector for vector in vectors if vector is not None]
    affine = np.eye(4)
    if len(columns) != 3:
        return affine  # refused for its dimensions
    affine[:3, :3] = np.stack(columns[::-1], axis=1)
    affine[:3, 3] = _vector(fields["spaceorigin"], "space origin")
    affine[:3] *= np.asarray(LPS_FROM_SPACE[_space(fields)])[:, None]
    return affine


def _unit(fields: Mapping[str, str]) -> str:
    """Find the first unit that is not the millimetre."""
    written = f"{fields.get('spaceunits', '')} {fields.get('units', '')}"
    try:
        units = shlex.split(written)
    except ValueError:
        return written
    return next((unit for unit in units if unit.lower() not in MILLIMETRES), "")
