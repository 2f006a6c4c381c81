"""Segmentations with overlaps as 3D Slicer stores them: .nrrd whose first axis counts layers.

The format is described at https://teem.sourceforge.net/nrrd/format.html; of it only what Slicer
writes is read: voxels behind the header, as they are or as one gzip stream.
"""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.arrays import Floats, frozen_floats
from navigator.errors import FileRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

HEADER_BYTES = 262_144
MOST_BYTES = 2**30
"""Ten layers of 512 x 512 x 400, a byte a voxel."""
ANY_CONTAINER = 32 + zlib.MAX_WBITS
HEADER_END = re.compile(rb"\r?\n\r?\n")
LAYERED = re.compile(rb"(?m)^dimension:\s*4\s*$")
TYPES = {
    "unsigned char": "u1", "uchar": "u1", "uint8": "u1", "uint8_t": "u1",
    "signed char": "i1", "int8": "i1", "int8_t": "i1",
    "unsigned short": "u2", "ushort": "u2", "uint16": "u2", "uint16_t": "u2",
    "short": "i2", "signed short": "i2", "int16": "i2", "int16_t": "i2",
    "unsigned int": "u4", "uint": "u4", "uint32": "u4", "uint32_t": "u4",
    "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4",
}  # fmt: skip
ORDERS = {"little": "<", "big": ">"}
LPS_FROM_SPACE = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LayeredImage:
    """What a file of layers holds.

    Parameters
    ----------
    values : (k, j, i, n) array
        As stored; the last axis counts layers.
    lps_from_index : (4, 4) array
        Affine from (k, j, i, 1) to LPS millimetres.
    tags : mapping of str to str
        Keys and values that are Slicer's own.
    """

    values: NDArray[Any]
    lps_from_index: Floats
    tags: Mapping[str, str]


def read_layers(path: Path) -> LayeredImage | None:
    """Read a file of layers.

    Parameters
    ----------
    path : Path
        .nrrd.

    Returns
    -------
    LayeredImage or None
        None where the file is none of four axes.

    Raises
    ------
    FileRefusedError
        If it is, and cannot be read.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(HEADER_BYTES)
            end = HEADER_END.search(start)
            if end is None or not LAYERED.search(start[: end.start()]):
                return None
            fields, tags = _fields_and_tags(start[: end.start()].decode("utf-8"))
            shape, kind, affine = _sizes(fields), _number_kind(fields), _affine(fields)
            wanted = math.prod(shape) * kind.itemsize
            if wanted > MOST_BYTES:
                raise ValueError(f"{wanted} bytes of voxels, more than {MOST_BYTES}")  # noqa: TRY301 - one refusal for all
            stream.seek(end.end())
            content = _content(stream.read(MOST_BYTES + 1), fields, wanted)
    except (OSError, ValueError, KeyError, zlib.error) as error:
        raise FileRefusedError(
            code="unreadable-file",
            what="The segmentation with layers cannot be read",
            where=str(path),
            expected="a .seg.nrrd as 3D Slicer writes it: layers, then three axes of LPS or RAS",
            got=str(error)[:200],
            next_step="save the segmentation again, or export its segments as label maps",
        ) from error
    values = np.frombuffer(content, dtype=kind).reshape(shape[::-1])
    return LayeredImage(values=values, lps_from_index=affine, tags=tags)


def _fields_and_tags(header: str) -> tuple[dict[str, str], dict[str, str]]:
    """Split a header into fields of the format and keys of the writer; each at most once."""
    fields: dict[str, str] = {}
    tags: dict[str, str] = {}
    for line in header.splitlines()[1:]:
        if line.startswith("#") or not line.strip():
            continue
        key, is_tag, value = line.partition(":=")
        into, name = tags, key
        if not is_tag or ": " in key:
            name, _, value = line.partition(":")
            into, name = fields, re.sub(r"\s", "", name).lower()
        if name in into:
            raise ValueError(f"the header has {name[:60]!r} twice")
        into[name] = value.strip()
    return fields, tags


def _sizes(fields: Mapping[str, str]) -> tuple[int, ...]:
    """Read the counts: layers, then i, j, k."""
    sizes = tuple(int(word) for word in fields["sizes"].split())
    if len(sizes) != 4 or min(sizes) < 1:
        raise ValueError(f"sizes {fields['sizes'][:80]}")
    return sizes


def _number_kind(fields: Mapping[str, str]) -> np.dtype[Any]:
    """Read the type of one number."""
    code = TYPES[fields["type"].lower()]
    return np.dtype(code if code.endswith("1") else ORDERS[fields["endian"].lower()] + code)


def _affine(fields: Mapping[str, str]) -> Floats:
    """Turn directions and origin into an affine of (k, j, i)."""
    words = re.findall(r"none|\([^()]*\)", fields["spacedirections"])
    kinds = fields.get("kinds", "list domain domain domain").split()
    units = set(re.findall(r'"([^"]*)"', fields.get("spaceunits", ""))) - {"mm", ""}
    if len(words) != 4 or words[0] != "none" or kinds[1:] != ["domain"] * 3 or units:
        raise ValueError(f"space directions {fields['spacedirections'][:80]}, kinds {kinds}")
    columns = [_vector(word) for word in words[1:]]
    signs = np.array(LPS_FROM_SPACE[fields["space"].lower()])
    affine = np.eye(4)
    affine[:3, :3] = signs[:, None] * np.stack(columns[::-1], axis=1)
    affine[:3, 3] = signs * _vector(fields["spaceorigin"])
    if not abs(np.linalg.det(affine[:3, :3])) > 1e-9:
        raise ValueError("the axes do not span space")
    return frozen_floats(affine, (4, 4), "lps_from_index")


def _vector(word: str) -> Floats:
    """Read ``(x,y,z)``."""
    numbers = [float(part) for part in word.strip("()").split(",")]
    return frozen_floats(numbers, (3,), "a vector of the header")


def _content(stored: bytes, fields: Mapping[str, str], wanted: int) -> bytes:
    """Unpack the voxels, no more of them than the header announces."""
    encoding = fields["encoding"].lower()
    if encoding in {"gzip", "gz"}:
        inflater = zlib.decompressobj(ANY_CONTAINER)
        stored = inflater.decompress(stored, wanted + 1)
        if len(stored) == wanted:
            stored += inflater.flush(1)
        if not inflater.eof:
            raise ValueError("the compressed voxels do not end where the header says")
    elif encoding != "raw":
        raise ValueError(f"encoding {encoding[:40]!r}")
    if len(stored) != wanted:
        raise ValueError(f"{len(stored)} bytes of voxels where {wanted} belong")
    return stored
