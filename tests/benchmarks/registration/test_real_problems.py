"""A real scan moved by a known slide shows, without noise, the same tissue at the moved places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.registration.layers import cut_layers, read_layers
from benchmarks.registration.problem import index_of
from benchmarks.registration.real_sources import LIVER, load_source
from benchmarks.registration.sliding import draw_slide, liver_box_mm
from phantoms.motion import moved_points, rigid_motion

if TYPE_CHECKING:
    from pathlib import Path

LEAST_LIVER_ML = {"real-abdomen": 900.0, "real-chest": 900.0}


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["real-abdomen", "real-chest"])
def test_patches_lie_where_the_truth_says(real_data: Path, long_run: bool, kind: str) -> None:  # noqa: FBT001
    assert real_data.is_dir()
    if not long_run:
        pytest.skip("a minute for each scan: run with --long")
    source = load_source(kind)
    volume_ml = (source.liver_mm < 0.0).sum() * abs(np.linalg.det(source.grid.lps_from_index)) / 1e3
    assert volume_ml > LEAST_LIVER_ML[kind]
    rng = np.random.default_rng(11)
    setup = rigid_motion(
        rng, shift_mm=(10, 25), turn_deg=(2, 5), about_mm=np.mean(liver_box_mm(source), axis=0)
    )
    slide = draw_slide(source, setup, rng)
    layers = cut_layers(source.native_hu, source.liver_mm, source.grid)
    shown, depth = read_layers(
        layers, (slide.liver, slide.rest), source.grid, lambda places: np.zeros(len(places))
    )

    def read(values: np.ndarray, places: np.ndarray) -> np.ndarray:
        return ndimage.map_coordinates(values, index_of(source.grid, places).T, order=1)

    matrix = source.grid.lps_from_index
    for is_inner, motion, where in (
        (True, slide.liver, source.liver_mm < -9.0),
        (False, slide.rest, (source.bone_mm < -2.0) & (source.liver_mm > 40.0)),
    ):
        index = np.argwhere(where)
        index = index[rng.integers(len(index), size=3000)]
        places = index @ matrix[:3, :3].T + matrix[:3, 3]
        moved = moved_points(motion, places)
        rim = np.array(source.grid.shape_kji) - 6
        after = index_of(source.grid, moved)
        held = ((after > 5) & (after < rim)).all(axis=1)
        held &= (read(depth, moved) < -6.0) if is_inner else (read(depth, moved) > 6.0)
        assert held.sum() > 500
        there, here = read(shown, moved[held]), read(source.native_hu, places[held])
        still = read(shown, places[held])
        # slices of one voxel are read between voxels once more: the edges of bone lose a little
        assert np.corrcoef(there, here)[0, 1] > 0.9
        assert np.corrcoef(there, here)[0, 1] > np.corrcoef(still, here)[0, 1] + 0.05


@pytest.mark.real_data
def test_the_label_that_is_taken_for_the_liver_is_one(real_data: Path) -> None:
    import SimpleITK as sitk  # noqa: PLC0415

    folder = real_data / "totalseg_abdomen"
    scan, labels = (
        sitk.GetArrayFromImage(sitk.ReadImage(str(folder / name)))
        for name in ("example_ct.nii.gz", "example_seg_fast_force_split.nii.gz")
    )
    liver = labels == LIVER
    assert 30.0 < np.median(scan[liver]) < 70.0, "a liver without contrast"
    assert liver.sum() * 0.027 > LEAST_LIVER_ML["real-abdomen"]
