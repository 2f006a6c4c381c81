"""A patient by seed: trunk, bones, organs, and metastases by clinical question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from phantoms.arrays import Floats, frozen_floats
from phantoms.errors import LesionRefusedError
from phantoms.interior import build_organs, joined
from phantoms.lesions import Lesion, LesionRequest, lesion_part
from phantoms.motion import inverse_rigid, moved_points, rigid_about, rotation_about
from phantoms.organs.trunk import BACK_FLAT_MM
from phantoms.physique import draw_physique
from phantoms.sampling import points_within
from phantoms.siting import find_site, moved_pose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phantoms.organs.segments import Segments
    from phantoms.shapes import Shape
    from phantoms.siting import Site
    from phantoms.tissues import Part
    from phantoms.tumour import Corridor, Surroundings

FIELD_MM = (200.0, 400.0, 400.0)
"""Size of the planning scan: head to feet, front to back, right to left, millimetres."""

FOOT_ROOM_MM = 12.0
"""So much is scanned below the liver at least, millimetres."""

HEAD_ROOM_MM = 12.0
"""So much is scanned above the liver at least, millimetres."""

PLATE_ROOM_MM = 92.0
"""The field reaches this far from the tumour towards feet and head at least: a 120 mm plate fits,
with a rim."""

HIGH_MM, HIGH_PLATE_ROOM_MM = 100.0, 188.0
"""A tumour so far above the liver's lower edge lies behind the ribs: its needles come from below
them, and the plate that they lean with reaches so far towards the feet, with a rim."""

MOST_LESIONS = 5
FIELD_CENTRE_MM = (0.0, -16.0, -90.0)
"""Middle of the field, body frame, millimetres: before the patient's, where the plate stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A synthetic patient lying on the back, as on the day of the planning scan.

    Parameters
    ----------
    seed : int
        Everything below follows from it, and from the lesions asked for.
    parts : tuple of Part
        In painting order, body frame, millimetres.
    lps_from_body : (4, 4) array
        Rigid motion from the body frame to LPS of the planning scan, millimetres.
    skin : Shape
        The outside of the body, body frame.
    obstacles : Shape
        Bone, lung and bowel together, body frame.
    liver : Shape
        The liver with all that is in it, body frame.
    segments : Segments
        The boundaries of its segments, body frame.
    lesions : tuple of Lesion
        One or more metastases, the first of which is the tumour that is treated.
    back_y_mm : float
        Where the back rests, LPS y of the planning scan, millimetres.
    field_centre_mm, field_size_kji_mm : (3,) array
        Centre (LPS) and size (k, j, i) of the planning scan, millimetres.
    """

    seed: int
    parts: tuple[Part, ...]
    lps_from_body: Floats
    skin: Shape
    obstacles: Shape
    liver: Shape
    segments: Segments
    lesions: tuple[Lesion, ...]
    back_y_mm: float
    field_centre_mm: Floats
    field_size_kji_mm: Floats

    @property
    def tumour_centre_mm(self) -> Floats:
        """Centre (3,) of the first lesion, LPS of the planning scan, millimetres."""
        return self.lesions[0].centre_mm

    @property
    def tumour_diameter_mm(self) -> float:
        """Diameter of the first lesion, millimetres."""
        return self.lesions[0].diameter_mm

    @property
    def corridor(self) -> Corridor:
        """A straight free way from the skin to the first lesion, LPS of the planning scan.

        Raises
        ------
        LesionRefusedError
            If there is none: the lesion was asked for without one.
        """
        way = self.lesions[0].corridor
        if way is None:
            raise LesionRefusedError(
                "No straight free way leads to the first lesion",
                where=f"patient of seed {self.seed}, lesion {self.lesions[0].name}",
                expected="a lesion that was asked for as reachable",
                got=repr(self.lesions[0].request),
                next_step="look at Lesion.corridor, which is None then",
            )
        return way


def build_patient(
    seed: int, *, lesions: Sequence[LesionRequest] = (LesionRequest(),), vanished: bool = False
) -> Patient:
    """Build the patient that a seed stands for.

    Parameters
    ----------
    seed : int
        Not negative; every seed is another patient.
    lesions : sequence of LesionRequest
        1 to 5 metastases; the anatomy and the pose do not depend on them.
    vanished : bool
        Whether the first lesion has vanished: it stays in `lesions`, not in `parts`.

    Returns
    -------
    Patient
        Lying on the back; the origin of LPS is nowhere in particular.

    Raises
    ------
    LesionRefusedError
        If there are not 1 to 5 lesions, or this patient has no place for one of them.

    Examples
    --------
    >>> patient = build_patient(3)
    >>> 12.0 <= patient.tumour_diameter_mm <= 17.0
    True
    """
    if not 1 <= len(lesions) <= MOST_LESIONS:
        raise LesionRefusedError(
            "The number of lesions is not one that is ablated in a session",
            where="build_patient: lesions",
            expected=f"1 to {MOST_LESIONS}",
            got=str(len(lesions)),
            next_step="ask for fewer",
        )
    rng = np.random.default_rng([seed, 1])
    physique = draw_physique(rng)
    organs, surroundings = build_organs(physique, rng)
    lps_from_body = _draw_pose(rng)
    placed = _place_lesions(seed, lesions, surroundings, lps_from_body)
    if vanished:
        placed = (replace(placed[0], is_visible=False), *placed[1:])
    tumours = [lesion_part(each, lps_from_body) for each in placed if each.is_visible]
    middle = moved_points(inverse_rigid(lps_from_body), placed[0].centre_mm)
    field, size = _scan_field(surroundings.liver, middle, lps_from_body)
    back = [0.0, physique.half_depth_mm - BACK_FLAT_MM, float(middle[2])]
    return Patient(
        seed=seed,
        parts=(*organs, *tumours),
        lps_from_body=lps_from_body,
        skin=surroundings.skin,
        obstacles=joined(organs, ("bone", "lung", "bowel")),
        liver=surroundings.liver,
        segments=surroundings.segments,
        lesions=placed,
        back_y_mm=float(moved_points(lps_from_body, back)[1]),
        field_centre_mm=field,
        field_size_kji_mm=size,
    )


def _place_lesions(
    seed: int, requests: Sequence[LesionRequest], around: Surroundings, lps_from_body: Floats
) -> tuple[Lesion, ...]:
    """Place lesions one after the other; each has its own source of chance."""
    fields = around.fields()
    sites: list[Site] = []
    for number, request in enumerate(requests):
        # each place has its own draws, or two places would be looked for along one list
        place = () if request.where == "deep" else tuple(str(request.where).encode())
        rng = np.random.default_rng([seed, 4, number, *place])
        sites.append(find_site(request, around, sites, rng, fields=fields))
    return tuple(
        Lesion(
            name=f"L{number}",
            lps_from_lesion=moved_pose(site, lps_from_body),
            radii_mm=site.radii_mm,
            has_rim=request.has_rim,
            request=request,
            truth=site.truth,
            corridor=None if site.corridor is None else site.corridor.moved(lps_from_body),
        )
        for number, (request, site) in enumerate(zip(requests, sites, strict=True), start=1)
    )


def _scan_field(liver: Shape, tumour_mm: Floats, lps_from_body: Floats) -> tuple[Floats, Floats]:
    """Find centre (LPS) and size (k, j, i) of a field that holds liver and plate."""
    heights = moved_points(lps_from_body, points_within(liver, 5.0))[:, 2]
    middle = float(moved_points(lps_from_body, tumour_mm)[2])
    is_high = middle - heights.min() > HIGH_MM
    below = HIGH_PLATE_ROOM_MM if is_high else PLATE_ROOM_MM
    feet = min(heights.min() - FOOT_ROOM_MM, middle - below)
    head = max(heights.max() + HEAD_ROOM_MM, middle + PLATE_ROOM_MM)
    size = np.array([max(FIELD_MM[0], np.ceil(head - feet)), *FIELD_MM[1:]])
    centre = moved_points(lps_from_body, FIELD_CENTRE_MM)
    centre[2] = feet + 0.5 * size[0]
    return frozen_floats(centre, (3,), "field centre"), frozen_floats(size, (3,), "field size")


def _draw_pose(rng: np.random.Generator) -> Floats:
    """Lay the patient a little askew, tens of millimetres from the scanner's zero point."""
    turn = rotation_about(rng.standard_normal(3), np.deg2rad(rng.uniform(0.5, 2.5)))
    offset = np.array([rng.uniform(8, 28), rng.uniform(-190, -140), rng.uniform(-420, 380)])
    offset[0] *= rng.choice([-1.0, 1.0])
    return rigid_about(turn, [0.0, 0.0, 0.0], offset)
