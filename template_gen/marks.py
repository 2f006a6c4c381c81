"""Which texts a plate carries, and where there is room for them.

Texts read upright with row 1 on top, each from the side that it is engraved on. Places are tried
in a fixed order; the first that keeps clear of bores, sleeves, pockets, rim and other texts wins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from template_gen.drilling import bore_rings
from template_gen.engrave import ENGRAVING_DEPTH_MM, letter_text
from template_gen.naming import column_letters
from template_gen.outlines import corner_radius_mm, depth_inside_mm, pocket_radius_mm
from template_gen.spec import spec_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from template_gen.arrays import Booleans, Floats
    from template_gen.models import TemplateSpec

Face: TypeAlias = Literal["operator", "patient"]

LABEL_DISTANCE_MM = 5.0
"""From the outermost bores' axes to the middle of the row and column labels, at least."""
LABEL_HEIGHT_MM = (2.0, 3.0)
"""Smallest and largest height of row and column labels."""
LABEL_PLAY_MM = 0.2
"""More than the least gap between a bore and its label."""
SERIAL_HEIGHT_MM = 2.5
TOP_HEIGHT_MM = 3.0
SKIN_HEIGHT_MM = 5.0
BEYOND_BORES_MM, BEYOND_LABELS_MM = 6.5, 11.0
"""From the outermost bores' axes to the first place that is tried for a text."""
SCAN_STEP_MM = 1.0
"""Step of the search for a free place."""
BATCH = 16
"""Places looked at together; the first few mostly suffice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One text on one face.

    Parameters
    ----------
    text : str
        What is engraved; ``^`` is an arrow to row 1.
    face : str
        ``operator`` or ``patient``.
    centre_mm : tuple of float
        x and y of the middle, template frame.
    height_mm : float
        Height of a capital.
    """

    text: str
    face: Face
    centre_mm: tuple[float, float]
    height_mm: float

    def rings_mm(self) -> tuple[Floats, ...]:
        """Give the outlines in x and y of the template frame, ink counter-clockwise."""
        # x runs to the reader's right on the operator face and to the left on the patient face;
        # y runs down on both.
        along = np.array([1.0 if self.face == "operator" else -1.0, -1.0])
        turn = -1 if self.face == "operator" else 1
        rings = letter_text(self.text, self.height_mm).rings
        return tuple((ring * along + np.array(self.centre_mm))[::turn] for ring in rings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The texts of a plate.

    Parameters
    ----------
    placed : tuple of Mark
        What is engraved.
    missing : tuple of str
        Texts without which the plate is not safe, and for which there is no room.
    omitted : tuple of str
        Names of single bores for which there is no room; drill table and sheet hold them.
    """

    placed: tuple[Mark, ...]
    missing: tuple[str, ...]
    omitted: tuple[str, ...]


@dataclass(slots=True)
class _Desk:
    """The faces while texts are laid out on them."""

    spec: TemplateSpec
    gap_mm: float
    discs: dict[Face, Floats]
    boxes: dict[Face, Floats] = field(
        default_factory=lambda: {"operator": np.zeros((0, 4)), "patient": np.zeros((0, 4))}
    )
    placed: list[Mark] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    omitted: list[str] = field(default_factory=list)

    def put(
        self, text: str, face: Face, height_mm: float, places: Sequence[tuple[float, float]]
    ) -> bool:
        """Engrave a text at the first place where it fits."""
        letters = letter_text(text, height_mm)
        half = np.array([letters.width_mm, letters.height_mm]) / 2
        for start in range(0, len(places), BATCH):
            centres = np.array(places[start : start + BATCH])
            free = np.flatnonzero(self._are_free(face, centres, half))
            if len(free):
                x, y = centres[free[0]]
                mark = Mark(
                    text=text, face=face, centre_mm=(float(x), float(y)), height_mm=height_mm
                )
                self.placed.append(mark)
                box = np.array([[x - half[0], y - half[1], x + half[0], y + half[1]]])
                self.boxes[face] = np.concatenate([self.boxes[face], box])
                return True
        return False

    def _are_free(self, face: Face, centres: Floats, half: Floats) -> Booleans:
        """Tell for each of (k, 2) places whether a box of this half size fits there."""
        signs = np.array([(1, 1), (1, -1), (-1, 1), (-1, -1)])
        corners = (centres[:, None] + half * signs).reshape(-1, 2)
        inside = depth_inside_mm(self.spec.plate, corners).reshape(-1, 4).min(axis=1)
        discs, boxes = self.discs[face], self.boxes[face]
        beyond = np.maximum(np.abs(discs[:, :2] - centres[:, None]) - half, 0.0)
        clear = np.hypot(beyond[..., 0], beyond[..., 1]) - discs[:, 2]
        low, high = centres[:, None] - half, centres[:, None] + half
        apart = np.maximum(boxes[:, :2] - high, low - boxes[:, 2:]).max(axis=2)
        gap_mm = self.gap_mm
        free = (inside >= gap_mm) & (clear >= gap_mm).all(axis=1) & (apart >= gap_mm).all(axis=1)
        return np.asarray(free)


def place_marks(spec: TemplateSpec) -> Marks:
    """Lay out every text of a plate.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    Marks
    """
    desk = _Desk(spec=spec, gap_mm=max(0.5, spec.printer.min_wall_mm), discs=_discs(spec))
    half_x, half_y = _reach_mm(spec)
    _put_grid_labels(desk, half_x, half_y)
    _put_bore_labels(desk)
    faces: tuple[Face, Face] = ("operator", "patient")
    wanted: list[tuple[str, Face, float, float]] = [
        *(("^ TOP ^", face, TOP_HEIGHT_MM, -(half_y + BEYOND_LABELS_MM)) for face in faces),
        (spec.serial, "operator", SERIAL_HEIGHT_MM, half_y + BEYOND_BORES_MM),
        (spec_hash(spec)[:8].upper(), "operator", SERIAL_HEIGHT_MM, half_y + BEYOND_BORES_MM),
        ("SKIN", "patient", SKIN_HEIGHT_MM, half_y + BEYOND_BORES_MM),
    ]
    for text, face, height_mm, first_y in wanted:
        if not desk.put(text, face, height_mm, _outward(spec, first_y)):
            desk.missing.append(f"{text} ({face} face)")
    return Marks(
        placed=tuple(desk.placed), missing=tuple(desk.missing), omitted=tuple(desk.omitted)
    )


def _outward(spec: TemplateSpec, first_y: float) -> list[tuple[float, float]]:
    """List places from a row outwards to the rim, then nearer, first in the middle."""
    limit_x, limit_y = spec.plate.width_mm / 2, spec.plate.height_mm / 2
    up = np.copysign(1.0, first_y)
    outer = np.arange(abs(first_y), limit_y, SCAN_STEP_MM / 2)
    inner = np.arange(abs(first_y), 0.0, -SCAN_STEP_MM)
    rows = [float(up * y) for y in (*outer, *inner)]
    aside = np.arange(4 * SCAN_STEP_MM, limit_x, 4 * SCAN_STEP_MM)
    across = [0.0, *(float(sign * x) for x in aside for sign in (1.0, -1.0))]
    return list(product(across, rows))


def _discs(spec: TemplateSpec) -> dict[Face, Floats]:
    """Give (k, 3) discs, x, y and radius, that texts on each face must keep clear of."""
    bores = bore_rings(spec)
    # A tilted bore runs on under the text while the text is being cut.
    drift = ENGRAVING_DEPTH_MM * bores.tangents
    pockets = np.array(
        [
            (marker.x_mm, marker.y_mm, corner_radius_mm(np.array(pocket_radius_mm(marker))))
            for marker in spec.markers
        ]
    ).reshape(-1, 3)
    near = bores.entries_mm[:, :2]
    far = bores.centres_at_mm(spec.plate.thickness_mm)[:, :2]
    # A leaning sleeve hides what is engraved under it.
    lean = (bores.directions * bores.sleeves_mm[:, None])[:, :2]
    reach = bores.operator_footprints_mm + drift
    leaning = np.abs(lean).max(axis=1) > 0
    hidden = [np.c_[near - share * lean, reach][leaning] for share in (0.5, 1.0)]
    return {
        "operator": np.vstack([np.c_[near, reach], *hidden, pockets]),
        "patient": np.vstack([np.c_[far, bores.footprints_mm + drift], pockets]),
    }


def _reach_mm(spec: TemplateSpec) -> tuple[float, float]:
    """Find how far the grid's outermost axes lie from the middle, along x and y."""
    if spec.grid is None:
        return 0.0, 0.0
    return (
        (spec.grid.columns - 1) / 2 * spec.grid.pitch_mm,
        (spec.grid.rows - 1) / 2 * spec.grid.pitch_mm,
    )


def _put_grid_labels(desk: _Desk, half_x: float, half_y: float) -> None:
    grid = desk.spec.grid
    if grid is None:
        return
    smallest, largest = LABEL_HEIGHT_MM
    height_mm = float(np.clip(0.5 * grid.pitch_mm, smallest, largest))
    widest = max(letter_text(str(row + 1), height_mm).width_mm for row in range(grid.rows))
    free = (grid.bore_diameter_mm + desk.spec.printer.bore_compensation_mm) / 2 + desk.gap_mm
    beside = max(LABEL_DISTANCE_MM, free + LABEL_PLAY_MM + widest / 2)
    above = max(LABEL_DISTANCE_MM, free + LABEL_PLAY_MM + height_mm / 2)
    for column in range(grid.columns):
        text, x = column_letters(column), column * grid.pitch_mm - half_x
        places = [(x, -half_y - above), (x, half_y + above)]
        if not desk.put(text, "operator", height_mm, places):
            desk.missing.append(f"column {text}")
    for row in range(grid.rows):
        text, y = str(row + 1), row * grid.pitch_mm - half_y
        places = [(-half_x - beside, y), (half_x + beside, y)]
        if not desk.put(text, "operator", height_mm, places):
            desk.missing.append(f"row {text}")


def _put_bore_labels(desk: _Desk) -> None:
    """Write each single bore's name beside it: below, above, right, left, then further out."""
    bores = bore_rings(desk.spec)
    footprints = dict(zip(bores.labels, bores.operator_footprints_mm, strict=True))
    height_mm = SERIAL_HEIGHT_MM
    for bore in desk.spec.bores:
        letters = letter_text(bore.label, height_mm)
        radius = footprints[bore.label] + desk.gap_mm
        steps = [
            (
                bore.x_mm + side * (radius + further + letters.width_mm / 2),
                bore.y_mm + down * (radius + further + letters.height_mm / 2),
            )
            for further in (LABEL_PLAY_MM, 1.0, 2.0)
            for side, down in ((0, 1), (0, -1), (1, 0), (-1, 0))
        ]
        if not desk.put(bore.label, "operator", height_mm, steps):
            desk.omitted.append(bore.label)
