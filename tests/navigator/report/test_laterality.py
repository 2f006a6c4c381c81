"""The patient's right is on the picture's left, front and head are up, and the letters say so."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from navigator.geometry.frames import Frame, FrameKind
from navigator.model.trajectory import Trajectory
from navigator.model.volume import Grid, Volume
from navigator.report.planes import (
    Plane,
    anatomical_planes,
    letter_of_direction,
    plane_along_needle,
)
from navigator.report.slices import Outline, draw_slices
from tests.navigator.report.png_reader import (
    pixels,
    places_of_colour,
    read_letters,
)

FRAME = Frame(FrameKind.LPS, "laterality")
CENTRE_MM = np.array([20.0, -30.0, 140.0])
HALF_MM = 60.0
SIDES = {
    "R": [-1.0, 0, 0], "L": [1.0, 0, 0], "A": [0, -1.0, 0],
    "P": [0, 1.0, 0], "F": [0, 0, -1.0], "H": [0, 0, 1.0],
}  # fmt: skip
PICTURE_SIDES = {
    "Axial": {"R": "left", "L": "right", "A": "top", "P": "bottom"},
    "Coronal": {"R": "left", "L": "right", "H": "top", "F": "bottom"},
    "Sagittal": {"A": "left", "P": "right", "H": "top", "F": "bottom"},
}
"""The radiologist's convention, seen from the feet, the front and the left."""
OFFSETS = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}
BALL_MM, BALL_RADIUS_MM = 35.0, 8.0
PIXEL_MM = 0.7
AXES_ORDERS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


def grid_along(order: tuple[int, ...], signs: tuple[int, ...]) -> Grid:
    """Lay a grid of unequal voxels about the centre, its axes along any axes of the patient."""
    affine = np.eye(4)
    spacing = (2.5, 2.0, 1.5)
    counts = (61, 75, 99)
    affine[:3, :3] = 0.0
    for array_axis, (axis, sign) in enumerate(zip(order, signs, strict=True)):
        affine[axis, array_axis] = sign * spacing[array_axis]
    affine[:3, 3] = CENTRE_MM - affine[:3, :3] @ [(count - 1) / 2 for count in counts]
    return Grid(shape_kji=counts, lps_from_index=affine, frame=FRAME)


def scan_with_ball(ball_mm: np.ndarray, grid: Grid) -> Volume:
    """Paint a ball of bone into water."""
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape_kji), indexing="ij"), axis=-1)
    points = indices @ grid.lps_from_index[:3, :3].T + grid.lps_from_index[:3, 3]
    far = np.linalg.norm(points - ball_mm, axis=-1)
    return Volume(np.where(far <= BALL_RADIUS_MM, 1000.0, 0.0).astype(np.float32), grid)


def plane_called(title: str) -> Plane:
    return next(p for p in anatomical_planes(CENTRE_MM, HALF_MM) if p.title == title)


def bright_middle(picture: np.ndarray) -> np.ndarray:
    """Find the ball: the largest patch of pure white is larger than letters and scale."""
    white = places_of_colour(picture, (255, 255, 255), tolerance=2)
    middle: np.ndarray = np.median(white, axis=0)
    return middle


@pytest.mark.hazard(1, 2, 35)
@pytest.mark.parametrize(
    ("title", "letter"), [(title, at) for title, sides in PICTURE_SIDES.items() for at in sides]
)
def test_a_ball_on_each_side_of_the_patient_lies_on_its_side_of_the_picture(
    title: str, letter: str
) -> None:
    ball = CENTRE_MM + BALL_MM * np.array(SIDES[letter])
    volume = scan_with_ball(ball, grid_along((2, 1, 0), (1, 1, 1)))
    picture = pixels(draw_slices(volume, (plane_called(title),), (), None))
    empty = pixels(
        draw_slices(
            scan_with_ball(CENTRE_MM, grid_along((2, 1, 0), (1, 1, 1))),
            (plane_called(title),), (), None,
        )
    )  # fmt: skip
    offset = bright_middle(picture) - bright_middle(empty)
    axis = int(np.argmax(np.abs(offset)))
    across = OFFSETS[PICTURE_SIDES[title][letter]]
    assert np.sign(offset[axis]) == across[axis]
    assert abs(offset[1 - axis]) <= 2


@pytest.mark.hazard(1, 2, 16, 35)
def test_the_picture_is_the_same_however_the_voxels_are_stored() -> None:
    ball = CENTRE_MM + BALL_MM * np.array([-0.8, -0.5, 0.33])
    plane = Plane(
        title="Axial", centre_mm=[*CENTRE_MM[:2], ball[2]], right=[1, 0, 0], up=[0, -1, 0],
        half_width_mm=HALF_MM, half_height_mm=HALF_MM,
    )  # fmt: skip
    middles = np.array(
        [
            bright_middle(
                pixels(draw_slices(scan_with_ball(ball, grid_along(*axes)), (plane,), (), None))
            )
            for axes in AXES_ORDERS
        ]
    )
    assert len(middles) == 48
    assert np.ptp(middles, axis=0).max() <= 4  # voxels of 1.5 to 2.5 mm: a pixel is 0.3 mm


def letters_by_side(picture: np.ndarray) -> dict[str, str]:
    """Read the letter at each side of a picture."""
    letters = read_letters(picture)
    assert len(letters) == 4
    places = np.array([[at.x, at.y] for at in letters])
    offsets = places - 0.5 * (places.min(axis=0) + places.max(axis=0))
    return {
        side: letters[int(np.argmax(offsets @ np.array(way)))].letter
        for side, way in OFFSETS.items()
    }


