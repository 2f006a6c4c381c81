"""A shape's value is zero on its surface, a lower bound of the distance, and its box holds it."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import BSpline

from phantoms.bounds import bounds_mm
from phantoms.carrying import carried_shape
from phantoms.cylinders import Cylinder
from phantoms.errors import ShapeRefusedError
from phantoms.motion import Lattice, Motion, rigid_about, rotation_about
from phantoms.program import signed_distance_mm
from phantoms.sampling import volume_ml
from phantoms.shapes import (
    Affine,
    Cut,
    HalfSpace,
    Intersection,
    Offset,
    RoundedBox,
    Superellipsoid,
    Tube,
    Union,
    Warp,
    capsule,
    ellipsoid,
    sphere,
)

if TYPE_CHECKING:
    from phantoms.shapes import Shape

TURN = rigid_about(rotation_about([1.0, 2.0, 3.0], 0.7), [1.0, 0.0, 2.0], [4.0, -3.0, 2.0])
STRETCH = np.array(
    [[1.4, 0.2, 0.0, 3.0], [0.0, 0.8, 0.1, -2.0], [0.0, 0.0, 1.1, 1.0], [0, 0, 0, 1]]
)
BOX = RoundedBox(
    centre_mm=np.array([1.0, 2.0, -1.0]),
    half_extent_mm=np.array([8.0, 5.0, 4.0]),
    edge_radius_mm=2.0,
)
WORM = Tube(
    np.array([[0.0, 0.0, 0.0], [6.0, 3.0, 1.0], [9.0, -4.0, 5.0]]), np.array([3.0, 2.0, 1.0])
)
SQUARE = Superellipsoid(
    centre_mm=np.zeros(3), radii_mm=np.array([9.0, 6.0, 5.0]), exponent=3.0,
    stretch_mm=np.array([2.0, 0.0, 1.0]),
)  # fmt: skip
ROD = Cylinder(np.array([1.0, -2.0, -3.0]), np.array([4.0, 5.0, 6.0]), 3.0)
BENT = Lattice(
    origin_mm=np.array([-11.0, -9.0, -10.0]),
    pitch_mm=7.0,
    coefficients_mm=np.random.default_rng(4).uniform(-1.1, 1.1, (4, 3, 5, 3)),
)
SWAYED = Lattice(
    origin_mm=np.array([-8.0, -12.0, -9.0]),
    pitch_mm=9.0,
    coefficients_mm=np.random.default_rng(5).uniform(-1.6, 1.6, (3, 4, 3, 3)),
)
SHAPES: dict[str, Shape] = {
    "sphere": sphere([1.0, 2.0, 3.0], 6.0),
    "ellipsoid": ellipsoid([0.0, 1.0, 0.0], [9.0, 5.0, 3.0]),
    "superellipsoid": SQUARE,
    "box": BOX,
    "tube": WORM,
    "union": Union((BOX, WORM)),
    "blend": Union((BOX, WORM, sphere([0.0, 0.0, 9.0], 4.0)), 5.0),
    "intersection": Intersection((BOX, SQUARE), 2.0),
    "cut": Cut(BOX, sphere([4.0, 2.0, 2.0], 4.0), 1.5),
    "grown": Offset(ellipsoid([0.0, 0.0, 0.0], [9.0, 5.0, 3.0]), 2.0),
    "shrunk": Offset(BOX, -1.5),
    "turned": Affine(BOX, TURN),
    "stretched": Affine(Union((BOX, WORM), 3.0), STRETCH),
    "cylinder": ROD,
    "bored": Cut(BOX, ROD, 1.0),
    "warped": Warp(Union((BOX, WORM), 3.0), BENT),
    "warped inside": Union((Offset(Affine(Warp(SQUARE, BENT), TURN), 1.0), BOX), 2.0),
    "warped twice": Affine(Warp(Affine(Cut(Warp(SQUARE, SWAYED), WORM), STRETCH), BENT), TURN),
    "nested": Affine(Offset(Affine(Cut(SQUARE, WORM), STRETCH), 0.5), TURN),
}
ROUNDING_MM = 1e-9

points = st.lists(st.floats(-25.0, 25.0), min_size=3, max_size=3).map(np.array)


def numpy_distance_mm(shape: Shape, point: np.ndarray) -> float:
    """Reckon the same algebra in plain recursive numpy."""
    if isinstance(shape, (Superellipsoid, RoundedBox, Tube, Cylinder, HalfSpace)):
        return primitive_distance_mm(shape, point)
    if isinstance(shape, Warp):
        value = numpy_distance_mm(shape.body, point + numpy_displacement_mm(shape.lattice, point))
        return value / shape.lattice.stretch_factor
    if isinstance(shape, Offset):
        return numpy_distance_mm(shape.body, point) - shape.grow_mm
    if isinstance(shape, Affine):
        back = np.linalg.inv(shape.target_from_source)
        least_stretch = float(np.linalg.svd(shape.target_from_source[:3, :3])[1].min())
        return least_stretch * numpy_distance_mm(shape.body, back[:3, :3] @ point + back[:3, 3])
    if isinstance(shape, Cut):
        body, tool = (numpy_distance_mm(part, point) for part in (shape.body, shape.tool))
        return -fillet(-body, tool, shape.blend_mm)
    sign = 1.0 if isinstance(shape, Union) else -1.0
    values = [sign * numpy_distance_mm(part, point) for part in shape.parts]
    return sign * reduce(lambda a, b: fillet(a, b, shape.blend_mm), values)


def numpy_displacement_mm(lattice: Lattice, point: np.ndarray) -> np.ndarray:
    """Weigh all coefficients, each axis by scipy's own cubic B-spline."""
    bump = BSpline.basis_element(np.arange(-2.0, 2.1), extrapolate=False)
    place = (point - lattice.origin_mm) / lattice.pitch_mm
    weights = [
        np.nan_to_num(bump(place[axis] - np.arange(lattice.coefficients_mm.shape[axis])))
        for axis in range(3)
    ]
    return np.einsum("a,b,c,abcd->d", *weights, lattice.coefficients_mm)


