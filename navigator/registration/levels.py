"""Scans on lattices made coarser, and cut to a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.registration.lattice import (
    LEAST_SURE,
    WINDOW_HU,
    Lattice,
    LatticeImage,
    lattice_between,
    read_array,
)

if TYPE_CHECKING:
    from navigator.arrays import Floats


def coarser_image(image: LatticeImage, spacing_mm: float) -> LatticeImage:
    """Read a scan on a coarser lattice over the same place.

    Parameters
    ----------
    image : LatticeImage
        The scan, finer.
    spacing_mm : float
        Of the lattice wanted.

    Returns
    -------
    LatticeImage
        Blurred as the coarser lattice asks.
    """
    lattice = lattice_between(image.lattice.origin_mm, image.lattice.end_mm, spacing_mm)
    affine = image.lattice.lps_from_index()
    values = read_array(image.values, affine, lattice, outside_value=WINDOW_HU[0])
    weights = read_array(image.weights, affine, lattice, outside_value=0.0)
    return LatticeImage(
        values=values, weights=(weights >= LEAST_SURE).astype(np.float32), lattice=lattice
    )


def cut_image(
    image: LatticeImage, low_mm: Floats, high_mm: Floats
) -> tuple[LatticeImage, tuple[slice, slice, slice]]:
    """Cut a box out of a scan on its lattice.

    Parameters
    ----------
    image : LatticeImage
        The scan.
    low_mm, high_mm : (3,) array
        Corners of the box, (z, y, x), millimetres.

    Returns
    -------
    image : LatticeImage
        The part in the box; at least four points along each axis where there are so many.
    part : tuple of three slices
        Where it lies in the whole.
    """
    lattice = image.lattice
    steps = [np.floor((low_mm - lattice.origin_mm) / lattice.spacing_mm).astype(int)]
    steps.append(np.ceil((high_mm - lattice.origin_mm) / lattice.spacing_mm).astype(int) + 1)
    spans = []
    for low, high, count in zip(*steps, lattice.shape, strict=True):
        start = int(min(max(low, 0), max(count - 4, 0)))
        spans.append(slice(start, int(min(max(high, start + 4), count))))
    part = (spans[0], spans[1], spans[2])
    values = np.ascontiguousarray(image.values[part])
    origin = lattice.origin_mm + lattice.spacing_mm * np.array([span.start for span in spans])
    shape = (values.shape[0], values.shape[1], values.shape[2])
    return (
        LatticeImage(
            values=values,
            weights=np.ascontiguousarray(image.weights[part]),
            lattice=Lattice(origin_mm=origin, spacing_mm=lattice.spacing_mm, shape=shape),
        ),
        part,
    )
