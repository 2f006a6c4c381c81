"""The gauges of needles: outer diameters, and the lumens of tubing with a regular wall.

A gauge names a diameter only nominally. The values are the customary inch sizes (18G is 0.050 in)
of regular-walled hypodermic tubing. That they lie within the limits of the standard's designated
metric sizes (18G: 1.2 mm, 13G: 2.4 mm) was not checked against its table.

References
----------
ISO 9626:2016, Stainless steel needle tubing for the manufacture of medical devices, table 1.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTER_MM: Mapping[int, float] = MappingProxyType(
    {10: 3.404, 11: 3.048, 12: 2.769, 13: 2.413, 14: 2.108, 15: 1.829, 16: 1.651, 17: 1.473,
     18: 1.270}
)  # fmt: skip
"""Outer diameter by gauge, millimetres."""

LUMEN_MM: Mapping[int, float] = MappingProxyType(
    {10: 2.692, 11: 2.388, 12: 2.159, 13: 1.803, 14: 1.600, 15: 1.372, 16: 1.194, 17: 1.067,
     18: 0.838}
)  # fmt: skip
"""Inner diameter of regular-walled tubing by gauge, millimetres."""
