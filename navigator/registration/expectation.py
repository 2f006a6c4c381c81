"""What the new scan should show at each point of the planning scan, before it is compared.

Three things make two scans of one place differ though nothing has moved, and each of them pulls at
an edge: contrast medium that has washed out of one of the tissues that a point mixes, the blur of
reading the new scan between its points, and slow shades (streaks, the beam's hardening). All three
are taken out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.blurring import blur, weigh_neighbours
from navigator.registration._lattice_kernels import average_blocks, read_on_lattice
from navigator.registration._warp_kernels import expect_values
from navigator.registration.contrast import BIN_HU, find_flat, fit_contrast
from navigator.registration.lattice import TISSUE_HU, WINDOW_HU

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Voxels

READING_BLUR = (0.1, 0.8, 0.1)
"""Reading at a share f of the way between two points blurs with a variance of f (1 - f): 1/6 of a
squared step on the average; thicker slices add a little. The planning scan is blurred alike."""
MOSTLY = 0.5
PURE_SHARE = 0.03
"""A point with less of a tissue is taken to hold none of it."""
REACH_STEPS = 1.5
"""Standard deviation over which a tissue's values are carried to the points that it shares."""
SHADE_MM = 12.0
"""Standard deviation over which residuals are averaged into a shade: wider than any vessel."""
SHADE_NOISES = 3.0
SHADE_THINNED_MM = 9.0
LEAST_SHADED = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoTissues:
    """The planning scan as a mixture of the liver and what lies about it.

    Parameters
    ----------
    values : (z, y, x) array
        The scan, HU, float32.
    share : (z, y, x) array
        Share of the liver in each point; zeros where it is not known.
    inner, outer : (z, y, x) array
        What the liver and its surroundings show at each point, without the other, HU.
    flat_inner, flat_outer : (z, y, x) array of bool
        Flat places inside the liver and outside it: there an edge that lies off by motion is not
        taken for contrast.
    """

    values: Voxels
    share: Voxels
    inner: Voxels
    outer: Voxels
    flat_inner: Booleans
    flat_outer: Booleans

    @property
    def liver(self) -> Booleans:
        """(z, y, x) array of bool: points that are mostly liver."""
        mostly: Booleans = self.share > MOSTLY
        return mostly


def blur_as_reading(values: Voxels) -> Voxels:
    """Blur a lattice as reading another between its points does on the average.

    Parameters
    ----------
    values : (z, y, x) array
        float32.

    Returns
    -------
    (z, y, x) array
        float32.
    """
    return weigh_neighbours(values, READING_BLUR)


def tell_tissues_apart(values: Voxels, share: Voxels | None) -> TwoTissues:
    """Say what liver and surroundings show by themselves where a point mixes both.

    Parameters
    ----------
    values : (z, y, x) array
        The planning scan, HU.
    share : (z, y, x) array or None
        Share of the liver in each point.

    Returns
    -------
    TwoTissues
        At mixed points each tissue's own values nearby.
    """
    flat = find_flat(values)
    if share is None:
        nowhere = np.zeros_like(values)
        return TwoTissues(
            values=values,
            share=nowhere,
            inner=values,
            outer=values,
            flat_inner=np.zeros_like(flat),
            flat_outer=flat,
        )
    organ = share > MOSTLY
    return TwoTissues(
        values=values,
        share=share,
        inner=_carried_on(values, share > 1.0 - PURE_SHARE),
        outer=_carried_on(values, share < PURE_SHARE),
        flat_inner=flat & ndimage.binary_erosion(organ),
        flat_outer=flat & ~organ,
    )


def _carried_on(values: Voxels, pure: Booleans) -> Voxels:
    """Carry the values of one tissue to the points about it."""
    if not pure.any():
        return values
    weights = pure.astype(np.float32)
    near = blur(weights, REACH_STEPS)
    sums = blur(values * weights, REACH_STEPS)
    # far away the tissue's mean stands, without a jump
    least = np.float32(1e-3)
    mean = np.float32(values[pure].mean())
    on: Voxels = np.where(pure, values, (sums + least * mean) / (near + least))
    return on


def expect_new_values(tissues: TwoTissues, carried: Voxels, seen: Voxels) -> Voxels:
    """Say what the new scan should show where it shows something.

    Parameters
    ----------
    tissues : TwoTissues
        The planning scan.
    carried, seen : (z, y, x) array
        The new scan carried to it, HU, and 1 where it counts.

    Returns
    -------
    (z, y, x) array
        HU: contrast as it has become, with the shade that the new scan has there.
    """
    values, shown = tissues.values, seen > 0
    outer = fit_contrast(values, carried, tissues.flat_outer & shown)
    inner = outer
    if tissues.liver.any():
        inner = fit_contrast(values, carried, tissues.flat_inner & shown)
    expected = np.empty(values.shape, np.float32)
    expect_values(
        values,
        tissues.share,
        tissues.inner,
        tissues.outer,
        np.stack([outer, inner]),
        (WINDOW_HU[0], BIN_HU),
        expected,
    )
    return expected


def find_shade(residual_hu: Voxels, seen: Voxels, noise_hu: float, spacing_mm: float) -> Voxels:
    """Find what the new scan is brighter by in the large.

    Parameters
    ----------
    residual_hu : (z, y, x) array
        New minus expected, HU.
    seen : (z, y, x) array
        1 where it counts.
    noise_hu : float
        Spread of the residual: what lies far beyond it is no shade.
    spacing_mm : float
        Of the lattice.

    Returns
    -------
    (z, y, x) array
        HU, float32.
    """
    weights = seen * (np.abs(residual_hu) < SHADE_NOISES * noise_hu)
    # so wide an average needs no finer points
    thin = max(1, int(SHADE_THINNED_MM / spacing_mm))
    width = SHADE_MM / (spacing_mm * thin)
    sums = blur(_thinned(residual_hu * weights, thin), width, reach_ratio=2.0)
    counts = blur(_thinned(weights, thin), width, reach_ratio=2.0)
    shade = sums / (counts + np.float32(LEAST_SHADED))
    if thin == 1:
        return shade
    # block n of `thin` points lies at (n + 1/2) thin - 1/2
    affine = np.eye(3, 4) / thin
    affine[:, 3] = 0.5 / thin - 0.5
    shape = (seen.shape[0], seen.shape[1], seen.shape[2])
    return read_on_lattice(np.ascontiguousarray(shade), affine, shape, 0.0)


def _thinned(values: Voxels, thin: int) -> Voxels:
    """Average over blocks of so many points along each axis; the last are filled with nothing."""
    k, j, i = (-(-count // thin) for count in values.shape)
    return average_blocks(values, (thin, thin, thin), (k, j, i))


def find_tissue(planning: Voxels, carried: Voxels, seen: Voxels) -> Booleans:
    """Find where one of two scans shows more than air or lung.

    Parameters
    ----------
    planning, carried : (z, y, x) array
        Both, HU.
    seen : (z, y, x) array
        Above zero where both count.

    Returns
    -------
    (z, y, x) array of bool
        There.
    """
    shown: Booleans = (seen > 0) & ((planning > TISSUE_HU) | (carried > TISSUE_HU))
    return shown