def primitive_distance_mm(
    shape: Superellipsoid | RoundedBox | Tube | Cylinder | HalfSpace, point: np.ndarray
) -> float:
    match shape:
        case Superellipsoid():
            past = np.maximum(np.abs(point - shape.centre_mm) - shape.stretch_mm, 0.0)
            norm = ((past / shape.radii_mm) ** shape.exponent).sum() ** (1.0 / shape.exponent)
            return float((norm - 1.0) * shape.radii_mm.min())
        case RoundedBox():
            past = np.abs(point - shape.centre_mm) - shape.half_extent_mm + shape.edge_radius_mm
            inside = min(float(past.max()), 0.0)
            return float(np.linalg.norm(np.maximum(past, 0.0))) + inside - shape.edge_radius_mm
        case Tube():
            return tube_distance_mm(shape, point)
        case Cylinder():
            along = shape.end_mm - shape.start_mm
            depth = (point - shape.start_mm) @ along / np.linalg.norm(along)
            aside = np.linalg.norm(np.cross(point - shape.start_mm, along)) / np.linalg.norm(along)
            past = np.array([aside - shape.radius_mm, -depth, depth - np.linalg.norm(along)])
            return float(np.linalg.norm(np.maximum(past, 0.0)) + min(past.max(), 0.0))
        case HalfSpace():
            return float(shape.normal @ (point - shape.point_mm))


def fillet(a: float, b: float, width: float) -> float:
    share = max(width - abs(a - b), 0.0) / width if width else 0.0
    return min(a, b) - 0.25 * width * share**2


def tube_distance_mm(tube: Tube, point: np.ndarray) -> float:
    slope, least = 1.0, np.inf
    for a, b, p, q in zip(
        tube.points_mm, tube.points_mm[1:], tube.radii_mm, tube.radii_mm[1:], strict=False
    ):
        along = b - a
        slope = max(slope, float(np.hypot(1.0, (q - p) / np.linalg.norm(along))))
        share = float(np.clip((point - a) @ along / (along @ along), 0.0, 1.0))
        gap = np.linalg.norm(point - a - share * along) - (p + share * (q - p))
        least = min(least, float(gap))
    return least / slope


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=60, deadline=None)
@given(point=points)
def test_the_kernel_agrees_with_plain_numpy(name: str, point: np.ndarray) -> None:
    measured = signed_distance_mm(SHAPES[name], [point])[0]
    assert measured == pytest.approx(numpy_distance_mm(SHAPES[name], point), abs=ROUNDING_MM)


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=60, deadline=None)
@given(a=points, b=points)
def test_the_value_changes_by_at_most_the_distance(name: str, a: np.ndarray, b: np.ndarray) -> None:
    first, second = signed_distance_mm(SHAPES[name], [a, b])
    assert abs(first - second) <= np.linalg.norm(a - b) + ROUNDING_MM


