"""Metal in a scan: needles, antennas and balls, as the beam meets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from phantoms.arrays import Floats, frozen_floats, positive
from phantoms.attenuation import METALS
from phantoms.errors import ScanRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_CORNERS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Metal:
    """A round wire along a polyline with round ends; a single point is a ball.

    Parameters
    ----------
    points_mm : (n, 3) array
        Corners of its axis, LPS of the scan, millimetres.
    radius_mm : float
        Radius, millimetres.
    material : str
        One of :data:`phantoms.attenuation.METALS`.

    Raises
    ------
    ShapeRefusedError
        If the points are not finite or the radius is not positive.
    ScanRefusedError
        If there is no such metal, or there are no points.

    Examples
    --------
    >>> Metal(points_mm=[[0, 0, 0]], radius_mm=2.0, material="steel").points_mm.shape
    (1, 3)
    """

    points_mm: Floats
    radius_mm: float
    material: str

    def __post_init__(self) -> None:
        points = frozen_floats(self.points_mm, (None, 3), "Metal.points_mm")
        object.__setattr__(self, "points_mm", points)
        object.__setattr__(self, "radius_mm", positive(self.radius_mm, "Metal.radius_mm"))
        if not 1 <= len(points) <= MOST_CORNERS:
            raise ScanRefusedError(
                "The metal has no course",
                where="Metal.points_mm",
                expected=f"1 to {MOST_CORNERS} points",
                got=f"{len(points)} points",
                next_step="give one point for a ball, two or more for a wire",
            )
        if self.material not in METALS:
            raise ScanRefusedError(
                "There is no such metal",
                where="Metal.material",
                expected=f"one of {', '.join(METALS)}",
                got=repr(self.material),
                next_step="choose a metal from the list",
            )


def check_metals(metals: Iterable[Metal]) -> tuple[Metal, ...]:
    """Return metals as a tuple after checking that each is one.

    Parameters
    ----------
    metals : iterable of Metal
        What is in the scan.

    Returns
    -------
    tuple of Metal
        The same.

    Raises
    ------
    ScanRefusedError
        If something else is among them.
    """
    known = tuple(metals)
    for metal in known:
        if not isinstance(metal, Metal):
            raise ScanRefusedError(
                "This is not metal",
                where="metals",
                expected="phantoms.metal.Metal",
                got=type(metal).__name__,
                next_step="build it with Metal(points_mm=..., radius_mm=..., material=...)",
            )
    return known
