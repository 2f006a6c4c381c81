"""Metal throws streaks as a beam of many energies, few photons and wide detectors makes them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from phantoms import _chord_kernels, streaks
from phantoms.attenuation import ENERGIES_KEV, METALS, PAINTED_HU, WATER, WEIGHTS
from phantoms.detector import sharpen_as
from phantoms.errors import ScanRefusedError, ShapeRefusedError
from phantoms.hardware.gauges import OUTER_MM
from phantoms.metal import Metal
from phantoms.projection import count_bins, reconstruct
from phantoms.shapes import Affine, Tube
from phantoms.streaks import add_streaks, build_beam
from phantoms.tissues import Tissue
from tests.phantoms.analytic import WATER as WATER_TISSUE
from tests.phantoms.analytic import cylinder, flat_grid, painted

PIXEL_MM, PIXELS = 1.0, 200
X_MM = (np.arange(PIXELS) - 0.5 * (PIXELS - 1)) * PIXEL_MM


def wire(x_mm: float, radius_mm: float, material: str = "steel") -> Metal:
    """Build a long wire along the scanner's axis."""
    points = [[x_mm, 0.0, -60.0], [x_mm, 0.0, 60.0]]
    return Metal(points_mm=np.array(points), radius_mm=radius_mm, material=material)


def streaks_of(*metals: Metal, dose: float = np.inf) -> np.ndarray:
    """Scan wires in a cylinder of water; give what their streaks add to one slice."""
    grid = flat_grid(1, PIXELS, PIXEL_MM)
    water = (cylinder(80.0), WATER_TISSUE)
    wires = [
        (
            cylinder(metal.radius_mm, float(metal.points_mm[0, 0])),
            Tissue(name="bile", hu=PAINTED_HU[metal.material]),
        )
        for metal in metals
    ]
    hu = painted(grid, water, *wires, samples=7)
    before = hu.copy()
    add_streaks(hu, grid, metals, np.random.default_rng(0), dose=dose)
    added = hu - before
    sharpen_as("soft", added, np.array([PIXEL_MM, PIXEL_MM]))
    return added[0].astype(float)


def outside(*metals: Metal, wider_mm: float = 6.0) -> np.ndarray:
    """Mark the pixels of the water away from the metal."""
    far = np.hypot(X_MM[:, None], X_MM[None, :]) < 75.0
    for metal in metals:
        near = np.hypot(X_MM[:, None], X_MM[None, :] - metal.points_mm[0, 0])
        far &= near > metal.radius_mm + wider_mm
    return far


def deviation(*metals: Metal, dose: float = np.inf) -> float:
    """Measure the deviation of the streaks, Hounsfield units."""
    return float(streaks_of(*metals, dose=dose)[outside(*metals)].std())


SHAFT_MM = 0.5 * OUTER_MM[17]
"""Radius of a needle of 17 gauge."""
TURN_RAD = 0.3


def shaft_scan(lean_deg: float, material: str = "steel") -> np.ndarray:
    """Scan a long solid needle that crosses a slice of 2.5 mm; its tip lies 50 mm ahead."""
    grid = flat_grid(1, PIXELS, PIXEL_MM, thickness_mm=2.5)
    lean = np.deg2rad(lean_deg)
    flat = np.array([np.cos(TURN_RAD), np.sin(TURN_RAD), 0.0])
    way = np.cos(lean) * flat + np.sin(lean) * np.array([0.0, 0.0, 1.0])
    metal = Metal(points_mm=[-90.0 * way, 50.0 * way], radius_mm=SHAFT_MM, material=material)
    tissue = Tissue(name="bile", hu=PAINTED_HU[material])
    shaft = Affine(Tube(metal.points_mm, np.full(2, SHAFT_MM)), np.eye(4))
    water = (cylinder(90.0), WATER_TISSUE)
    hu = painted(grid, water, (shaft, tissue), samples=7)
    add_streaks(hu, grid, (metal,), np.random.default_rng(0), dose=np.inf)
    sharpen_as("soft", hu, np.array([PIXEL_MM, PIXEL_MM]))
    return hu[0]


def read_at(picture: np.ndarray, along_mm: np.ndarray, across_mm: np.ndarray) -> np.ndarray:
    """Read a slice (along, across) the needle's direction in it, between the pixels."""
    along, across = along_mm[:, None], across_mm[None, :]
    x = along * np.cos(TURN_RAD) - across * np.sin(TURN_RAD)
    y = along * np.sin(TURN_RAD) + across * np.cos(TURN_RAD)
    middle = 0.5 * (PIXELS - 1)
    read: np.ndarray = map_coordinates(
        picture, [y / PIXEL_MM + middle, x / PIXEL_MM + middle], order=1
    )
    return read


