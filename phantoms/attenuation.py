"""What X-rays of a CT tube are made of, and how materials take them away.

The spectrum is a rough description of 120 kV behind the tube's filter, seen by a detector that
adds up energy: five lines with a mean of 67 keV. It is a model choice; the streaks of metal follow
from its width, not from its details.

References
----------
Hubbell JH, Seltzer SM (2004), Tables of X-ray mass attenuation coefficients, NISTIR 5632,
doi:10.18434/T4D01F (every coefficient and density; stainless steel is taken as iron; titanium
is not checked against the table);
Boone JM, Seibert JA (1997), doi:10.1118/1.597953 (tube spectra).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.arrays import Floats

ENERGIES_KEV = (40.0, 50.0, 60.0, 80.0, 100.0)
WEIGHTS = (0.10, 0.20, 0.28, 0.27, 0.15)
"""Share of each energy in what the detector measures without an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A material in the beam.

    Parameters
    ----------
    density_g_per_cm3 : float
        Density.
    mass_attenuation_cm2_per_g : tuple of float
        At each of :data:`ENERGIES_KEV`.
    """

    density_g_per_cm3: float
    mass_attenuation_cm2_per_g: tuple[float, ...]

    @property
    def per_mm(self) -> Floats:
        """Linear attenuation at each energy, per millimetre."""
        each: Floats = 0.1 * self.density_g_per_cm3 * np.array(self.mass_attenuation_cm2_per_g)
        return each


WATER = Material(
    density_g_per_cm3=1.0, mass_attenuation_cm2_per_g=(0.2683, 0.2269, 0.2059, 0.1837, 0.1707)
)
BONE = Material(
    density_g_per_cm3=1.92, mass_attenuation_cm2_per_g=(0.6655, 0.4242, 0.3148, 0.2229, 0.1855)
)
IRON = Material(
    density_g_per_cm3=7.874, mass_attenuation_cm2_per_g=(3.629, 1.958, 1.205, 0.5952, 0.3717)
)
HOLLOW_SHARE = 0.4
"""So much of a hollow shaft is steel: a tube with a cable or cooling water in it."""
METALS: Mapping[str, Material] = MappingProxyType(
    {
        "steel": IRON,
        "hollow steel": replace(IRON, density_g_per_cm3=HOLLOW_SHARE * IRON.density_g_per_cm3),
        "titanium": Material(
            density_g_per_cm3=4.54,
            mass_attenuation_cm2_per_g=(2.214, 1.213, 0.7661, 0.4052, 0.2721),
        ),
        "aluminium": Material(
            density_g_per_cm3=2.699,
            mass_attenuation_cm2_per_g=(0.5685, 0.3681, 0.2778, 0.2018, 0.1704),
        ),
    }
)
"""Metals by name; the plate's markers attenuate like aluminium."""

PAINTED_HU: Mapping[str, float] = MappingProxyType(
    {
        "steel": tissues.STEEL.hu,
        "hollow steel": tissues.HOLLOW_STEEL.hu,
        "titanium": tissues.TITANIUM.hu,
        "aluminium": tissues.MARKER.hu,
    }
)
"""What each metal is painted with: the linear part, to which its streaks are the rest."""


def bone_hu() -> float:
    """Give the Hounsfield units of dense bone in the middle of the spectrum.

    Examples
    --------
    >>> 1500 < bone_hu() < 2500
    True
    """
    weights = np.array(WEIGHTS)
    return float(1000.0 * ((weights @ BONE.per_mm) / (weights @ WATER.per_mm) - 1.0))
