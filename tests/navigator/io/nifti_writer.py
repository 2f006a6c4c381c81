"""A writer of NIfTI headers, byte for byte from nifti1.h and nifti2.h."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike

NO_TURN = (0.0, 0.0, 0.0)


def write_nifti(
    path: Path,
    *,
    codes: tuple[int, int] = (0, 1),
    units: int = 2,
    values: bytes | None = None,
    version: int = 1,
    shape: tuple[int, int, int] = (2, 2, 2),
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    handed: float = 1.0,
    quaternion: tuple[float, float, float] = NO_TURN,
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    sform: ArrayLike | None = None,
) -> None:
    """Write int16 voxels behind a header of version 1 or 2; by default all is one upright grid."""
    rows = np.diag([*spacing, 1.0])[:3] if sform is None else np.asarray(sform)[:3]
    counts = (3, *shape, 1, 1, 1, 1)
    sizes = (handed, *spacing, 1.0, 1.0, 1.0, 1.0)
    place = (*quaternion, *offset)
    if version == 1:
        start, magic_at, magic = 352, 344, b"n+1\0"
        fields = {
            ("i", 0): (348,), ("8h", 40): counts, ("2h", 70): (4, 16), ("8f", 76): sizes,
            ("f", 108): (start,), ("f", 112): (1.0,), ("B", 123): (units,), ("2h", 252): codes,
            ("6f", 256): place, ("12f", 280): rows.ravel(),
        }  # fmt: skip
    else:
        start, magic_at, magic = 544, 4, b"n+2\0\r\n\x1a\n"
        fields = {
            ("i", 0): (540,), ("2h", 12): (4, 16), ("8q", 16): counts, ("8d", 104): sizes,
            ("q", 168): (start,), ("d", 176): (1.0,), ("2i", 344): codes, ("6d", 352): place,
            ("12d", 400): rows.ravel(), ("i", 500): (units,),
        }  # fmt: skip
    header = bytearray(start)
    for (kind, at), numbers in fields.items():
        struct.pack_into("<" + kind, header, at, *numbers)
    header[magic_at : magic_at + len(magic)] = magic
    data = bytes(header) + (bytes(2 * int(np.prod(shape))) if values is None else values)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
