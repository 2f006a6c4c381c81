"""Whether the numbers of an image are the attenuation at each place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navigator.io.dicom.headers import SliceHeader

DERIVED_WORDS = frozenset(
    (
        *("PERFUSION", "RCBF", "RCBV", "MTT", "TTP", "SUBTRACTION", "DEVIATION", "PROJECTION"),
        *("MIP", "MAXIP", "IP", "MAXIMUM", "MINIP", "MINIMUM", "RENDER", "VRT"),
        *("MAT", "EFF", "ZEFF", "ATOMIC", "ELECTRON", "IODINE", "PCT"),
    )
)
"""Words in image types whose numbers are not the attenuation at a place: maps of flow, of materials
and of effective atomic numbers, projections (PS3.3, C.8.15.2.1.1, C.8.16.1)."""
OTHER_UNITS = ("MGML", "Z_EFF", "ED", "EDW", "PCT", "OD")
"""Rescale types that name a unit other than the Hounsfield unit (PS3.3, C.11.1.1.2)."""


def is_derived_map(header: SliceHeader) -> bool:
    """Tell whether an image type or a unit names something other than attenuation.

    Parameters
    ----------
    header : SliceHeader
        A slice.

    Returns
    -------
    bool
        True for a map, a projection, or a unit that is not the Hounsfield unit.
    """
    words = set(re.split(r"[^A-Z]+", " ".join(header.image_type).upper()))
    return bool(words & DERIVED_WORDS) or header.rescale_type in OTHER_UNITS
