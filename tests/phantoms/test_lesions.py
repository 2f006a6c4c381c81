"""What is asked of a lesion is true of it: distances by brute force, volumes by formula."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial import cKDTree

from phantoms.anatomy import Patient, build_patient
from phantoms.bounds import bounds_mm
from phantoms.errors import LesionRefusedError
from phantoms.gaps import distance_to_ellipsoid_mm, measure_gap
from phantoms.lesions import PLACES, Lesion, LesionRequest, lesion_shape, surface_points_mm
from phantoms.motion import inverse_rigid, rigid_about, rotation_about
from phantoms.program import distance_field, signed_distance_mm
from phantoms.shapes import RoundedBox, Shape, Union, capsule, sphere

STEP_MM = 0.8
"""Pitch of the brute-force samples: a distance found with them is off by 0.7 mm at most."""
SLACK_MM = 0.5 * np.sqrt(3.0) * STEP_MM + 0.35
POINTS = 1500


def body_pose(patient: Patient, lesion: Lesion) -> np.ndarray:
    return inverse_rigid(patient.lps_from_body) @ lesion.lps_from_lesion


def sampled_gap_mm(
    patient: Patient, lesion: Lesion, shapes: list[Shape], *, is_inside: bool = False
) -> float:
    """Measure from samples of the lesion's surface to grid points inside the shapes (or out)."""
    surface = surface_points_mm(body_pose(patient, lesion), lesion.radii_mm, POINTS)
    low, high = surface.min(axis=0) - 13.0, surface.max(axis=0) + 13.0
    axes = [np.arange(a, b, STEP_MM) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    sign = -1.0 if is_inside else 1.0
    found = [np.empty((0, 3))]
    for shape in shapes:
        box = bounds_mm(shape)
        near = grid if is_inside else grid[((grid >= box[0]) & (grid <= box[1])).all(axis=1)]
        found.append(near[sign * signed_distance_mm(shape, near) <= 0.0])
    points = np.concatenate(found)
    return float(cKDTree(points).query(surface)[0].min()) if len(points) else np.inf


def shapes_of(patient: Patient, *words: str) -> list[Shape]:
    return [part.shape for part in patient.parts if any(word in part.name for word in words)]


def check_deep(patient: Patient, lesion: Lesion) -> None:
    assert sampled_gap_mm(patient, lesion, [patient.liver], is_inside=True) >= 8.0 - SLACK_MM
    centre = body_pose(patient, lesion)[:3, 3]
    for part in patient.parts:
        if part.tissue.structure == "vessel":
            assert signed_distance_mm(part.shape, [centre])[0] >= lesion.radii_mm[0] + 7.9


def check_dome(patient: Patient, lesion: Lesion) -> None:
    centre = body_pose(patient, lesion)[:3, 3]
    above = centre + np.arange(0.0, 120.0)[:, None] * [0.0, 0.0, 1.0]
    lung = shapes_of(patient, "right lung", "left lung")
    assert any((signed_distance_mm(shape, above) <= 0.0).any() for shape in lung)


def check_subcostal(patient: Patient, lesion: Lesion) -> None:
    centre = body_pose(patient, lesion)[:3, 3]
    upright = centre - np.arange(0.0, 140.0, 0.5)[:, None] * [0.0, 1.0, 0.0]
    bones = [part.shape for part in patient.parts if part.tissue.structure == "bone"]
    assert min(signed_distance_mm(shape, upright).min() for shape in bones) <= 8.0 + 1e-6


CHECKS = {"deep": check_deep, "dome": check_dome, "subcostal": check_subcostal}
NEAR = {
    "dome": (("right lung", "left lung"), 12.0),
    "near portal vein": (("portal vein", "branch", "segment"), 5.0),
    "near hepatic vein": (("hepatic vein", "twig"), 5.0),
    "near bowel": (("stomach", "duodenum", "colon", "small bowel"), 10.0),
}


def check_claim(patient: Patient, lesion: Lesion, where: str | int) -> None:
    capsule_mm = sampled_gap_mm(patient, lesion, [patient.liver], is_inside=True)
    assert capsule_mm > 0.0
    if isinstance(where, int):
        assert lesion.truth.segment == where
    if where == "subcapsular":
        assert capsule_mm <= 5.0 + SLACK_MM
    if where in NEAR:
        words, most_mm = NEAR[where]
        assert sampled_gap_mm(patient, lesion, shapes_of(patient, *words)) <= most_mm + SLACK_MM
    if where in CHECKS:
        CHECKS[where](patient, lesion)


@pytest.mark.parametrize("where", [*PLACES, 2, 6], ids=str)
def test_a_place_asked_for_is_the_place_given(
    where: str | int,
    long_run: bool,  # noqa: FBT001 - a fixture
) -> None:
    """Seeds may refuse; then the refusal is typed, and another seed is asked."""
    request = LesionRequest(where=where, diameter_mm=(9.0, 15.0), is_reachable=None)
    wanted = 12 if long_run else 1
    for seed in itertools.count(list(PLACES).index(where) if where in PLACES else 3):
        try:
            patient = build_patient(seed, lesions=(request,))
        except LesionRefusedError:
            continue
        check_claim(patient, patient.lesions[0], where)
        wanted -= 1
        if not wanted:
            return


def test_a_lesion_out_of_reach_has_no_corridor_and_says_so() -> None:
    patient = build_patient(3, lesions=(LesionRequest(where="dome", is_reachable=False),))
    assert patient.lesions[0].corridor is None
    with pytest.raises(LesionRefusedError, match="No straight free way"):
        _ = patient.corridor


def test_lesions_keep_apart_and_leave_the_patient_as_it_is() -> None:
    asked = (LesionRequest(), *[LesionRequest(where=each, is_reachable=None) for each in (8, 4)])
    several, one = build_patient(5, lesions=asked), build_patient(5)
    assert np.array_equal(several.lps_from_body, one.lps_from_body)
    assert len(several.parts) == len(one.parts) + 2
    assert np.array_equal(several.tumour_centre_mm, one.tumour_centre_mm)
    for a, b in itertools.combinations(several.lesions, 2):
        gap = np.linalg.norm(a.centre_mm - b.centre_mm) - a.radii_mm.max() - b.radii_mm.max()
        assert gap >= 5.0


def test_a_vanished_lesion_is_known_and_not_painted() -> None:
    there, gone = build_patient(4), build_patient(4, vanished=True)
    assert np.array_equal(there.tumour_centre_mm, gone.tumour_centre_mm)
    assert [part.name for part in gone.parts] == [part.name for part in there.parts[:-1]]
    assert there.parts[-1].name == "tumour"
    assert not gone.lesions[0].is_visible


def test_what_cannot_be_asked_is_refused() -> None:
    for wrong in ({"where": "spleen"}, {"where": 9}, {"diameter_mm": (9.0, 5.0)}):
        with pytest.raises(LesionRefusedError):
            LesionRequest(**wrong)
    with pytest.raises(LesionRefusedError, match="number of lesions"):
        build_patient(1, lesions=())


def test_a_seed_without_a_place_refuses() -> None:
    """No caudate lobe holds 60 mm."""
    with pytest.raises(LesionRefusedError, match="no place"):
        build_patient(1, lesions=(LesionRequest(diameter_mm=(60, 60), where=1),))


def test_gaps_to_spheres_boxes_and_capsules_are_bracketed() -> None:
    """Hand-computable: a ball of 5 mm, 8 mm from one ball, 3 mm from a face, inside a ball."""
    pose, radii = np.eye(4), np.full(3, 5.0)
    other = Union((sphere([20, 0, 0], 7.0), capsule([0, 30, -9], [0, 30, 9], 2.0)))
    gap = measure_gap(pose, radii, distance_field(other))
    assert gap.low_mm <= 8.0 <= gap.high_mm
    assert gap.high_mm - gap.low_mm <= 0.1
    face = RoundedBox(centre_mm=np.array([0.0, 0, 18]), half_extent_mm=np.full(3, 10.0))
    assert measure_gap(pose, radii, distance_field(face)).high_mm == pytest.approx(3.0, abs=0.1)
    out = measure_gap(pose, radii, distance_field(sphere([4, 0, 0], 15.0)), is_inside=True)
    assert out.high_mm == pytest.approx(6.0, abs=0.1)
    assert measure_gap(pose, radii, distance_field(sphere([9, 0, 0], 7.0))).high_mm == 0.0
    far = measure_gap(pose, radii, distance_field(sphere([90, 0, 0], 7.0)))
    assert far.low_mm == far.high_mm == np.inf


def test_the_distance_to_an_ellipsoid_is_that_to_its_nearest_surface_point() -> None:
    radii = np.array([9.0, 5.0, 7.0])
    points = np.random.default_rng(1).uniform(-25.0, 25.0, (60, 3))
    surface = surface_points_mm(np.eye(4), radii, 400_000)
    nearest = cKDTree(surface).query(points)[0]
    outside = np.square(points / radii).sum(axis=1) > 1.0
    found = distance_to_ellipsoid_mm(points, radii)
    assert found[outside] == pytest.approx(nearest[outside], abs=5e-3)
    assert (found[~outside] == 0.0).all()


def test_an_oval_is_an_ellipsoid_of_the_volume_it_says() -> None:
    turn = rigid_about(rotation_about([1, 2, 3], 0.7), [0, 0, 0], [3, 4, 5])
    radii = np.array([9.0, 5.0, 7.0])
    low, high = np.full(3, -8.0), np.full(3, 16.0)
    axes = [np.arange(a, b, 0.2) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = signed_distance_mm(lesion_shape(turn, radii), grid) <= 0.0
    assert inside.sum() * 0.2**3 == pytest.approx(4.0 / 3.0 * np.pi * 9 * 5 * 7, rel=2e-3)
