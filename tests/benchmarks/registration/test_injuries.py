"""An injured scan shows what it claims, and its truth goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.registration import injuries
from benchmarks.registration.gate import STATES, run_of
from benchmarks.registration.gate_table import markdown_of
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Volume

if TYPE_CHECKING:
    from pathlib import Path

BRIGHT_HU = 500.0
SEEDS = st.integers(0, 2**20)
VOXEL_MM = 1.5


def scan_with(points_kji: np.ndarray) -> tuple[Volume, dict[str, np.ndarray]]:
    """Mark places by balls, and give the same places as lesions and liver."""
    shape = (60, 50, 50)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 0.8], [0, 0.8, 0], [2.5, 0, 0]])
    affine[:3, 3] = (-20.0, 15.0, 100.0)
    values = np.full(shape, -100.0, np.float32)
    for k, j, i in points_kji:
        values[k, j - 1 : j + 2, i - 1 : i + 2] = BRIGHT_HU
    grid = Grid(shape_kji=shape, lps_from_index=affine, frame=Frame(FrameKind.LPS, "second"))
    places = points_kji @ affine[:3, :3].T + affine[:3, 3]
    return Volume(values, grid), {"tumour": places[:2], "liver": places}


PLACES = np.array([[25, 20, 30], [33, 30, 12], [10, 25, 25], [48, 14, 40]])


def brightest_mm(volume: Volume, near: np.ndarray) -> np.ndarray:
    """Find the middle of what is bright near a place."""
    index = np.argwhere(volume.values_hu > 0.3 * BRIGHT_HU)
    matrix = volume.grid.lps_from_index
    points = index @ matrix[:3, :3].T + matrix[:3, 3]
    return points[np.linalg.norm(points - near, axis=1) < 5.0].mean(axis=0)


@pytest.mark.parametrize("way", [injuries.moved, injuries.cropped, injuries.tilted])
@settings(deadline=None, max_examples=15)
@given(seed=SEEDS)
def test_the_lesions_are_where_the_truth_says(way: object, seed: int) -> None:
    volume, after = scan_with(PLACES)
    shown = way(volume, after, np.random.default_rng(seed))  # type: ignore[operator]
    assert shown.after_mm is not None
    for place in shown.after_mm["tumour"]:
        assert np.isfinite(place).all()
        assert np.linalg.norm(brightest_mm(shown.intraop, place) - place) < VOXEL_MM


@settings(deadline=None, max_examples=15)
@given(seed=SEEDS)
def test_half_a_scan_knows_only_what_it_shows(seed: int) -> None:
    volume, after = scan_with(PLACES)
    shown = injuries.halved(volume, after, np.random.default_rng(seed))
    assert shown.intraop.values_hu.shape[0] <= 30
    assert shown.after_mm is not None
    for place in shown.after_mm["liver"][np.isfinite(shown.after_mm["liver"][:, 0])]:
        assert np.linalg.norm(brightest_mm(shown.intraop, place) - place) < VOXEL_MM


@settings(deadline=None, max_examples=15)
@given(seed=SEEDS)
def test_a_scan_beside_the_liver_holds_its_end_at_most(seed: int) -> None:
    ladder = np.array([[k, 25, 25] for k in range(10, 50)])
    volume, after = scan_with(ladder)
    shown = injuries.without_liver(volume, after, np.random.default_rng(seed))
    assert shown.after_mm is None
    held = (shown.intraop.values_hu > 0).any(axis=(1, 2)).sum()
    assert held <= 5


def test_a_flipped_scan_is_the_same_voxels_backward() -> None:
    volume, _ = scan_with(PLACES)
    axes = set()
    for seed in range(20):
        shown = injuries.flipped(volume, np.random.default_rng(seed))
        which = [
            axis
            for axis in range(3)
            if (np.flip(shown.intraop.values_hu, axis) == volume.values_hu).all()
        ]
        assert len(which) == 1
        axes.add(which[0])
    assert axes == {0, 1, 2}


def test_every_problem_comes_once_as_it_is_and_no_patient_is_his_own_stranger(
    tmp_path: Path,
) -> None:
    names = ["smooth-1", "rough-1", "smooth-2", "real-chest-1", "real-chest-2"]
    problems = [tmp_path / name for name in names]
    runs = [run_of(number, problems) for number in range(300)]
    assert [run[:3] for run in runs[:5]] == [("as-is", each, each) for each in problems]
    strangers = {
        (own.name, other.name) for state, own, other, _ in runs if state == "wrong-patient"
    }
    assert ("smooth-1", "rough-1") not in strangers
    assert ("real-chest-1", "real-chest-2") not in strangers
    assert ("smooth-1", "smooth-2") in strangers
    assert {run[0] for run in runs} == set(STATES)


def test_the_table_counts_harm_refusals_and_coverage() -> None:
    known = {"liver_known": 10, "liver_within": 9}
    runs = [
        {"state": "as-is", "outcome": "warning", "reasons": [], "tumour_mean_mm": 6.0},
        {"state": "moved", "outcome": "rejected", "reasons": ["bones-differ"]},
        {"state": "moved", "outcome": "accepted", "reasons": []} | known,
        {"state": "wrong-patient", "outcome": "accepted", "reasons": []},
        {"state": "half", "outcome": "warning", "reasons": [], "tumour_mean_mm": 7.0},
    ]
    table = markdown_of(runs)
    assert "| moved | accepted | 2 | 1 | 0 | 1 | 1 | 0 |" in table
    assert "| wrong-patient | rejected | 1 | 1 | 0 | 0 | 1 | 0 |" in table
    assert "| half | either | 1 | 0 | 1 | 0 | 1 | 1 |" in table
    assert "Good ones refused: 1 of 3." in table
    assert "more than 5 mm off: 2 of 5." in table
    assert "liver: 90.0%" in table
