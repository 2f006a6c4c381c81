"""Engraved texts can be read: every sign is drawn, none twice, and none mirrored on either face."""

from __future__ import annotations

import string
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from template_gen.drilling import bore_rings
from template_gen.engrave import LEAST_STROKE_MM, letter_text
from template_gen.errors import SpecRefusedError
from template_gen.font import STROKES
from template_gen.marks import Mark, place_marks
from template_gen.outlines import depth_inside_mm, pocket_ring, rings_at_depth
from template_gen.rules import check_spec
from tests.template_gen.test_rules import bore, plate_with

if TYPE_CHECKING:
    from template_gen.models import TemplateSpec

SIGNS = string.ascii_uppercase + string.digits + "._-"
"""What serials and labels may hold."""


def area(ring: np.ndarray) -> float:
    x, y = ring.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def covered(rings: tuple[np.ndarray, ...], points: np.ndarray) -> np.ndarray:
    """Tell which points are ink, by counting crossings of a ray to the right."""
    inside = np.zeros(len(points), dtype=bool)
    for ring in rings:
        start, end = ring, np.roll(ring, -1, axis=0)
        for (ax, ay), (bx, by) in zip(start, end, strict=True):
            spans = (ay > points[:, 1]) != (by > points[:, 1])
            if spans.any():
                cut = ax + (points[:, 1] - ay) / (by - ay) * (bx - ax)
                inside ^= spans & (points[:, 0] < cut)
    return inside


def picture(
    rings: tuple[np.ndarray, ...], half_mm: float = 3.2, step_mm: float = 0.2
) -> np.ndarray:
    ticks = np.arange(-half_mm, half_mm, step_mm) + 1e-4
    x, y = np.meshgrid(ticks, ticks)
    return covered(rings, np.stack([x.ravel(), y.ravel()], axis=1)).reshape(x.shape)


@pytest.mark.parametrize("sign", SIGNS + "^")
def test_every_sign_has_ink_as_tall_as_asked_and_strokes_as_wide_as_the_pen(sign: str) -> None:
    letters = letter_text(sign, 5.0)
    rings = sum(area(ring) for ring in letters.rings)
    assert rings == pytest.approx(letters.area_mm2, rel=1e-9)
    assert letters.area_mm2 > 0.4
    if sign.isalnum() and sign != "Q":
        assert letters.height_mm == pytest.approx(5.0, abs=0.02)
    pen_mm = max(LEAST_STROKE_MM, 0.75)
    for stroke in STROKES[sign]:
        assert len(stroke) == 1 or letters.area_mm2 >= pen_mm**2


def test_no_two_signs_look_alike() -> None:
    pictures = {sign: picture(letter_text(sign, 5.0).rings) for sign in SIGNS}
    for one, other in combinations(SIGNS, 2):
        assert (pictures[one] ^ pictures[other]).sum() >= 10, (one, other)


def test_signs_that_must_not_be_confused_when_mirrored_or_turned_are_chiral() -> None:
    for sign in "FGJLNPRSZ2345679":
        drawn = picture(letter_text(sign, 5.0).rings)
        assert (drawn ^ drawn[:, ::-1]).sum() >= 15, sign


def test_a_sign_that_the_font_lacks_is_refused() -> None:
    with pytest.raises(SpecRefusedError, match="no such sign"):
        letter_text("ä", 3.0)


@pytest.mark.hazard(25, 30)
def test_an_l_shows_its_foot_to_the_right_of_the_reader_on_both_faces() -> None:
    """The operator sees x to the right; who looks at the patient face sees x to the left."""
    for face, right in (("operator", 1.0), ("patient", -1.0)):
        mark = Mark(text="L", face=face, centre_mm=(10.0, 20.0), height_mm=6.0)  # type: ignore[arg-type]  # a literal in a loop
        (ring,) = mark.rings_mm()
        assert area(ring) > 0
        across, down = (ring[:, 0] - 10.0) * right, ring[:, 1] - 20.0
        foot, stem = covered(
            (ring,), np.array([[10.0 + 1.2 * right, 22.6], [10.0 + 1.2 * right, 18.0]])
        )
        assert foot
        assert not stem
        assert across.min() == pytest.approx(-across.max(), abs=1e-6)
        assert down.max() == pytest.approx(3.0, abs=0.02)


def test_default_texts_are_all_there_and_stand_where_a_reader_expects_them(
    grid_spec: TemplateSpec,
) -> None:
    marks = place_marks(grid_spec)
    assert marks.missing == marks.omitted == ()
    at = {(mark.face, mark.text): np.array(mark.centre_mm) for mark in marks.placed}
    for column, x in zip("ABCD", (-9.0, -3.0, 3.0, 9.0), strict=True):
        assert at["operator", column][0] == x
        assert at["operator", column][1] < -6.0
    for row, y in zip("123", (-6.0, 0.0, 6.0), strict=True):
        assert at["operator", row][1] == y
        assert at["operator", row][0] < -9.0
    for face in ("operator", "patient"):
        assert at[face, "^ TOP ^"][1] < -6.0
    assert at["patient", "SKIN"][1] > 6.0
    assert at["operator", "T-0001"][1] > 6.0


def test_texts_keep_clear_of_the_rim_of_bores_of_pockets_and_of_each_other(
    guide_spec: TemplateSpec,
) -> None:
    marks = place_marks(guide_spec).placed
    bores = bore_rings(guide_spec)
    pockets = [pocket_ring(marker, 0.0)[:, :2] for marker in guide_spec.markers]
    for face, z_mm, radii in (
        ("operator", 0.0, np.where(bores.sleeves_mm > 0, bores.sleeve_radii_mm, bores.radii_mm)),
        ("patient", 15.0, bores.radii_mm),
    ):
        texts = [np.vstack(mark.rings_mm()) for mark in marks if mark.face == face]
        holes = [*rings_at_depth(bores, radii, z_mm)[:, :, :2], *pockets]
        for row, text in enumerate(texts):
            assert depth_inside_mm(guide_spec.plate, text).min() >= 0.8 - 1e-9
            for other in (*texts[row + 1 :], *holes):
                apart = np.linalg.norm(text[:, None] - other[None], axis=2).min()
                assert apart >= 0.75


def test_a_bore_without_room_for_its_name_is_a_warning() -> None:
    around = [bore(f"Q{x}.{y}", 4.5 * x - 9, 4.5 * y - 9) for x in range(5) for y in range(5)]
    finding = next(
        item for item in check_spec(plate_with(*around)) if item.code == "no-room-for-label"
    )
    assert finding.severity == "warning"
    assert "Q2.2" in finding.labels
