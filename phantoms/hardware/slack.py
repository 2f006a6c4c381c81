"""The slack of a needle in its bore.

A needle of diameter d lies somewhere in a bore of diameter D over the guide length L. At
either end of the guide its axis may be off the bore's axis by (D - d) / 2, so it leans by at most
``atan((D - d) / L)``. A leaning needle's cut across the bore is an ellipse, a little wider than d:
the offsets allowed here are smaller by that, so that steel never enters resin. Where a bore leans
in the plate, its wall reaches on one side beyond the ends of its axis; the offsets then hold at
the farthest points of the wall.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms.errors import HardwareRefusedError
from template_gen.spec import all_bores

if TYPE_CHECKING:
    from phantoms.hardware.plate import PlacedPlate
    from template_gen.spec import BoreAxis


def find_bore(plate: PlacedPlate, label: str) -> BoreAxis:
    """Find a bore of a plate by its label.

    Parameters
    ----------
    plate : PlacedPlate
        The plate.
    label : str
        Column letter and row number, or the bore's own name.

    Returns
    -------
    BoreAxis
        Template frame, millimetres.

    Raises
    ------
    HardwareRefusedError
        If the plate has no such bore.
    """
    bores = {axis.label: axis for axis in all_bores(plate.spec)}
    if label not in bores:
        raise HardwareRefusedError(
            "The plate has no such bore",
            where="bore",
            expected=f"one of {len(bores)} labels, such as {', '.join(list(bores)[:3])}",
            got=repr(label),
            next_step="name a bore of this plate",
        )
    return bores[label]


def guide_ends_mm(axis: BoreAxis) -> tuple[float, float]:
    """Find where a bore's wall begins and ends along its axis, from the operator face.

    Parameters
    ----------
    axis : BoreAxis
        The bore.

    Returns
    -------
    tuple of float
        Millimetres along the axis, the first negative where a sleeve stands out; of a leaning bore
        the farthest points of its wall.

    Examples
    --------
    >>> from template_gen.models import Bore
    >>> from template_gen.bores import bore_axis
    >>> guide_ends_mm(bore_axis(Bore(label="P1", x_mm=0, y_mm=0, diameter_mm=2, sleeve_mm=5), 15.0))
    (-5.0, 15.0)
    """
    lean = float(np.hypot(axis.direction[0], axis.direction[1]) / axis.direction[2])
    beyond = 0.5 * axis.diameter_mm * lean
    start = -axis.sleeve_mm if axis.sleeve_mm > 0.0 else -beyond
    return start, axis.guide_length_mm - axis.sleeve_mm + beyond


def slack_tilt_rad(bore_mm: float, needle_mm: float, guide_mm: float) -> float:
    """Compute the most that a needle leans in its bore.

    Parameters
    ----------
    bore_mm, needle_mm : float
        Diameters, millimetres.
    guide_mm : float
        Guide length, millimetres.

    Returns
    -------
    float
        Radians.

    Examples
    --------
    A needle of 1.8 mm in a bore of 2.0 mm, guided over 10 mm:

    >>> round(float(np.rad2deg(slack_tilt_rad(2.0, 1.8, 10.0))), 2)
    1.15
    """
    return float(np.arctan2(bore_mm - needle_mm, guide_mm))


def play_mm(axis: BoreAxis, diameter_mm: float) -> float:
    """Compute how far a needle's axis may be off the bore's axis at both ends of the guide.

    Parameters
    ----------
    axis : BoreAxis
        The bore.
    diameter_mm : float
        The needle's, millimetres.

    Returns
    -------
    float
        Millimetres; negative if the needle does not pass.
    """
    start, end = guide_ends_mm(axis)
    most = slack_tilt_rad(axis.diameter_mm, diameter_mm, end - start)
    return 0.5 * (axis.diameter_mm - diameter_mm / float(np.cos(most)))
