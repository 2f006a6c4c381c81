"""Round rods with flat ends, and the bores that they leave in what they are cut out of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import frozen_floats, positive

if TYPE_CHECKING:
    from phantoms.arrays import Floats


@dataclass(frozen=True, slots=True)
class Cylinder:
    """A round rod with flat ends: cut out of a plate, it is a bore.

    Parameters
    ----------
    start_mm, end_mm : (3,) array
        Middle of each end, millimetres.
    radius_mm : float
        Radius, millimetres.
    """

    start_mm: Floats
    end_mm: Floats
    radius_mm: float

    def __post_init__(self) -> None:
        for name in ("start_mm", "end_mm"):
            point = frozen_floats(getattr(self, name), (3,), f"Cylinder.{name}")
            object.__setattr__(self, name, point)
        positive(float(np.linalg.norm(self.end_mm - self.start_mm)), "Cylinder: length")
        positive(self.radius_mm, "Cylinder.radius_mm")
