"""The bores that a spec lists, as straight axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from template_gen.arrays import Floats, read_only
from template_gen.naming import grid_labels

if TYPE_CHECKING:
    from template_gen.models import Bore, Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class BoreAxis:
    """One bore as a needle sees it, template frame.

    Parameters
    ----------
    label : str
        Column letter and row number, or the bore's own name.
    entry_mm : (3,) array
        Where the axis crosses the operator face; z is 0.
    direction : (3,) array
        Unit vector into the patient; z > 0.
    diameter_mm : float
        The free width that a needle finds.
    guide_length_mm : float
        Guiding material along the axis: through the plate, and the sleeve.
    sleeve_mm : float
        The part of it that stands out of the operator face.
    """

    label: str
    entry_mm: Floats
    direction: Floats
    diameter_mm: float
    guide_length_mm: float
    sleeve_mm: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "entry_mm", read_only(self.entry_mm))
        object.__setattr__(self, "direction", read_only(self.direction))


def grid_axes(grid: Grid, thickness_mm: float) -> tuple[BoreAxis, ...]:
    """List the bores of a grid that is centred on its plate, row by row.

    Parameters
    ----------
    grid : Grid
    thickness_mm : float
        Of the plate.

    Returns
    -------
    tuple of BoreAxis

    Examples
    --------
    A1 is top left, so both of its coordinates are negative:

    >>> from template_gen.models import Grid
    >>> a1 = grid_axes(Grid(rows=3, columns=3, pitch_mm=5, bore_diameter_mm=2.1), 15.0)[0]
    >>> a1.label, a1.entry_mm.tolist(), a1.guide_length_mm
    ('A1', [-5.0, -5.0, 0.0], 15.0)
    """
    places = [
        (column - (grid.columns - 1) / 2, row - (grid.rows - 1) / 2)
        for row in range(grid.rows)
        for column in range(grid.columns)
    ]
    return tuple(
        BoreAxis(
            label=label,
            entry_mm=np.array([x * grid.pitch_mm, y * grid.pitch_mm, 0.0]),
            direction=np.array([0.0, 0.0, 1.0]),
            diameter_mm=grid.bore_diameter_mm,
            guide_length_mm=thickness_mm,
            sleeve_mm=0.0,
        )
        for label, (x, y) in zip(grid_labels(grid.rows, grid.columns), places, strict=True)
    )


def bore_axis(bore: Bore, thickness_mm: float) -> BoreAxis:
    """Give one single bore's axis, its direction scaled to length one.

    Parameters
    ----------
    bore : Bore
    thickness_mm : float
        Of the plate.

    Returns
    -------
    BoreAxis

    Examples
    --------
    A bore that leans 3 to 4 guides a needle along 5/4 of the thickness, and along its sleeve:

    >>> from template_gen.models import Bore
    >>> bore = Bore(label="P1", x_mm=0, y_mm=0, diameter_mm=2, direction=(0.6, 0, 0.8), sleeve_mm=5)
    >>> round(bore_axis(bore, 12.0).guide_length_mm, 9)
    20.0
    """
    direction = np.array(bore.direction) / np.linalg.norm(bore.direction)
    return BoreAxis(
        label=bore.label,
        entry_mm=np.array([bore.x_mm, bore.y_mm, 0.0]),
        direction=direction,
        diameter_mm=bore.diameter_mm,
        guide_length_mm=float(thickness_mm / direction[2] + bore.sleeve_mm),
        sleeve_mm=bore.sleeve_mm,
    )