@pytest.mark.parametrize("lean_deg", [0.0, 2.0, 5.0, 15.0, 90.0])
def test_a_shaft_stays_bright_and_narrow_at_any_lean(lean_deg: float) -> None:
    picture = shaft_scan(lean_deg)
    # as much of it as the slice holds whole
    half_mm = 0.5 * min((2.5 - 2.0 * SHAFT_MM) / np.tan(np.deg2rad(max(lean_deg, 1e-6))), 60.0)
    along, across = np.linspace(-half_mm, half_mm, 9), np.linspace(-20.0, 20.0, 401)
    read = read_at(picture, along, across)
    assert read[:, np.abs(across) < 1.0].max(axis=1).min() > 1500.0
    glow = read[:, np.abs(across) > SHAFT_MM + 2.5]
    assert glow.max() < 300.0


@pytest.mark.parametrize("lean_deg", [0.0, 2.0])
def test_ahead_of_a_tip_in_the_slice_lies_a_dark_streak(lean_deg: float) -> None:
    """Liver in line with a microwave antenna read -104 to -155 HU in scans of animals."""
    ahead = read_at(
        shaft_scan(lean_deg, "hollow steel"), np.linspace(56.0, 66.0, 6), np.linspace(-2.0, 2.0, 5)
    )
    assert -400.0 < ahead.min() < -40.0


def test_without_metal_nothing_changes() -> None:
    grid = flat_grid(2, 64, 4.0)
    hu = painted(grid, (cylinder(80.0), WATER_TISSUE))
    before = hu.copy()
    add_streaks(hu, grid, (), np.random.default_rng(0))
    away = Metal(points_mm=np.array([[0.0, 0.0, 50.0]]), radius_mm=1.0, material="steel")
    add_streaks(hu, grid, (away,), np.random.default_rng(0))
    assert np.array_equal(hu, before)


def test_streaks_grow_with_the_radius() -> None:
    found = [deviation(wire(-20.0, r), wire(20.0, r)) for r in (0.4, 0.8, 1.6, 3.2)]
    assert all(b > 1.5 * a for a, b in pairwise(found[:3])), found
    # no needle is so thick: there what is lost behind much metal is held
    assert found[3] > 1.2 * found[2]


def test_streaks_grow_with_the_attenuation() -> None:
    found = {name: deviation(wire(-20.0, 1.5, name), wire(20.0, 1.5, name)) for name in METALS}
    assert found["aluminium"] < found["titanium"] < found["steel"]
    assert found["hollow steel"] < found["steel"]


def test_streaks_fall_with_the_distance() -> None:
    metals = wire(-20.0, 1.5), wire(20.0, 1.5)
    added, free = streaks_of(*metals), outside(*metals)
    near = [np.hypot(X_MM[:, None], X_MM - metal.points_mm[0, 0]) for metal in metals]
    away = np.minimum(*near)
    bands = [(6, 12), (12, 20), (20, 30), (30, 50), (50, 70)]
    found = [added[free & (away >= low) & (away < high)].std() for low, high in bands]
    assert found == sorted(found, reverse=True)
    assert found[0] > 3.0 * found[-1]


def test_between_two_wires_lies_a_dark_band_and_beside_them_bright_ones() -> None:
    added = streaks_of(wire(-20.0, 1.5), wire(20.0, 1.5))
    between = added[np.ix_(np.abs(X_MM) < 1.0, np.abs(X_MM) < 12.0)].mean()
    beyond = added[np.ix_(np.abs(X_MM) < 1.0, (X_MM > 30.0) & (X_MM < 60.0))].mean()
    beside = added[np.ix_((X_MM > 4.0) & (X_MM < 9.0), np.abs(X_MM) < 12.0)].mean()
    assert between < -100.0
    assert between < beyond < 0.0
    assert beside > 0.0


def test_low_dose_adds_noise_to_streaks() -> None:
    metals = wire(-20.0, 2.0), wire(20.0, 2.0)
    free, silent = outside(*metals), streaks_of(*metals)
    noise = [(streaks_of(*metals, dose=dose) - silent)[free].std() for dose in (1.0, 0.05)]
    assert noise[1] > 2.0 * noise[0] > 0.0


