"""What a case claims of its patient is seen in painted voxels, and in how his tissue moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from phantoms.field import field_grid
from phantoms.motion import GROUPS, moved_points
from phantoms.organ_map import ORGANS, organ_map
from phantoms.painting import label_map, paint_parts
from phantoms.tissues import LABELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from phantoms.anatomy import Patient
    from phantoms.setups import SetUp

    Voxels = tuple[np.ndarray, np.ndarray]

SPACING_MM = (2.0, 2.0, 2.0)
SLACK_MM = 3.5
"""Two voxels' half diagonals: distances between their centres are off by so much at most."""
SEED = 0


def painted(patient: Patient) -> Voxels:
    """Paint a patient, and return planning labels and organs by voxel."""
    grid = field_grid(patient, SPACING_MM)
    tissue = paint_parts([(p, patient.lps_from_body) for p in patient.parts], grid)[1]
    return label_map(tissue), organ_map(tissue)


def gap_mm(first: np.ndarray, second: np.ndarray) -> float:
    """Measure between the nearest voxel centres of two masks."""
    return float(ndimage.distance_transform_edt(~second, sampling=SPACING_MM)[first].min())


def column_above(labels: np.ndarray, axis: int) -> np.ndarray:
    """Mark the voxels beyond the tumour's middle along an axis, in a column of 5 voxels."""
    middle = np.rint(ndimage.center_of_mass(labels == LABELS["gtv"])).astype(int)
    column = np.zeros(labels.shape, dtype=bool)
    place = [slice(index - 2, index + 3) for index in middle]
    # slices run to the head, rows to the back
    place[axis] = slice(middle[0], None) if axis == 0 else slice(0, middle[1])
    column[tuple(place)] = True
    return column


def test_lung_lies_above_a_tumour_in_the_dome(set_up: Callable[[str, int], SetUp]) -> None:
    labels, _ = painted(set_up("dome-under-lung", SEED).patient)
    gtv, lung = labels == LABELS["gtv"], labels == LABELS["lung"]
    assert gap_mm(gtv, lung) <= 12.0 + SLACK_MM
    assert (lung & column_above(labels, 0)).any()


def test_bone_lies_over_a_subcostal_tumour(set_up: Callable[[str, int], SetUp]) -> None:
    case = set_up("subcostal", SEED)
    labels, _ = painted(case.patient)
    bone = labels == LABELS["bone"]
    assert gap_mm(column_above(labels, 1) & (labels > 0), bone) <= 8.0 + SLACK_MM
    assert case.patient.lesions[0].corridor is not None


def test_bowel_lies_near(set_up: Callable[[str, int], SetUp]) -> None:
    labels, _ = painted(set_up("near-bowel", SEED).patient)
    assert gap_mm(labels == LABELS["gtv"], labels == LABELS["bowel"]) <= 10.0 + SLACK_MM


def test_a_portal_branch_runs_near(set_up: Callable[[str, int], SetUp]) -> None:
    labels, organs = painted(set_up("near-portal-vein", SEED).patient)
    assert gap_mm(labels == LABELS["gtv"], organs == ORGANS["portal vein"]) <= 5.0 + SLACK_MM


def test_a_subcapsular_tumour_lies_below_the_capsule(set_up: Callable[[str, int], SetUp]) -> None:
    labels, organs = painted(set_up("subcapsular", SEED).patient)
    of_liver = ("liver", "metastasis", "portal vein", "hepatic veins", "small hepatic vessels",
                "vena cava")  # fmt: skip
    liver = np.isin(organs, [ORGANS[name] for name in of_liver])
    assert gap_mm(labels == LABELS["gtv"], ~liver) <= 5.0 + SLACK_MM


@pytest.mark.parametrize(("name", "count"), [("two-metastases", 2), ("five-metastases", 5)])
def test_so_many_tumours_are_seen_apart(
    set_up: Callable[[str, int], SetUp], name: str, count: int
) -> None:
    labels, _ = painted(set_up(name, SEED).patient)
    assert ndimage.label(labels == LABELS["gtv"])[1] == count


