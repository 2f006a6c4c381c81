"""Gas behind a thin wall is body; a couch, and the air that it encloses, is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.imaging.tissue import find_body
from navigator.model.volume import Volume
from tests.navigator.imaging.digitised import upright_grid, voxel_centres_mm

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.model.volume import Grid, Mask

HALF_WIDTH_MM, HALF_HEIGHT_MM = 150.0, 100.0
SPACINGS = [(5.0, 2.0, 2.0), (2.5, 0.8, 0.8), (5.0, 1.0, 2.0)]
AIR_HU, MUSCLE_HU, SHELL_HU = -1000.0, 40.0, -150.0
NOISE_HU = 25.0


class Scene:
    """A room in which bodies are painted one over the other; y runs to the back."""

    def __init__(self, spacing_kji: tuple[float, float, float]) -> None:
        k, j, i = spacing_kji
        counts = (5, round(330.0 / j) + 1, round(540.0 / i) + 1)
        self.grid: Grid = upright_grid(counts, (k, j, i), (-270.0, -150.0, 0.0))
        self.points: Floats = voxel_centres_mm(self.grid)
        self.x, self.y = self.points[:, 0], self.points[:, 1]
        self.values = np.full(len(self.points), AIR_HU)
        self.is_body = np.zeros(len(self.points), dtype=bool)

    def tissue(self, region: Booleans) -> None:
        """Paint muscle."""
        self.values[region] = MUSCLE_HU
        self.is_body |= region

    def gas(self, region: Booleans) -> None:
        """Paint gas within the body."""
        self.values[region] = AIR_HU

    def shell(self, region: Booleans) -> None:
        """Paint a couch or a cloth beside the body."""
        self.values[region & ~self.is_body] = SHELL_HU

    def torso(self, less_mm: float = 0.0) -> Booleans:
        """Give the trunk, or what lies deeper in it than a wall."""
        a, b = HALF_WIDTH_MM - less_mm, HALF_HEIGHT_MM - less_mm
        return (self.x / a) ** 2 + (self.y / b) ** 2 <= 1.0

    def disc(self, x_mm: float, y_mm: float, radius_mm: float) -> Booleans:
        """Give a rod along the patient."""
        return np.hypot(self.x - x_mm, self.y - y_mm) <= radius_mm

    def slab(self, half_width_mm: float, top_mm: float, thick_mm: float) -> Booleans:
        """Give a level plate."""
        y, x = self.y, np.abs(self.x)
        return (x <= half_width_mm) & (y >= top_mm) & (y <= top_mm + thick_mm)

    def board(self, top_mm: float) -> None:
        """Lay a flat board of 4 mm."""
        self.shell(self.slab(250.0, top_mm, 4.0))

    def hollow_couch(self, top_mm: float) -> None:
        """Lay a closed box, 40 mm high, with walls of 3 mm."""
        inner = (np.abs(self.x) <= 237) & (self.y >= top_mm + 3) & (self.y <= top_mm + 37)
        self.shell(self.slab(240.0, top_mm, 40.0) & ~inner)

    def find_body(self) -> Mask:
        """Find the body in the painted scan, noise added."""
        noise = np.random.default_rng(4).normal(0.0, NOISE_HU, size=len(self.points))
        values = (self.values + noise).reshape(self.grid.shape_kji)
        return find_body(Volume(values, self.grid))

    def shaped(self, region: Booleans) -> Booleans:
        """Give a region the shape of the grid."""
        return region.reshape(self.grid.shape_kji)


def front_mm(scene: Scene, members: Booleans, x_mm: float) -> float:
    """Find where the body begins, seen from the front, in the slice where it begins latest."""
    centres = voxel_centres_mm(scene.grid).reshape(*scene.grid.shape_kji, 3)
    column = int(np.abs(centres[0, 0, :, 0] - x_mm).argmin())
    first = members[:, :, column].argmax(axis=1)
    return float(centres[0, first, column, 1].max())


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("wall_mm", [2.0, 3.0, 4.0, 8.0])
@pytest.mark.parametrize("couch", ["none", "board", "hollow"])
def test_a_stomach_full_of_gas_behind_a_thin_wall_is_body(
    spacing: tuple[float, float, float], wall_mm: float, couch: str
) -> None:
    scene = Scene(spacing)
    scene.tissue(scene.torso())
    scene.gas(scene.torso(wall_mm) & scene.disc(40.0, -62.0, 42.0))
    if couch == "board":
        scene.board(98.0)
    elif couch == "hollow":
        scene.hollow_couch(105.0)
    body = scene.find_body()
    true = scene.shaped(scene.is_body)
    # by hand: the ellipse's front at x = 40 mm lies at -100 * sqrt(1 - (40 / 150)^2) = -96.4 mm
    assert abs(front_mm(scene, body.members, 40.0) + 96.4) <= spacing[1]
    assert (true & ~body.members).sum() <= 0.002 * true.sum()


@pytest.mark.parametrize("spacing", SPACINGS)
def test_a_wide_flat_bowel_beneath_the_belly_is_body(spacing: tuple[float, float, float]) -> None:
    """Gas 120 mm wide and 45 mm deep; wall of 4 mm, beside a thick one."""
    scene = Scene(spacing)
    scene.tissue(scene.torso())
    scene.gas(scene.torso(4.0) & (np.abs(scene.x) <= 60.0) & (scene.y <= -51.0))
    scene.board(110.0)
    body = scene.find_body()
    assert abs(front_mm(scene, body.members, 0.0) + 100.0) <= spacing[1]
    assert (scene.shaped(scene.is_body) & ~body.members).mean() <= 0.002


@pytest.mark.parametrize("spacing", SPACINGS)
def test_two_cavities_one_behind_the_other_are_body(spacing: tuple[float, float, float]) -> None:
    """A fold of 3 mm between them is as thin as the wall."""
    scene = Scene(spacing)
    scene.tissue(scene.torso())
    gut = scene.torso(3.0) & (np.abs(scene.x) <= 25.0) & (scene.y <= -40.0)
    scene.gas(gut & ~((scene.y > -72.0) & (scene.y < -69.0)))
    body = scene.find_body()
    assert (scene.shaped(scene.is_body) & ~body.members).mean() <= 0.002


def test_lungs_that_are_open_at_the_upper_end_are_body() -> None:
    scene = Scene((5.0, 2.0, 2.0))
    scene.tissue(scene.torso())
    upper = scene.points[:, 2] >= 10.0
    for side in (-1.0, 1.0):
        scene.gas(scene.torso(3.0) & scene.disc(side * 95.0, 0.0, 55.0) & upper)
    body = scene.find_body()
    assert (scene.shaped(scene.is_body) & ~body.members).mean() <= 0.002


def outside_share(scene: Scene, body: Mask, region: Booleans) -> float:
    """Tell how much of a region was taken for body though it is none."""
    there = region & ~scene.is_body
    return float((body.members & scene.shaped(there)).sum()) / max(int(there.sum()), 1)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("top_mm", [105.0, 98.0, 94.0])
def test_a_hollow_couch_is_not_body(spacing: tuple[float, float, float], top_mm: float) -> None:
    """Five millimetres beneath the back, and with the back pressed upon it."""
    scene = Scene(spacing)
    scene.tissue(scene.torso())
    scene.hollow_couch(top_mm)
    body = scene.find_body()
    assert outside_share(scene, body, scene.slab(237.0, top_mm + 4.0, 33.0)) == 0.0
    assert outside_share(scene, body, np.abs(scene.x) > 120.0) == 0.0
    assert outside_share(scene, body, scene.x == scene.x) <= 0.02


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("couch", ["board", "hollow"])
def test_air_between_the_back_and_the_couch_is_not_body(
    spacing: tuple[float, float, float], couch: str
) -> None:
    """A back with a furrow, 80 mm wide and 15 mm deep, that rests on both its bulges."""
    scene = Scene(spacing)
    flat = scene.torso() & (scene.y <= 85.0)
    furrow = np.abs(scene.x) <= 40.0
    depth = 15.0 * (1.0 - (scene.x / 40.0) ** 2)
    furrow &= scene.y > 85.0 - depth
    scene.tissue(flat & ~furrow)
    (scene.board if couch == "board" else scene.hollow_couch)(85.0)
    body = scene.find_body()
    assert outside_share(scene, body, furrow & (scene.y < 84.0)) <= 0.02


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("couch", ["none", "board", "hollow"])
def test_air_between_an_arm_and_the_trunk_is_not_body(
    spacing: tuple[float, float, float], couch: str
) -> None:
    """The arm touches the trunk above; both are pressed on the couch."""
    scene = Scene(spacing)
    scene.tissue(scene.torso() & (scene.y <= 92.0))
    scene.tissue(scene.disc(180.0, 52.0, 46.0) & (scene.y <= 92.0))
    if couch != "none":
        (scene.board if couch == "board" else scene.hollow_couch)(92.0)
    gap = (scene.x > 110.0) & (scene.x < 160.0) & (scene.y > 70.0) & (scene.y < 90.0)
    body = scene.find_body()
    assert outside_share(scene, body, gap) <= 0.02


@pytest.mark.parametrize("spacing", SPACINGS)
def test_air_beneath_a_blanket_is_not_body(spacing: tuple[float, float, float]) -> None:
    """A cloth of 4 mm, drawn as a tent from flank to flank."""
    scene = Scene(spacing)
    scene.tissue(scene.torso())
    height = -125.0 + 0.7 * np.abs(scene.x)
    scene.shell((np.abs(scene.x) < 145.0) & (scene.y > height) & (scene.y < height + 4.0))
    body = scene.find_body()
    assert outside_share(scene, body, scene.y < -60.0) <= 0.05


def test_a_slit_between_an_arm_and_the_trunk_is_not_body() -> None:
    """Four millimetres wide, closed above and below by thin bridges of skin."""
    scene = Scene((5.0, 0.8, 0.8))
    scene.tissue(scene.torso() & (scene.x <= 120.0))
    scene.tissue((scene.x >= 124.0) & (scene.x <= 190.0) & (np.abs(scene.y) <= 45.0))
    slit = (scene.x > 120.0) & (scene.x < 124.0) & (np.abs(scene.y) < 40.0)
    scene.tissue((scene.x >= 119.0) & (scene.x <= 125.0) & (np.abs(np.abs(scene.y) - 42.0) <= 2.0))
    body = scene.find_body()
    assert outside_share(scene, body, slit) == 0.0