def test_one_energy_on_fine_rays_leaves_no_streaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The linear limit: the excess is the painted metal itself, so nothing is left to add."""
    one = build_beam(np.inf)
    energy = ENERGIES_KEV.index(60.0)
    water = WATER.per_mm[energy]
    depths = np.linspace(0.0, 4000.0, len(one.water_mm))
    beam = one._replace(
        shares=np.eye(len(WEIGHTS))[energy],
        water=np.full(len(WEIGHTS), water),
        metal=one.painted[:, None] * water * np.ones(len(WEIGHTS)),
        water_mm=depths,
        step=float(depths[1] * water),
    )
    monkeypatch.setattr(streaks, "build_beam", lambda _: beam)
    linear = {r: deviation(wire(-20.0, r), wire(20.0, r)) for r in (0.5, 2.0)}
    monkeypatch.undo()
    real = {r: deviation(wire(-20.0, r), wire(20.0, r)) for r in (0.5, 2.0)}
    # what stays is the averaging of intensities at the wires' edges
    for radius, value in linear.items():
        assert value < 0.12 * real[radius], (linear, real)


ANGLES = st.floats(0.0, 3.14)
PLACES = st.floats(-6.0, 6.0)


@settings(max_examples=60, deadline=None)
@given(
    corners=st.lists(st.tuples(PLACES, PLACES, PLACES), min_size=1, max_size=4, unique=True),
    radius=st.floats(0.3, 3.0),
    angle=ANGLES,
    offset=st.floats(-5.0, 5.0),
    height=st.floats(-2.0, 2.0),
)
def test_chords_are_those_of_brute_force(
    corners: list[tuple[float, float, float]],
    radius: float,
    angle: float,
    offset: float,
    height: float,
) -> None:
    points = np.array(corners)
    ends = np.stack([points[:-1], points[1:]], axis=1)
    if len(points) == 1:
        ends = np.repeat(points[None], 2, axis=1)
    count = len(ends)
    wires = _chord_kernels.Wires(
        ends, np.full(count, radius), np.zeros(count, dtype=int), np.zeros(count, dtype=int)
    )
    room = _chord_kernels.Room(np.empty((count, 2)), np.empty(1), np.empty(1))
    ray = (np.cos(angle), np.sin(angle), offset, height)
    _chord_kernels.add_chords(wires, np.ones(count, dtype=bool), ray, room)
    step = 0.004
    along = np.arange(-16.0, 16.0, step)
    way = np.stack([offset * ray[0] - along * ray[1], offset * ray[1] + along * ray[0],
                    np.full(len(along), height)], axis=1)  # fmt: skip
    inside = np.zeros(len(along), dtype=bool)
    for first, second in ends:
        axis = second - first
        share = np.clip((way - first) @ axis / max(axis @ axis, 1e-30), 0.0, 1.0)
        inside |= ((way - first - share[:, None] * axis) ** 2).sum(axis=1) <= radius**2
    assert room.lengths[0] == pytest.approx(inside.sum() * step, abs=3.0 * step * count + 0.01)


def test_back_projection_of_a_disc_is_the_disc() -> None:
    radius, bin_mm, middle = 30.0, 0.6, (12.0, -7.0)
    pixel_mm = np.array([1.0, 0.8])
    shape = (160, 200)
    bins, views = count_bins(shape, pixel_mm, bin_mm), 900
    offsets = (np.arange(bins) + 0.5 - 0.5 * bins) * bin_mm
    angles = np.pi * (np.arange(views) + 0.5) / views
    away = offsets - (middle[0] * np.cos(angles) + middle[1] * np.sin(angles))[:, None]
    # a detector element averages over its width
    parts = away[..., None] + bin_mm * ((np.arange(12) + 0.5) / 12 - 0.5)
    chords = 2.0 * np.sqrt(np.maximum(radius**2 - parts**2, 0.0)).mean(axis=-1)
    sinogram = chords.astype(np.float32)
    picture = np.zeros(shape, dtype=np.float32)
    reconstruct(sinogram, picture, pixel_mm, bin_mm)
    v = (np.arange(shape[0]) - 79.5) * pixel_mm[0]
    u = (np.arange(shape[1]) - 99.5) * pixel_mm[1]
    from_middle = np.hypot(u[None, :] - middle[0], v[:, None] - middle[1])
    assert picture[from_middle < 26.0] == pytest.approx(1.0, abs=0.03)
    assert np.abs(picture[(from_middle > 34.0) & (from_middle < 60.0)]).max() < 0.04


def test_a_ball_between_slices_throws_streaks_only_where_it_is() -> None:
    grid = flat_grid(7, 96, 2.0, distance_mm=1.0, thickness_mm=1.0)
    ball = Metal(points_mm=np.array([[3.0, -2.0, 0.6]]), radius_mm=1.4, material="steel")
    hu = np.zeros(grid.shape_kji, dtype=np.float32)
    add_streaks(hu, grid, (ball,), np.random.default_rng(0), dose=np.inf)
    heights = np.arange(7) - 3.0
    touched = np.abs(heights - 0.6) < 1.4 + 0.5
    assert ((np.abs(hu).max(axis=(1, 2)) > 0.0) == touched).all()


def test_the_same_seed_gives_the_same_streaks() -> None:
    metals = (wire(0.0, 2.0),)
    first, second = streaks_of(*metals, dose=0.2), streaks_of(*metals, dose=0.2)
    assert np.array_equal(first, second)


def test_what_is_not_metal_is_refused() -> None:
    with pytest.raises(ScanRefusedError, match="steel"):
        Metal(points_mm=np.zeros((1, 3)), radius_mm=1.0, material="wood")
    with pytest.raises(ScanRefusedError, match="no course"):
        Metal(points_mm=np.zeros((0, 3)), radius_mm=1.0, material="steel")
    with pytest.raises(ShapeRefusedError):
        Metal(points_mm=np.zeros((1, 3)), radius_mm=0.0, material="steel")
    hu, grid = np.zeros((1, 8, 8), dtype=np.float32), flat_grid(1, 8, 2.0)
    with pytest.raises(ScanRefusedError, match="not metal"):
        add_streaks(hu, grid, ["steel"], np.random.default_rng(0))  # type: ignore[list-item]  # refused
