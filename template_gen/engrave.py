"""Text as outlines to be engraved: strokes widened to a pen's width, joined to disjoint rings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from manifold3d import CrossSection, FillRule

from template_gen.arrays import Floats, read_only
from template_gen.errors import SpecRefusedError
from template_gen.font import BODY_HEIGHT, STROKES, Stroke

ENGRAVING_DEPTH_MM = 0.6
"""Deep enough to read at arm's length, shallow enough to print and to clean."""
LEAST_STROKE_MM = 0.45
"""Resin printers engrave 0.3 to 0.5 mm soundly (docs/explanation/template.md)."""
STROKE_SHARE = 0.15
"""Pen width of larger text, as a share of its height."""
PEN_POINTS = 12
"""Corners of the round pen."""
SMOOTHING_MM = 2e-3
"""Outline points that move the line by less are left out; no printer shows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettering:
    """One line of text, centred on the origin, right and up, millimetres.

    Parameters
    ----------
    rings : tuple of (k, 2) arrays
        Disjoint outlines: ink counter-clockwise, the islands in O or A clockwise.
    width_mm, height_mm : float
        Size of the box around the ink.
    area_mm2 : float
        Area of the ink.
    """

    rings: tuple[Floats, ...]
    width_mm: float
    height_mm: float
    area_mm2: float


@lru_cache(maxsize=4096)
def letter_text(text: str, height_mm: float) -> Lettering:
    """Draw one line of text.

    Parameters
    ----------
    text : str
        Capitals, digits, blanks, ``. _ - ^``.
    height_mm : float
        Height of a capital over its ink.

    Returns
    -------
    Lettering

    Raises
    ------
    SpecRefusedError
        If the font has no such sign.
    """
    pen_mm = max(LEAST_STROKE_MM, STROKE_SHARE * height_mm)
    unit_mm = (height_mm - pen_mm) / BODY_HEIGHT
    outlines: list[Floats] = []
    right_mm = 0.0
    for sign in text:
        strokes = _strokes_of(sign)
        outlines += [
            part + np.array([right_mm, 0.0])
            for stroke in strokes
            for part in _widened(stroke, unit_mm, pen_mm)
        ]
        widest = max((point[0] for stroke in strokes for point in stroke), default=1.6)
        right_mm += widest * unit_mm + 2.2 * pen_mm
    ink = CrossSection(outlines, FillRule.NonZero).simplify(SMOOTHING_MM)
    low_x, low_y, high_x, high_y = ink.bounds()
    centre = np.array([(low_x + high_x) / 2, (low_y + high_y) / 2])
    return Lettering(
        rings=tuple(read_only(ring - centre) for ring in ink.to_polygons()),
        width_mm=high_x - low_x,
        height_mm=high_y - low_y,
        area_mm2=ink.area(),
    )


def _strokes_of(sign: str) -> tuple[Stroke, ...]:
    if sign == " ":
        return ()
    if sign not in STROKES:
        raise SpecRefusedError(
            code="no-such-sign",
            what="The engraving font has no such sign",
            where=f"text with {sign!r}",
            expected=f"one of {''.join(STROKES)} or a blank",
            got=repr(sign),
            next_step="use capitals and digits in serials and labels",
        )
    return STROKES[sign]


def _widened(stroke: Stroke, unit_mm: float, pen_mm: float) -> list[Floats]:
    """Widen one stroke to overlapping counter-clockwise parts: a disc per point, a bar per line."""
    points = np.array(stroke, dtype=np.float64) * unit_mm
    turn = (np.arange(PEN_POINTS) + 0.5) * (2 * np.pi / PEN_POINTS)
    radius = pen_mm / 2 / np.cos(np.pi / PEN_POINTS)
    disc = radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    parts: list[Floats] = [point + disc for point in points]
    for start, end in pairwise(points):
        along = (end - start) / np.hypot(*(end - start))
        side = np.array([-along[1], along[0]]) * pen_mm / 2
        parts.append(np.array([start - side, end - side, end + side, start + side]))
    return parts
