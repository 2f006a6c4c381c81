"""Sharpness, noise and slices are those that were asked for, measured on analytic objects."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from phantoms.detector import blur_and_add_noise, sharpen_as
from phantoms.noise import draw_noise, slice_mixture
from phantoms.protocol import ScanProtocol, dose_for_noise
from phantoms.resolution import KERNELS, mtf, noise_factor, noise_power
from phantoms.shapes import HalfSpace, sphere
from tests.phantoms.analytic import WATER, cylinder, flat_grid, painted

PIXEL_MM = 0.6
SOFT_MM = 0.55
"""Deviation of the soft kernel's point spread."""


def edge_profile(kernel: str) -> tuple[np.ndarray, np.ndarray]:
    """Scan a slanted edge of 1000 HU; give distances from it and values from 0 to 1, in order."""
    grid = flat_grid(4, 160, PIXEL_MM)
    normal = np.array([np.cos(0.09), np.sin(0.09), 0.0])
    hu = painted(grid, (HalfSpace(np.zeros(3), normal), WATER))
    sharpen_as(kernel, hu, np.array([PIXEL_MM, PIXEL_MM]))
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape_kji), indexing="ij"), axis=-1)
    world = index @ grid.lps_from_index[:3, :3].T + grid.lps_from_index[:3, 3]
    middle = np.s_[1, 40:120, 40:120]
    distance = -(world @ normal)[middle].ravel()
    order = np.argsort(distance)
    return distance[order], (hu[middle].ravel()[order] + 1000.0) / 1000.0


def test_a_soft_edge_spreads_as_its_gaussian_says_whatever_the_pixel() -> None:
    distance, value = edge_profile("soft")
    expected = 0.5 * (1.0 + erf(distance / (np.sqrt(2.0) * SOFT_MM)))
    assert np.abs(value - expected).max() < 0.02


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_edge_has_the_transfer_asked_for(kernel: str) -> None:
    distance, value = edge_profile(kernel)
    bins = np.arange(-12.0, 12.0, 0.1)
    # the line spread is the slope of a smoothed edge; its transform is the transfer
    width = 0.3
    smooth = np.array(
        [np.average(value, weights=np.exp(-0.5 * ((distance - x) / width) ** 2)) for x in bins]
    )
    line = np.gradient(smooth, 0.1)
    for frequency in (0.1, 0.2, 0.3, 0.4, 0.5):
        wave = np.exp(-2j * np.pi * frequency * bins)
        found = abs((line * wave).sum() * 0.1) / np.exp(-2.0 * (np.pi * frequency * width) ** 2)
        assert found == pytest.approx(float(mtf(kernel, np.array([frequency]))[0]), abs=0.04)


def test_only_the_sharp_kernel_overshoots_an_edge() -> None:
    assert edge_profile("soft")[1].max() < 1.01
    assert 1.05 < edge_profile("sharp")[1].max() < 1.4


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("pixel_mm", [0.5, 0.8])
def test_noise_has_the_power_spectrum_asked_for(kernel: str, pixel_mm: float) -> None:
    grid = flat_grid(24, 128, pixel_mm)
    water = np.zeros(grid.shape_kji, dtype=np.float32)
    noise = draw_noise(water, grid, kernel, np.random.default_rng(4))
    # the strength changes slowly over the square of water: leave it out by the local mean square
    power = (np.abs(np.fft.fft2(noise)) ** 2).mean(axis=0)
    radial = np.hypot(*np.meshgrid(*[np.fft.fftfreq(128, pixel_mm)] * 2, indexing="ij"))
    limit = 0.5 / pixel_mm
    edges = np.linspace(0.06, 0.75 * limit, 7)
    rings = [(radial >= low) & (radial < high) for low, high in pairwise(edges)]
    found = np.array([power[ring].mean() for ring in rings])
    asked = np.array([noise_power(kernel, radial[ring]).mean() for ring in rings])
    assert found / found.sum() == pytest.approx(asked / asked.sum(), rel=0.12, abs=0.01)


def test_noise_power_rises_from_nothing_and_falls_again() -> None:
    frequency = np.linspace(0.0, 1.2, 400)
    for kernel in KERNELS:
        power = noise_power(kernel, frequency)
        top = int(power.argmax())
        assert power[0] == 0.0
        assert (np.diff(power[: top + 1]) > 0.0).all()
        assert (np.diff(power[top:]) < 0.0).all()