@pytest.mark.hazard(35)
@pytest.mark.parametrize("title", list(PICTURE_SIDES))
def test_the_letters_stand_where_the_patient_s_sides_are(title: str) -> None:
    volume = scan_with_ball(CENTRE_MM, grid_along((2, 1, 0), (1, 1, 1)))
    picture = pixels(draw_slices(volume, (plane_called(title),), (), None))
    expected = {side: letter for letter, side in PICTURE_SIDES[title].items()}
    assert letters_by_side(picture) == expected


@pytest.mark.hazard(35)
def test_a_turned_plane_carries_other_letters() -> None:
    volume = scan_with_ball(CENTRE_MM, grid_along((2, 1, 0), (1, 1, 1)))
    turned = Plane(
        title="From the head", centre_mm=CENTRE_MM, right=[-1, 0, 0], up=[0, -1, 0],
        half_width_mm=HALF_MM, half_height_mm=HALF_MM,
    )  # fmt: skip
    picture = pixels(draw_slices(volume, (turned,), (), None))
    assert letters_by_side(picture) == {"left": "L", "right": "R", "top": "A", "bottom": "P"}


@pytest.mark.parametrize("letter", list(SIDES))
def test_each_axis_has_its_letter(letter: str) -> None:
    assert letter_of_direction(SIDES[letter]) == letter


def test_an_oblique_direction_names_both_sides_the_nearer_first() -> None:
    assert letter_of_direction([-0.9, -0.5, 0.0]) == "RA"
    assert letter_of_direction([0.4, 0.5, 0.9]) == "HPL"


@pytest.mark.hazard(33)
def test_outline_needle_and_scan_lie_on_each_other() -> None:
    ball = CENTRE_MM + np.array([-25.0, 10.0, 0.0])
    volume = scan_with_ball(ball, grid_along((2, 1, 0), (1, 1, 1)))
    outline = Outline(
        name="ball", colour="#ff0000",
        field=lambda points: BALL_RADIUS_MM + 6.0 - np.linalg.norm(points - ball, axis=-1),
    )  # fmt: skip
    above = ball - np.array([0.0, 60.0, 0.0])
    way = Trajectory(entry_mm=above, tip_mm=ball, frame=FRAME)
    plane = plane_called("Axial")
    plain = pixels(draw_slices(volume, (plane,), (), None))
    with_outline = pixels(draw_slices(volume, (plane,), (outline,), None))
    with_needle = pixels(draw_slices(volume, (plane,), (), way))
    width_px = np.ptp([letter.x for letter in read_letters(plain)])
    mm_per_px = 0.96 * 2 * HALF_MM / width_px
    legend_row = plain.shape[0] * 0.93
    ring = places_of_colour(with_outline, (255, 0, 0), tolerance=60)
    ring = ring[ring[:, 1] < legend_row]
    middle = 0.5 * (ring.min(axis=0) + ring.max(axis=0))
    assert np.linalg.norm(middle - bright_middle(with_outline)) * mm_per_px <= 1.5
    assert np.ptp(ring, axis=0) * mm_per_px == pytest.approx([28.0, 28.0], abs=1.5)
    shaft = places_of_colour(with_needle, (0xFF, 0xD1, 0x66), tolerance=40)
    shaft = shaft[shaft[:, 1] < legend_row]
    lowest = shaft[shaft[:, 1] > shaft[:, 1].max() - 4].mean(axis=0)
    assert np.linalg.norm(lowest - bright_middle(with_needle)) * mm_per_px <= 2.0
    assert np.ptp(shaft[:, 0]) * mm_per_px <= 4.0


@pytest.mark.parametrize(
    "tip", [[0.0, 80, 0], [0, 60, 45], [50.0, 60, -20], [70.0, 1, 0], [1.0, 2, 80]]
)
def test_the_needle_s_own_plane_holds_it_and_runs_it_down(tip: list[float]) -> None:
    entry = np.array([3.0, -4.0, 5.0])
    plane = plane_along_needle(entry, entry + tip, padding_mm=20.0)
    picture = plane.picture_mm(np.stack([entry, entry + tip]))
    length = float(np.linalg.norm(tip))
    assert np.allclose(picture[:, 2], 0.0, atol=1e-9)
    assert np.allclose(picture[:, 0], 0.0, atol=1e-9)
    assert np.allclose(picture[:, 1], [length / 2, -length / 2], atol=1e-9)
    assert abs(float(plane.right @ plane.up)) < 1e-12


def test_points_of_a_plane_and_their_projection_agree() -> None:
    plane = plane_called("Coronal")
    points = plane.points_mm(PIXEL_MM)
    picture = plane.picture_mm(points.reshape(-1, 3)).reshape(points.shape)
    assert np.allclose(picture[..., 2], 0.0, atol=1e-9)
    assert (np.diff(picture[..., 0], axis=1) > 0).all()
    assert (np.diff(picture[..., 1], axis=0) < 0).all()
    assert np.abs(picture[..., :2]).max() <= HALF_MM + PIXEL_MM


@pytest.mark.hazard(59)
def test_the_same_scan_gives_the_same_picture_bytes() -> None:
    volume = scan_with_ball(CENTRE_MM, grid_along((2, 1, 0), (1, 1, 1)))
    planes = anatomical_planes(CENTRE_MM, HALF_MM)
    assert draw_slices(volume, planes, (), None) == draw_slices(volume, planes, (), None)
