"""Places for metastases by clinical question, drawn until what was asked for is measured true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.bounds import bounds_mm
from phantoms.errors import LesionRefusedError
from phantoms.gaps import measure_gap
from phantoms.lesions import LesionTruth
from phantoms.motion import moved_points, random_direction, rotation_about
from phantoms.organs.segments import segments_at
from phantoms.tumour import LONGEST_WAY_MM, find_corridor

if TYPE_CHECKING:
    from phantoms.arrays import Floats
    from phantoms.lesions import LesionRequest
    from phantoms.program import Field
    from phantoms.tumour import Corridor, Fields, Surroundings

DEEP_MM = 8.0
RIGHT_LOBE = 5
"""Segments from this number on are the right lobe."""
SUBCAPSULAR_MM = 5.0
UNDER_LUNG_MM = 12.0
NEAR_VEIN_MM = 5.0
NEAR_BOWEL_MM = 10.0
OVER_IT_MM = 8.0
"""Bone this near to the upright way bars it, millimetres."""
IN_LIVER_MM = 0.5
"""Every lesion stays so far below the capsule, and off vessels, at least, millimetres."""
APART_MM = 5.0
"""Between two lesions, millimetres."""
LARGE_MM = 25.0
"""A larger lesion may swallow branches of less than 3 mm."""
UNEVEN = 0.18
"""Spread of the logarithm of an oval's half axes."""
LEAST_IN_LIVER_MM = 0.2
"""What the bracket of a measured distance leaves of it, millimetres."""
ROUNDS, PLACES_A_ROUND, LOOKED_AT = 3, 16_000, 100
"""A seed is given up after so many rounds; in each, so many draws and so many closer looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place found: pose (4, 4) and half axes (3,), body frame, mm, with what is true of it."""

    body_from_lesion: Floats
    radii_mm: Floats
    truth: LesionTruth
    corridor: Corridor | None


def find_site(
    request: LesionRequest,
    around: Surroundings,
    taken: list[Site],
    rng: np.random.Generator,
    *,
    fields: Fields | None = None,
) -> Site:
    """Draw places until one keeps what a request asks.

    Parameters
    ----------
    request : LesionRequest
        What is asked for.
    around : Surroundings
        The shapes, body frame.
    taken : list of Site
        Lesions that are there already.
    rng : numpy.random.Generator
        Source of chance.
    fields : Fields, optional
        ``around.fields()``, where several lesions share it.

    Returns
    -------
    Site
        Measured, not only drawn.

    Raises
    ------
    LesionRefusedError
        If none is found in :data:`ROUNDS` rounds.
    """
    asked = around.fields() if fields is None else fields
    for _ in range(ROUNDS):
        radii, turn = _drawn_form(request, rng)
        low, high = bounds_mm(around.liver)
        places = rng.uniform(low, high, (PLACES_A_ROUND, 3))
        likely = _likely(request, radii, places, asked, around)
        for centre in _apart(likely, radii, taken)[:LOOKED_AT]:
            pose = np.eye(4)
            pose[:3, :3], pose[:3, 3] = turn, centre
            site = _looked_at(request, pose, radii, asked, around)
            if site is not None:
                return site
    raise LesionRefusedError(
        "This patient has no place for such a lesion",
        where=f"{request!r}",
        expected=f"a place among {ROUNDS * PLACES_A_ROUND} draws",
        got="none that keeps what was asked",
        next_step="use another seed, a smaller diameter, or leave is_reachable open",
    )


