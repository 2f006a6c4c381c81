"""Metal as the scanner meets it: lines and balls that cast streaks."""

from __future__ import annotations

from dataclasses import dataclass

from phantoms.arrays import Floats, frozen_floats, positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Metal:
    """A round bar of metal along a line; one point alone is a ball.

    Parameters
    ----------
    points_mm : (n, 3) array
        Middle line, LPS millimetres of the scan.
    radius_mm : float
        Radius, millimetres.
    material : str
        Steel, titanium, aluminium: what the streaks are reckoned for.
    """

    points_mm: Floats
    radius_mm: float
    material: str

    def __post_init__(self) -> None:
        points = frozen_floats(self.points_mm, (None, 3), "Metal.points_mm")
        object.__setattr__(self, "points_mm", points)
        positive(self.radius_mm, "Metal.radius_mm")
