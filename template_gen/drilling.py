"""Which bores a plate really gets: the grid gives way to single bores.

A single bore is placed for a patient and cannot move; the grid around it can spare a bore. So a
bore of the grid is left out where it would come nearer to a single bore than the printer's least
wall, or where a sleeve would cover it or stand on its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from template_gen.bores import BoreAxis, bore_axis, grid_axes
from template_gen.outlines import BoreRings, rings_from_axes
from template_gen.webs import least_webs_mm, sleeves_in_the_way

if TYPE_CHECKING:
    from template_gen.models import TemplateSpec


def all_bores(spec: TemplateSpec) -> tuple[BoreAxis, ...]:
    """List every bore of a plate, the grid first, row by row.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    tuple of BoreAxis
        Template frame, millimetres; without the bores of :func:`grid_bores_left_out`.
    """
    left_out = set(grid_bores_left_out(spec))
    grid, single = _listed(spec)
    return tuple(axis for axis in grid if axis.label not in left_out) + single


def grid_bores_left_out(spec: TemplateSpec) -> tuple[str, ...]:
    """Name the bores of the grid that give way to single bores.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    tuple of str
    """
    grid, single = _listed(spec)
    if not grid or not single:
        return ()
    bores = rings_from_axes(grid + single, spec.printer)
    least_mm = spec.printer.min_wall_mm
    pairs, webs = least_webs_mm(bores, spec.plate.thickness_mm, within_mm=least_mm)
    clashes = np.vstack([pairs[~(webs >= least_mm)], sleeves_in_the_way(bores)])
    of_grid = clashes < len(grid)
    mixed = of_grid[:, 0] != of_grid[:, 1]
    rows = np.unique(clashes[mixed][of_grid[mixed]])
    return tuple(grid[row].label for row in rows)


def bore_rings(spec: TemplateSpec) -> BoreRings:
    """Gather the bores of a plate as arrays.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    BoreRings
    """
    return rings_from_axes(all_bores(spec), spec.printer)


def _listed(spec: TemplateSpec) -> tuple[tuple[BoreAxis, ...], tuple[BoreAxis, ...]]:
    thickness_mm = spec.plate.thickness_mm
    grid = () if spec.grid is None else grid_axes(spec.grid, thickness_mm)
    return grid, tuple(bore_axis(bore, thickness_mm) for bore in spec.bores)
