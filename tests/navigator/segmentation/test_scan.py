"""What rules find in a trunk is what is there, however the scan is stored and the patient lies."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from navigator.model.volume import Grid, Volume
from navigator.segmentation.scan import Segmentation, segment_scan
from tests.navigator.imaging.digitised import FRAME, upright_grid
from tests.navigator.segmentation.painted import dice, points_of, surface_distances_mm
from tests.navigator.segmentation.test_lesions import stored, turn

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats

SPACING = (4.0, 2.0, 2.0)
PARTS = ("body", "lung", "airway", "bowel gas", "bone", "metal", "table")


def trunk_grid(half_width_mm: float = 190.0) -> Grid:
    count = round(2 * half_width_mm / SPACING[2]) + 1
    return upright_grid((20, 141, count), SPACING, (-half_width_mm, -140.0, 0.0))


def truth(points: Floats) -> dict[str, Booleans]:
    """Mark a trunk with two lungs, a windpipe, gas, a vertebra, ribs, a clip, an arm, a couch."""
    x, y, z = np.moveaxis(points, -1, 0)
    oval = lambda cx, cy, rx, ry: ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1.0  # noqa: E731
    high = z >= 36.0
    vertebra = oval(0, 60, 22, 18)
    bone = vertebra | oval(-115, 30, 6, 14) | oval(115, 30, 6, 14)
    return {
        "body": oval(0, 0, 150, 100),
        "lung": high & (oval(-75, -5, 45, 60) | oval(75, -5, 45, 60)),
        "airway": high & (oval(-28, -5, 9, 9)),
        "bowel gas": (z <= 24.0) & oval(40, -50, 45, 22),
        "bone": bone,
        "shell": bone & ~(oval(0, 60, 19, 15) | oval(-115, 30, 3.5, 11) | oval(115, 30, 3.5, 11)),
        "metal": (np.abs(z - 40) <= 8) & oval(0, -60, 5, 5),
        "arm": oval(176, 60, 11, 26),
        "table": (np.abs(y - 112.0) <= 3.0) & (np.abs(x) <= 150.0),
    }


HU = {
    "body": 40.0,
    "table": 60.0,
    "arm": 50.0,
    "lung": -850.0,
    "airway": -1000.0,
    "bowel gas": -1000.0,
    "bone": 170.0,
    "shell": 700.0,
    "metal": 3000.0,
}


def trunk(grid: Grid, *, parts: tuple[str, ...] = tuple(HU), noise_hu: float = 12.0) -> Volume:
    values = np.full(grid.shape_kji, -1000.0)
    marked = truth(points_of(grid))
    for name in parts:
        values[marked[name]] = HU[name]
    values = ndimage.gaussian_filter(values, [0.0, 0.4, 0.4])
    noise = np.random.default_rng(1).normal(0.0, noise_hu, grid.shape_kji)
    return Volume((values + noise).astype(np.float32), grid)


@pytest.fixture(scope="module")
def made() -> Segmentation:
    return segment_scan(trunk(trunk_grid()))


def found_mask(made: Segmentation, name: str) -> Booleans:
    return next(each.mask.members for each in made.found if each.name == name)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("body", 0.99),
        ("lung", 0.95),
        ("bowel gas", 0.97),
        ("bone", 0.9),
        ("metal", 0.8),
        ("table", 0.8),
    ],
)
def test_each_part_is_found_where_it_was_painted(
    made: Segmentation, name: str, least: float
) -> None:
    marked = truth(points_of(made.labels.grid))
    true = marked[name] & ~(marked["metal"] if name == "bone" else np.zeros(1, dtype=bool))
    assert dice(found_mask(made, name), true) >= least
    errors = surface_distances_mm(found_mask(made, name), true, made.labels.grid.spacing_mm)
    assert errors.mean() <= 1.5


def test_the_windpipe_is_no_lung(made: Segmentation) -> None:
    airway = truth(points_of(made.labels.grid))["airway"]
    assert (found_mask(made, "lung") & airway).sum() <= 0.05 * airway.sum()


def test_the_skin_is_the_rim_of_the_body(made: Segmentation) -> None:
    body, skin = found_mask(made, "body"), found_mask(made, "skin")
    deep = ndimage.distance_transform_edt(body, sampling=made.labels.grid.spacing_mm * [1e3, 1, 1])
    assert skin.any()
    assert not (skin & ~body).any()
    assert deep[skin].max() <= 4.1
    cross = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]])
    rim = body & ~ndimage.binary_erosion(body, cross)
    assert (skin & rim).sum() == rim.sum()


@pytest.mark.hazard(39)
def test_nothing_more_is_claimed_than_was_found(made: Segmentation) -> None:
    names = set(made.labels.names)
    assert not names & {"liver", "bowel", "vessel", "gtv"}
    assert made.verdict.status.value == "warning"
    codes = [reason.code for reason in made.verdict.reasons]
    assert {"organs-unknown", "bowel-unknown", "metal", "other-body"} <= set(codes)


def test_an_arm_beside_the_body_is_told_and_not_labelled(made: Segmentation) -> None:
    arm = truth(points_of(made.labels.grid))["arm"]
    assert not (found_mask(made, "body") & arm).any()
    assert not (found_mask(made, "table") & arm).any()


def test_no_couch_no_metal_no_gas_no_label() -> None:
    plain = segment_scan(trunk(trunk_grid(), parts=("body", "bone", "shell")))
    assert set(plain.labels.names) == {"body", "skin", "bone"}
    assert {reason.code for reason in plain.verdict.reasons} == {"organs-unknown"}


def test_a_field_of_view_that_cuts_the_body_leaves_no_skin_there() -> None:
    grid = trunk_grid(half_width_mm=120.0)
    made = segment_scan(trunk(grid))
    assert "body-cut" in [reason.code for reason in made.verdict.reasons]
    skin = found_mask(made, "skin")
    assert not skin[:, 60:80, 0].any()
    assert not skin[:, 60:80, -1].any()


def test_beyond_the_scanned_circle_nothing_is_known() -> None:
    """Padding is no air: no skin at its edge, and no gas in it."""
    grid = trunk_grid()
    points = points_of(grid)
    inside = np.hypot(points[..., 0], points[..., 1]) <= 125.0
    for padding_hu in (-1026.0, -2000.0, -3024.0):
        values = np.where(inside, trunk(grid).values_hu, padding_hu)
        made = segment_scan(Volume(values.astype(np.float32), grid))
        assert "body-cut" in [reason.code for reason in made.verdict.reasons]
        for name in ("lung", "bowel gas", "airway", "table"):
            assert not (found_mask(made, name) & ~inside).any()
        rim = np.abs(np.hypot(points[..., 0], points[..., 1]) - 123.0) <= 1.5
        sides = rim & (np.abs(points[..., 1]) < 40.0)
        assert not (found_mask(made, "skin") & sides).any()


def test_the_order_and_direction_of_the_axes_do_not_matter(*, long_run: bool) -> None:
    """48 ways to store a scan; every seventh without --long."""
    volume = trunk(trunk_grid())
    expected = segment_scan(volume).labels.values
    ways = list(
        itertools.product(
            itertools.permutations(range(3)), itertools.product((False, True), repeat=3)
        )
    )
    for order, flips in ways if long_run else ways[1::9]:
        found = segment_scan(stored(volume, order, flips)).labels.values
        assert np.array_equal(found, turn(expected, order, flips))


POSITIONS = ("HFS", "HFP", "HFDR", "HFDL", "FFS", "FFP", "FFDR", "FFDL")


@pytest.mark.parametrize("position", POSITIONS)
def test_however_the_patient_lies_the_same_is_found(position: str, made: Segmentation) -> None:
    """The couch stays in the room while the patient is turned on it: nothing knows of gravity.

    The eight patient positions of DICOM PS3.3, C.7.3.1.1.2: here the whole scene, couch and all,
    is turned in patient space.
    """
    quarter = {"S": 0, "P": 2, "DR": 1, "DL": 3}[position[2:]]
    turned = Rotation.from_euler("z", 90.0 * quarter, degrees=True).as_matrix()
    if position.startswith("FF"):
        turned = Rotation.from_euler("y", 180.0, degrees=True).as_matrix() @ turned
    volume = trunk(trunk_grid())
    affine = np.eye(4)
    affine[:3, :3] = np.rint(turned)
    grid = Grid(
        shape_kji=volume.grid.shape_kji,
        lps_from_index=affine @ volume.grid.lps_from_index,
        frame=FRAME,
    )
    found = segment_scan(Volume(volume.values_hu, grid))
    for name in PARTS:
        if position.startswith("FF") and name in ("lung", "airway", "bowel gas"):
            continue  # the head is at the other end: what reaches it is another thing
        assert np.array_equal(found_mask(found, name), found_mask(made, name)), name


def test_a_tilted_stack_gives_the_same_structures(made: Segmentation) -> None:
    affine = trunk_grid().lps_from_index.copy()
    affine[1, 0] = np.tan(np.deg2rad(15.0)) * SPACING[0]
    grid = Grid(shape_kji=trunk_grid().shape_kji, lps_from_index=affine, frame=FRAME)
    tilted = segment_scan(Volume(trunk(trunk_grid()).values_hu, grid))
    for name in PARTS:
        assert dice(found_mask(tilted, name), found_mask(made, name)) >= 0.97


def test_contrast_as_bright_as_bone_is_told_from_bone() -> None:
    """An aorta of 400 HU and 24 mm beside the vertebra is left without a label, and told."""
    grid = trunk_grid()
    volume = trunk(grid, parts=("body", "bone", "shell"))
    points = points_of(grid)
    aorta = np.hypot(points[..., 0] + 30.0, points[..., 1] - 30.0) <= 12.0
    noise = np.random.default_rng(2).normal(0.0, 12.0, grid.shape_kji)
    values = np.where(aorta, 400.0 + noise, volume.values_hu)
    made = segment_scan(Volume(values.astype(np.float32), grid))
    bone = found_mask(made, "bone")
    assert (bone & aorta).sum() <= 0.15 * aorta.sum()
    assert dice(bone, truth(points)["bone"]) >= 0.9
    assert "bright-unlabelled" in [reason.code for reason in made.verdict.reasons]
