"""What the peers share: scans read and thinned with numpy alone, and fields read between voxels.

ITK and SimpleITK cannot live in one process, so nothing here needs either.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array: TypeAlias = NDArray[Any]
Carry: TypeAlias = Callable[[Array], Array]
"""Takes points (n, 3) of the planning scan and gives them in the intraoperative scan."""
Request: TypeAlias = dict[str, Any]
"""Paths of the scans and of the liver's mask."""

LEAST_HU, MOST_HU = -200.0, 400.0
METAL_HU = 1500.0
BODY_HU = -190.0
WORKING_MM = 2.0
RIGID_MM = 4.0
"""A rigid motion is found on cubes of this size: finer ones cost more and find no other."""
TYPES = {"MET_SHORT": "<i2", "MET_UCHAR": "u1", "MET_FLOAT": "<f4"}


@dataclass(frozen=True)
class Picture:
    """Values (k, j, i), spacing and origin (x, y, z) of an upright grid, LPS millimetres."""

    values: Array
    spacing: Array
    origin: Array

    def index(self, points: Array) -> Array:
        """Give points (n, 3) as voxel indices (3, n) along k, j, i."""
        return ((points - self.origin) / self.spacing).T[::-1]

    def places(self) -> Array:
        """Give the middle of each voxel (k, j, i, 3), LPS millimetres."""
        axes = [
            o + s * np.arange(n)
            for o, s, n in zip(self.origin, self.spacing, self.values.shape[::-1], strict=True)
        ]
        z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
        return np.stack([x, y, z], axis=-1)


def read_mha(path: str) -> Picture:
    """Read a MetaImage with upright axes."""
    blob = Path(path).read_bytes()
    end = blob.index(b"\n", blob.index(b"ElementDataFile")) + 1
    pairs = (line.split("=", 1) for line in blob[:end].decode("ascii").splitlines())
    head = {key.strip(): value.strip() for key, value in pairs}
    if head["TransformMatrix"].split() != list("100010001"):
        raise ValueError(f"{path}: not an upright MetaImage")
    size = [int(n) for n in head["DimSize"].split()]
    is_packed = head["CompressedData"] == "True"
    raw = zlib.decompress(blob[end:]) if is_packed else memoryview(blob)[end:]
    values = np.frombuffer(raw, TYPES[head["ElementType"]]).reshape(size[::-1])
    numbers = [np.array(head[key].split(), float) for key in ("ElementSpacing", "Offset")]
    return Picture(values, *numbers)


def thinned(picture: Picture, spacing_mm: float = WORKING_MM) -> tuple[Picture, Array]:
    """Clip a scan, average it to about a spacing, and say what holds neither metal nor nothing.

    Returns
    -------
    picture : Picture
        float32, clipped to -200 to 400 HU, means over blocks in the plane, slices as they are or
        averaged; resampled along z where slices are thicker.
    sound : (k, j, i) bool array
        Body without metal.
    """
    blocks = np.maximum(np.floor(spacing_mm / picture.spacing + 0.01), 1).astype(int)[::-1]
    shape = np.array(picture.values.shape) // blocks
    cut = picture.values[tuple(slice(0, n * b) for n, b in zip(shape, blocks, strict=True))]
    split = cut.reshape([n for pair in zip(shape, blocks, strict=True) for n in pair])
    mean = np.clip(split, LEAST_HU, MOST_HU).astype(np.float32).mean(axis=(1, 3, 5))
    metal = ndimage.binary_dilation((split > METAL_HU).any(axis=(1, 3, 5)), iterations=2)
    spacing = picture.spacing * blocks[::-1]
    origin = picture.origin + 0.5 * (blocks[::-1] - 1) * picture.spacing
    body = ndimage.binary_fill_holes(ndimage.binary_opening(mean > BODY_HU, iterations=2))
    return Picture(mean, spacing, origin), body & ~metal


def evenly(picture: Picture, spacing_mm: float, order: int = 1) -> Picture:
    """Resample to cubes that cover the same field."""
    counts = np.floor((np.array(picture.values.shape[::-1]) - 1) * picture.spacing / spacing_mm)
    counts = counts.astype(int) + 1
    empty = Picture(
        np.zeros(counts[::-1], np.float32), np.full(3, float(spacing_mm)), picture.origin
    )
    index = picture.index(empty.places().reshape(-1, 3))
    values = ndimage.map_coordinates(
        picture.values.astype(np.float32), index, order=order, mode="nearest"
    )
    return Picture(values.reshape(empty.values.shape), empty.spacing, empty.origin)


def coarse(picture: Picture, mask: Array) -> tuple[Picture, Array]:
    """Shrink a picture and a mask of it to the cubes that a rigid motion is found on."""
    sigmas = np.maximum(0.35 * RIGID_MM / picture.spacing - 0.35, 0.0)[::-1]
    soft = Picture(ndimage.gaussian_filter(picture.values, sigmas), picture.spacing, picture.origin)
    same = Picture(mask.astype(np.float32), picture.spacing, picture.origin)
    return evenly(soft, RIGID_MM), evenly(same, RIGID_MM).values > 0.5


def overlap(planning: Picture, intraop: Picture, carry: Carry) -> tuple[slice, slice, slice]:
    """Find the box of a planning picture that a motion brings into the intraoperative field."""
    step = 4
    places = planning.places()[::step, ::step, ::step]
    index = intraop.index(carry(places.reshape(-1, 3))).T
    inside = ((index >= 0) & (index <= np.array(intraop.values.shape) - 1)).all(axis=1)
    where = np.argwhere(inside.reshape(places.shape[:3]))
    low, high = where.min(axis=0) * step, (where.max(axis=0) + 1) * step
    return tuple(
        slice(max(int(a), 0), min(int(b), n))
        for a, b, n in zip(low, high, planning.values.shape, strict=True)
    )


def cropped(picture: Picture, box: tuple[slice, slice, slice]) -> Picture:
    """Cut a box out of a picture."""
    start = np.array([each.start for each in box])[::-1]
    return Picture(
        np.ascontiguousarray(picture.values[box]),
        picture.spacing,
        picture.origin + start * picture.spacing,
    )


def through_field(field: Array, frame: Picture, points: Array) -> Array:
    """Add a displacement (k, j, i, 3), x, y, z in millimetres, to points (n, 3)."""
    index = frame.index(points)
    moved = [
        ndimage.map_coordinates(field[..., d], index, order=1, mode="nearest") for d in range(3)
    ]
    return points + np.stack(moved, axis=1)