def test_three_zones_side_by_side_hold_what_two_cannot(
    set_up: Callable[[str, int], SetUp],
) -> None:
    case = set_up("three-antennas", SEED)
    labels, _ = painted(case.patient)
    seen_ml = float((labels == LABELS["gtv"]).sum()) * np.prod(SPACING_MM) / 1000.0
    assert seen_ml == pytest.approx(np.pi / 6.0 * 35.0**3 / 1000.0, rel=0.03)
    # seen along parallel antennas, whatever their depths: the largest zone published for the
    # antenna of the request is 36 mm across; the shadow of tumour and margin is a disc
    disc, zone = 0.5 * 35.0 + case.recipe.wanted_margin_mm, 0.5 * 36.0
    # two smaller discs never cover a disc: each holds less than half of its rim
    assert disc > zone
    # three do, up to 2 / sqrt(3) of their radius, at the corners of a triangle
    turn = np.linspace(0.0, 2.0 * np.pi, 2000)
    radius = disc * np.sqrt(np.linspace(0.0, 1.0, 400))
    x, y = np.outer(radius, np.cos(turn)), np.outer(radius, np.sin(turn))
    corners = [
        0.5 * zone * np.array([np.cos(a), np.sin(a)]) for a in 2.0 * np.pi * np.arange(3) / 3
    ]
    covered = np.min([np.hypot(x - cx, y - cy) for cx, cy in corners], axis=0) <= zone + 1e-6
    assert covered.all()


def test_a_vanished_tumour_is_in_no_scan_but_the_older(
    set_up: Callable[[str, int], SetUp],
) -> None:
    case, usual = set_up("vanished-lesion", SEED), set_up("easy", SEED)
    labels, _ = painted(case.patient)
    assert not (labels == LABELS["gtv"]).any()
    assert (painted(usual.patient)[0] == LABELS["gtv"]).any()
    assert case.patient.tumour_centre_mm == pytest.approx(usual.patient.tumour_centre_mm)
    assert case.older is not None
    assert not case.older.is_rigid


@pytest.mark.parametrize(
    ("name", "low", "high"), [("other-breath", 10.0, 25.0), ("as-in-the-room", 4.0, 10.0)]
)
def test_the_liver_slides_under_the_ribs_with_the_breath(
    set_up: Callable[[str, int], SetUp], name: str, low: float, high: float
) -> None:
    case = set_up(name, SEED)
    labels, _ = painted(case.patient)
    k, j, i = np.argwhere(labels == LABELS["liver"])[-1]  # the highest voxel: the right dome
    grid = field_grid(case.patient, SPACING_MM)
    dome = moved_points(grid.lps_from_index, [k, j, i])
    there = {group: moved_points(case.motion.breath.of(group), dome) for group in GROUPS}
    way = there["liver"] - dome
    # in front the diaphragm moves less, by up to 0.3, behind more, by up to 0.12
    assert 0.65 * low <= abs(way[2]) <= 1.15 * high
    assert np.linalg.norm(there["liver"] - there["wall"]) >= 0.65 * low
    # what lies under the dome follows it: lung and liver stay in touch there
    assert np.linalg.norm(there["liver"] - there["lung"]) <= 0.5


def test_another_patients_liver_fits_in_no_place(set_up: Callable[[str, int], SetUp]) -> None:
    case = set_up("wrong-patient", SEED)
    planned, there = (painted(who)[0] == LABELS["liver"] for who in (case.patient, case.on_table))
    shifts = range(-10, 11, 2)
    assert min(unshared_ml(planned, there, shift) for shift in shifts) > 50.0
    # the same liver, a few voxels elsewhere, does
    assert min(unshared_ml(planned, np.roll(planned, 3, 0), shift) for shift in shifts) < 1.0


def unshared_ml(first: np.ndarray, second: np.ndarray, shift: int) -> float:
    """Lay two masks on each other's middles and shift one along the body; what is in one alone."""
    voxels = []
    for mask, further in ((first, 0), (second, shift)):
        places = np.argwhere(mask)
        moved = places - np.rint(places.mean(axis=0)).astype(int) + [100 + further, 150, 150]
        laid = np.zeros((200, 300, 300), dtype=bool)
        laid[tuple(moved.T)] = True
        voxels.append(laid)
    return float((voxels[0] ^ voxels[1]).sum() * np.prod(SPACING_MM) / 1000.0)
