"""A problem's folder holds the same bytes for the same seed, and no truth where methods look."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from benchmarks.registration.phantom_problems import draw_cropped_grid, upright_grid
from benchmarks.registration.problem import (
    GROUPS,
    Picture,
    Problem,
    is_seen,
    lattice_of,
    load_truth,
    save_problem,
)

if TYPE_CHECKING:
    from pathlib import Path


def small_problem(seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    grid = upright_grid(np.array([5.0, -20.0, 300.0]), (12, 16, 20), (2.5, 1.0, 1.0))
    hu = np.full(grid.shape_kji, -1000, dtype=np.int16)
    hu[2:10, 3:13, 4:16] = 60
    points = {
        group: rng.uniform(0.0, 5.0, (n, 3)) for group, n in zip(GROUPS, (4, 2, 3), strict=True)
    }
    return Problem(
        kind="smooth",
        seed=seed,
        planning=Picture(values=hu, grid=grid),
        intraop=Picture(values=hu, grid=grid),
        liver=hu > 0,
        before_mm=points,
        after_mm={group: each + 1.0 for group, each in points.items()},
        making={"amplitude_mm": 12.0},
    )


def test_the_same_problem_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_problem(small_problem(7), tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "two").iterdir())
    for name in names:
        first, second = ((tmp_path / each / name).read_bytes() for each in ("one", "two"))
        assert first == second, name
    for held in (load_truth(tmp_path / each) for each in ("one", "two")):
        assert {group: len(held[1][group]) for group in GROUPS} == {
            "liver": 4,
            "tumour": 2,
            "bone": 3,
        }
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_methods_are_asked_says_nothing_of_the_truth(tmp_path: Path) -> None:
    problem = small_problem(7)
    save_problem(problem, tmp_path / "it")
    with (tmp_path / "it" / "points_planning.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["label", "x_mm", "y_mm", "z_mm"]
    told = np.array([[float(word) for word in row[1:]] for row in rows[1:]])
    wanted = np.concatenate([problem.before_mm[group] for group in GROUPS])
    assert np.abs(told - wanted).max() < 1e-6


def test_images_lie_where_their_grid_says(tmp_path: Path) -> None:
    problem = small_problem(7)
    save_problem(problem, tmp_path / "it")
    image = sitk.ReadImage(str(tmp_path / "it" / "planning.mha"))
    place = image.TransformIndexToPhysicalPoint((4, 3, 2))
    wanted = problem.planning.grid.lps_from_index @ [2.0, 3.0, 4.0, 1.0]
    assert np.allclose(place, wanted[:3])
    assert image.GetPixel((4, 3, 2)) == 60


def test_points_near_the_rim_are_not_asked_for() -> None:
    grid = upright_grid(np.zeros(3), (11, 21, 21), (2.0, 1.0, 1.0))
    points = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 9.0], [8.0, 0.0, 0.0], [0.0, -30.0, 0.0]])
    assert is_seen(grid, points, 3.0).tolist() == [True, False, False, False]


def test_the_lattice_knows_the_body() -> None:
    problem = small_problem(7)
    points, body = lattice_of(problem.planning.values, problem.planning.grid)
    assert points.shape == (*body.shape, 3)
    assert np.allclose(np.diff(points[:, 0, 0, 2]), 4.0)
    assert 0 < body.sum() < body.size


def test_the_short_field_always_shows_the_tumour() -> None:
    tumour = np.array([-60.0, -150.0, 80.0])
    for seed in range(40):
        grid = draw_cropped_grid(np.random.default_rng(seed), tumour)
        assert is_seen(grid, tumour[None], 35.0).all()
        assert grid.shape_kji[1:] == (512, 512)