def test_the_sharp_kernels_noise_follows_from_its_power() -> None:
    frequency = np.linspace(0.0, 4.0, 40001)
    total = {name: (frequency * noise_power(name, frequency)).sum() for name in KERNELS}
    assert noise_factor("sharp") == pytest.approx(np.sqrt(total["sharp"] / total["soft"]), rel=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
def test_noise_has_the_deviation_of_dose_and_thickness(kernel: str) -> None:
    for dose, thickness_mm in ((1.0, 2.5), (0.25, 2.5), (1.0, 1.0)):
        protocol = ScanProtocol(
            spacing_kji_mm=(thickness_mm, 0.8, 0.8),
            thickness_mm=thickness_mm,
            kernel=kernel,
            dose=dose,
        )
        grid = flat_grid(8, 128, 0.8, distance_mm=thickness_mm, thickness_mm=thickness_mm)
        clean = painted(grid, (cylinder(40.0), WATER))
        noisy = clean.copy()
        rng = np.random.default_rng(1)
        sharpen_as(kernel, clean, np.array([0.8, 0.8]))
        blur_and_add_noise(noisy, grid, protocol.noise_hu, rng, kernel=kernel)
        middle = np.s_[:, 44:84, 44:84]
        assert (noisy - clean)[middle].std() == pytest.approx(protocol.noise_hu, rel=0.06)
    assert ScanProtocol(
        spacing_kji_mm=(1, 1, 1), thickness_mm=1, dose=4.0
    ).noise_hu == pytest.approx(
        0.5 * ScanProtocol(spacing_kji_mm=(1, 1, 1), thickness_mm=1, dose=1.0).noise_hu
    )


@settings(max_examples=30, deadline=None)
@given(noise=st.floats(0.5, 400.0), thickness=st.floats(0.3, 9.0))
def test_the_dose_for_a_noise_gives_that_noise(noise: float, thickness: float) -> None:
    dose = dose_for_noise(noise, thickness_mm=thickness, kernel="sharp")
    protocol = ScanProtocol(
        spacing_kji_mm=(1.0, 1.0, 1.0), thickness_mm=thickness, dose=dose, kernel="sharp"
    )
    assert protocol.noise_hu == pytest.approx(noise)


def test_noise_is_stronger_in_the_middle_of_a_body_than_at_its_rim() -> None:
    grid = flat_grid(48, 96, 4.0)
    body = painted(grid, (cylinder(170.0), WATER))
    noise = draw_noise(body, grid, "soft", np.random.default_rng(3))
    x = (np.arange(96) - 47.5) * 4.0
    radius = np.hypot(x[:, None], x[None, :])
    middle, rim = noise[:, radius < 50.0].std(), noise[:, (radius > 140) & (radius < 165)].std()
    assert 1.1 < middle / rim < 3.0


def test_noise_is_streaky_along_the_long_way_through_a_body() -> None:
    grid = flat_grid(12, 128, 3.0)
    wide = painted(grid, (cylinder(90.0, -80.0), WATER), (cylinder(90.0, 80.0), WATER))
    noise = draw_noise(wide, grid, "soft", np.random.default_rng(3))[:, 54:74, 34:94]
    along = np.corrcoef(noise[:, :, 1:].ravel(), noise[:, :, :-1].ravel())[0, 1]
    across = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    assert along > across + 0.1


@pytest.mark.parametrize("thickness_mm", [1.0, 2.0, 2.5, 5.0])
def test_overlapping_slices_share_the_noise_of_the_photons_they_share(thickness_mm: float) -> None:
    weights = slice_mixture(60, 1.0, thickness_mm)
    white = np.random.default_rng(0).standard_normal((60, 40_000))
    mixed = np.zeros_like(white)
    for n, weight in enumerate(weights):
        mixed[n:] += weight[n:, None] * white[: 60 - n]
    for apart in range(7):
        found = float((mixed[10] * mixed[10 + apart]).mean())
        assert found == pytest.approx(max(0.0, 1.0 - apart / thickness_mm), abs=0.03)


@pytest.mark.parametrize(("distance_mm", "thickness_mm"), [(1.0, 1.0), (1.0, 3.0), (2.0, 1.0)])
def test_a_small_ball_draws_the_slice_profile(distance_mm: float, thickness_mm: float) -> None:
    radius_mm = 0.4
    grid = flat_grid(9, 24, 0.5, distance_mm=distance_mm, thickness_mm=thickness_mm)
    for shift_mm in (0.0, 0.3, 0.45):
        hu = painted(grid, (sphere([0.1, 0.05, shift_mm], radius_mm), WATER), samples=9)
        found = (hu + 1000.0).sum(axis=(1, 2)) / 1000.0 * 0.25 * thickness_mm
        centres = (np.arange(9) - 4.0) * distance_mm
        cap = np.clip(centres[:, None] + 0.5 * thickness_mm * np.array([-1, 1]) - shift_mm,
                      -radius_mm, radius_mm)  # fmt: skip
        volume = np.pi * (radius_mm**2 * cap - cap**3 / 3.0)
        assert found == pytest.approx(np.diff(volume, axis=1)[:, 0], abs=0.04)
