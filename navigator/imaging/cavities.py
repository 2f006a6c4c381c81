"""Gas behind a thin wall: inside the patient, though the wall is no thicker than a couch.

An opening takes the couch away, and with it the wall of the belly where gas lies close beneath
the skin. What was lost is told from what was to go by its surroundings, slice by slice: a cavity
lies in the body with a small mouth towards the world, while a couch, a blanket and the air that
they hold show the world as much of themselves as the body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.slices import fill_slice, open_slice

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats, Labels

CAVITY_SHARE = 0.57
"""Share of its outline that a cavity has in common with the body. Air between the back and a
couch has little more than half (55 % in a furrow 80 mm wide and 15 mm deep), the shell itself
less; gas 120 mm wide and 40 mm deep behind a wall thin from end to end has 59 %."""

SHEET_MM = 40.0
"""A thin thing that lies as flat as this beside the body is a couch, not a line."""


def add_cavities(
    body: Booleans, tissue: Booleans, spacing_mm: Floats, radius_mm: float
) -> Booleans:
    """Give a slice of the body back the cavities whose thin wall the opening took.

    Parameters
    ----------
    body : (j, i) array of bool
        The opened body, filled.
    tissue : (j, i) array of bool
        All tissue before the opening.
    spacing_mm : (2,) array
        Spacing of (j, i), millimetres.
    radius_mm : float
        Radius of the opening.

    Returns
    -------
    (j, i) array of bool
        The body with those cavities and their walls.
    """
    # a wall of one or two voxels has holes of one where noise is strong
    closed = body | tissue | ndimage.binary_closing(np.pad(tissue, 1))[1:-1, 1:-1]
    whole = fill_slice(closed)
    # most slices have no gas that is not in the body already
    if not (whole & ~closed).any():
        return body
    thick = open_slice(whole, spacing_mm, radius_mm) | body
    found, count = ndimage.label(thick & ~body)
    pieces: Labels = found.astype(np.int32)
    # what no disc fits into is a fold of skin, or the slit between an arm and the trunk
    roomy = np.unique(pieces[open_slice(pieces > 0, spacing_mm, radius_mm)])
    if not roomy.size:
        return body
    sheets = whole & ~thick
    is_cavity = _shares_with(body, pieces, count, spacing_mm) >= CAVITY_SHARE
    is_cavity &= ~_closed_by_sheets(sheets, pieces, body, spacing_mm, radius_mm)
    is_cavity &= np.isin(np.arange(count + 1), roomy)
    kept: Booleans = body | is_cavity[pieces]
    return fill_slice(kept)


def _shares_with(body: Booleans, pieces: Labels, count: int, spacing_mm: Floats) -> Floats:
    """Measure which share of its outline each piece has in common with the body.

    Outlines are counted along four directions (Cauchy-Crofton), for a staircase would make every
    slanting one too long.
    """
    row_mm, column_mm = (float(step) for step in spacing_mm)
    slant_mm = float(np.hypot(row_mm, column_mm))
    # rays of one direction stand as far apart as a pixel's area over the step between pixels
    apart_mm = {(1, 0): column_mm, (0, 1): row_mm}
    apart_mm |= dict.fromkeys(((1, 1), (1, -1)), row_mm * column_mm / slant_mm)
    framed, inside = np.pad(pieces, 1), np.pad(body, 1)
    shared, other = np.zeros(count + 1), np.zeros(count + 1)
    for step, weight_mm in apart_mm.items():
        for turned in (step, (-step[0], -step[1])):
            ends = np.roll(framed, turned, axis=(0, 1)) != framed
            ends &= framed > 0
            at_body = ends & np.roll(inside, turned, axis=(0, 1))
            shared += weight_mm * np.bincount(framed[at_body], minlength=count + 1)
            other += weight_mm * np.bincount(framed[ends & ~at_body], minlength=count + 1)
    shares: Floats = shared / np.maximum(shared + other, 1e-9)
    return shares


def _closed_by_sheets(
    sheets: Booleans, pieces: Labels, body: Booleans, spacing_mm: Floats, radius_mm: float
) -> Booleans:
    """Tell which pieces have their mouth at the height of a couch.

    The air between an arm, the trunk and the board beneath both is enclosed as a cavity is. The
    board goes on beyond the arm, at the same height: a couch lies level in the rows of a scan,
    or in its columns where the patient lies on a side.
    """
    in_rows = _closed_in_rows(sheets, pieces, body, spacing_mm, radius_mm)
    turned_mm = spacing_mm[::-1]
    return in_rows | _closed_in_rows(sheets.T, pieces.T, body.T, turned_mm, radius_mm)


def _closed_in_rows(
    sheets: Booleans, pieces: Labels, body: Booleans, spacing_mm: Floats, radius_mm: float
) -> Booleans:
    """Tell which pieces (j, i) have most of their mouth in rows that hold a level sheet."""
    row_mm, column_mm = (float(step) for step in spacing_mm)
    is_level = sheets.sum(axis=1) * column_mm >= SHEET_MM
    reach = int(np.ceil(radius_mm / row_mm))
    is_level = ndimage.binary_dilation(is_level, iterations=reach)
    count = int(pieces.max())
    # the world beyond the slice is air
    mouth = (pieces > 0) & ndimage.binary_dilation((pieces == 0) & ~body, border_value=1)
    all_of = np.bincount(pieces[mouth], minlength=count + 1)
    level_of = np.bincount(pieces[mouth & is_level[:, None]], minlength=count + 1)
    closed: Booleans = 2 * level_of > np.maximum(all_of, 1)
    return closed