@pytest.mark.parametrize("name", SHAPES)
def test_the_box_holds_every_point_inside(name: str) -> None:
    axis = np.arange(-30.0, 30.1, 1.0)
    grid = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    inside = grid[signed_distance_mm(SHAPES[name], grid) <= 0.0]
    low, high = bounds_mm(SHAPES[name])
    assert len(inside) > 20
    assert (inside >= low - ROUNDING_MM).all()
    assert (inside <= high + ROUNDING_MM).all()


@pytest.mark.parametrize(
    ("shape", "point", "expected_mm"),
    [
        (sphere([0, 0, 0], 5.0), [0, 0, 7], 2.0),
        (capsule([0, 0, 0], [0, 0, 10], 2.0), [3, 0, 5], 1.0),
        (capsule([0, 0, 0], [0, 0, 10], 2.0), [0, 0, 15], 3.0),
        (HalfSpace(np.array([0, 0, 3]), np.array([0, 0, 2])), [9, 9, 1], -2.0),
        (RoundedBox(centre_mm=np.zeros(3), half_extent_mm=np.full(3, 2.0)), [5, 6, 0], 5.0),
        (Cut(sphere([0, 0, 0], 5.0), sphere([0, 0, 0], 3.0)), [0, 0, 1], 2.0),
        (Affine(sphere([0, 0, 0], 1.0), np.diag([3.0, 3.0, 3.0, 1.0])), [0, 5, 0], 2.0),
        (Cylinder(np.zeros(3), np.array([0, 0, 10.0]), 2.0), [5, 0, 14], 5.0),
        (Warp(sphere([0, 0, 90], 5.0), BENT), [0, 0, 97], 2.0 / BENT.stretch_factor),
    ],
)
def test_distances_that_a_person_can_check(
    shape: Shape, point: list[float], expected_mm: float
) -> None:
    assert signed_distance_mm(shape, [point])[0] == pytest.approx(expected_mm, abs=ROUNDING_MM)


@pytest.mark.parametrize(
    ("shape", "analytic_ml"),
    [
        (sphere([3, 1, 2], 20.0), 4.0 / 3.0 * np.pi * 8.0),
        (ellipsoid([0, 0, 0], [30.0, 20.0, 10.0]), 4.0 / 3.0 * np.pi * 6.0),
        (capsule([0, 0, 0], [24, 0, 32], 10.0), np.pi * 4.0 + 4.0 / 3.0 * np.pi),
        (Cylinder(np.zeros(3), np.array([24.0, 0, 32.0]), 10.0), np.pi * 4.0),
        (Affine(sphere([0, 0, 0], 10.0), STRETCH), 4.0 / 3.0 * np.pi * np.linalg.det(STRETCH)),
    ],
)
def test_sampled_volumes_are_the_analytic_ones(shape: Shape, analytic_ml: float) -> None:
    assert volume_ml(shape, 0.5) == pytest.approx(analytic_ml, rel=0.002)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_radius_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(ShapeRefusedError, match="expected:"):
        sphere([0, 0, 0], bad)
    with pytest.raises(ShapeRefusedError):
        capsule([0, 0, 0], [0, 0, 1], bad)


def test_shapes_without_a_sound_size_are_refused() -> None:
    with pytest.raises(ShapeRefusedError, match="exponent"):
        Superellipsoid(centre_mm=np.zeros(3), radii_mm=np.ones(3), exponent=1.5)
    with pytest.raises(ShapeRefusedError, match="edge radius"):
        RoundedBox(centre_mm=np.zeros(3), half_extent_mm=np.ones(3), edge_radius_mm=2.0)
    with pytest.raises(ShapeRefusedError):
        Affine(BOX, np.diag([1.0, 1.0, 0.0, 1.0]))
    with pytest.raises(ShapeRefusedError):
        Tube(np.zeros((2, 3)), np.ones(2))
    with pytest.raises(ShapeRefusedError):
        HalfSpace(np.zeros(3), np.zeros(3))
    with pytest.raises(ShapeRefusedError):
        Cylinder(np.zeros(3), np.zeros(3), 1.0)


def test_a_shape_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ShapeRefusedError, match="nested"):
        signed_distance_mm(carried_shape(BOX, Motion((BENT,) * 9)), [[0, 0, 0]])
    deep: Shape = BOX
    for _ in range(24):
        deep = Union((BOX, deep))
    with pytest.raises(ShapeRefusedError, match="nested"):
        signed_distance_mm(deep, [[0, 0, 0]])