def _drawn_form(request: LesionRequest, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw half axes (3,), millimetres, and the turn (3, 3) of a lesion."""
    radius = 0.5 * rng.uniform(*request.diameter_mm)
    stretch, turn = np.zeros(3), np.eye(3)
    if request.is_oval:
        stretch = rng.uniform(-UNEVEN, UNEVEN, 3)
        turn = rotation_about(random_direction(rng), rng.uniform(0.0, np.pi))
    return radius * np.exp(stretch - stretch.mean()), turn


def _likely(
    request: LesionRequest, radii: Floats, places: Floats, fields: Fields, around: Surroundings
) -> Floats:
    """Keep places (n, 3) that lower bounds of the distances do not rule out, millimetres."""
    least, most = float(radii.min()), float(radii.max())
    places = places[fields.liver(places) <= -(least + IN_LIVER_MM)]
    for veins in (fields.portal, fields.hepatic):
        places = places[veins(places) >= least + IN_LIVER_MM]
    if 2.0 * most < LARGE_MM:
        places = places[fields.vessels(places) >= least + IN_LIVER_MM]
    if isinstance(request.where, int):
        likely: Floats = places[segments_at(around.segments, places) == request.where]
        return likely
    if request.where == "deep":
        # all branches, not only the wide ones; the capsule and the wide ones are measured
        deep = fields.vessels(places) >= least + DEEP_MM
        deep &= fields.liver(places) <= -(least + DEEP_MM)
        return places[deep & (segments_at(around.segments, places) >= RIGHT_LOBE)]
    near: dict[str, tuple[Field, float]] = {
        "subcapsular": (lambda points: -fields.liver(points), SUBCAPSULAR_MM),
        "dome": (fields.lung, UNDER_LUNG_MM),
        "near portal vein": (fields.portal, NEAR_VEIN_MM),
        "near hepatic vein": (fields.hepatic, NEAR_VEIN_MM),
        "near bowel": (fields.bowel, NEAR_BOWEL_MM),
        "subcostal": (fields.bone, np.inf),
    }
    to_it, most_mm = near[request.where]
    return places[to_it(places) <= most + most_mm]


def _apart(places: Floats, radii: Floats, taken: list[Site]) -> Floats:
    for site in taken:
        room = float(radii.max() + site.radii_mm.max()) + APART_MM
        places = places[np.linalg.norm(places - site.body_from_lesion[:3, 3], axis=1) >= room]
    return places


def _looked_at(
    request: LesionRequest, pose: Floats, radii: Floats, fields: Fields, around: Surroundings
) -> Site | None:
    """Measure a place; None where it does not keep what was asked."""
    if request.where == "subcostal" and _upright_to_bone_mm(pose[:3, 3], fields) > OVER_IT_MM:
        return None
    own_gap = measure_gap(pose, radii, fields.liver, is_inside=True)
    if own_gap.low_mm < LEAST_IN_LIVER_MM:
        return None
    corridor = find_corridor(fields, pose[:3, 3])
    if request.is_reachable not in {None, corridor is not None}:
        return None
    truth = measure_truth(pose, radii, fields, around)
    if not keeps_promise(request, truth):
        return None
    return Site(body_from_lesion=pose, radii_mm=radii, truth=truth, corridor=corridor)


def measure_truth(pose: Floats, radii: Floats, fields: Fields, around: Surroundings) -> LesionTruth:
    """Measure where a lesion lies.

    Parameters
    ----------
    pose : (4, 4) array
        Centre and axes, body frame, millimetres.
    radii : (3,) array
        Half axes, millimetres.
    fields : Fields
        Distances to the shapes, body frame.
    around : Surroundings
        The same shapes, for the segments.

    Returns
    -------
    LesionTruth
        Bracketed distances from the lesion's surface.
    """
    centre = pose[:3, 3]
    above = centre + np.arange(0.0, LONGEST_WAY_MM, 1.0)[:, None] * [0.0, 0.0, 1.0]
    return LesionTruth(
        segment=int(segments_at(around.segments, centre)[0]),
        to_capsule=measure_gap(pose, radii, fields.liver, is_inside=True),
        to_portal_vein=measure_gap(pose, radii, fields.portal),
        to_hepatic_vein=measure_gap(pose, radii, fields.hepatic),
        to_bowel=measure_gap(pose, radii, fields.bowel),
        to_lung=measure_gap(pose, radii, fields.lung),
        to_bone=measure_gap(pose, radii, fields.bone),
        upright_way_to_bone_mm=_upright_to_bone_mm(centre, fields),
        is_under_lung=bool((fields.lung(above) <= 0.0).any()),
    )


def _upright_to_bone_mm(centre: Floats, fields: Fields) -> float:
    """Measure how near bone comes to the way straight to the front, to 0.5 mm, millimetres."""
    way = centre - np.arange(0.0, LONGEST_WAY_MM, 0.5)[:, None] * [0.0, 1.0, 0.0]
    in_body = way[fields.skin(way) <= 0.0]
    return max(float(fields.bone(in_body).min()), 0.0)


def keeps_promise(request: LesionRequest, truth: LesionTruth) -> bool:
    """Tell whether what was measured is what was asked, the worse end of each bracket counting."""
    veins = min(truth.to_portal_vein.low_mm, truth.to_hepatic_vein.low_mm)
    if isinstance(request.where, int):
        return truth.segment == request.where and veins > 0.0
    kept = {
        "deep": truth.to_capsule.low_mm >= DEEP_MM - 0.1 and veins >= DEEP_MM - 0.1,
        "subcapsular": truth.to_capsule.high_mm <= SUBCAPSULAR_MM,
        "dome": truth.to_lung.high_mm <= UNDER_LUNG_MM and truth.is_under_lung,
        "near portal vein": truth.to_portal_vein.high_mm <= NEAR_VEIN_MM,
        "near hepatic vein": truth.to_hepatic_vein.high_mm <= NEAR_VEIN_MM,
        "near bowel": truth.to_bowel.high_mm <= NEAR_BOWEL_MM,
        "subcostal": truth.upright_way_to_bone_mm <= OVER_IT_MM,
    }
    return kept[request.where] and veins > 0.0


def moved_pose(site: Site, lps_from_body: Floats) -> Floats:
    """Carry a site's pose to LPS, (4, 4), millimetres."""
    pose: Floats = lps_from_body @ site.body_from_lesion
    pose[:3, 3] = moved_points(lps_from_body, site.body_from_lesion[:3, 3])
    return pose
