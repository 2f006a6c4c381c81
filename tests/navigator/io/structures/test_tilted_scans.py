"""A structure drawn on the sheared or the upright voxels of a tilted scan lies where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.contours import outlines_from_mask
from navigator.imaging.upright import rectified_grid
from navigator.io.structures import load_structure, load_structures
from navigator.model.volume import Grid, Mask
from tests.navigator.io.structures.balls import ball, scan_grid
from tests.navigator.io.structures.writers import save, seg_nrrd, segmentation, structure_set

if TYPE_CHECKING:
    from pathlib import Path

TILTS_DEG = (18.5, -18.5, 7.0)
CENTRE_MM, RADIUS_MM = (1.3, -2.1, 0.7), 9.0
TRUE_ML = 4.0 / 3.0 * np.pi * RADIUS_MM**3 / 1000.0
FORMS = ("labels.nrrd", "labels.seg.nrrd", "seg.dcm", "rt.dcm")
VOLUME_SHARE = 0.02
"""A ball of 9 mm on voxels of 2.5 mm: the cut at the voxels' edges."""
CENTRE_LIMIT_MM = 0.4
"""Each slice is rounded to whole pixels of 0.8 mm."""
BIAS_LIMIT_MM = 0.05
"""Over many tilts rounding goes either way: a shift of half a pixel would be 0.4 mm."""


def tilted(tilt_deg: float) -> Grid:
    return scan_grid((2.5, 0.8, 0.8), shear=float(np.tan(np.deg2rad(tilt_deg))))


def written(folder: Path, form: str, mask: Mask) -> Path:
    path = folder / form
    if form == "seg.dcm":
        return save(segmentation({"Liver": mask}), path)
    if form == "rt.dcm":
        lines = [("CLOSEDPLANAR_XOR", each.points_mm) for each in outlines_from_mask(mask)]
        return save(structure_set({"Liver": lines}), path)
    named = [("Liver", 1, 0)] if "seg" in form else []
    layers = [mask.members.astype(np.uint8)]
    return seg_nrrd(layers, named, mask.grid.lps_from_index, path)


def centre_mm(mask: Mask) -> np.ndarray:
    return mask.grid.points_from_indices(np.argwhere(mask.members)).mean(axis=0)


def check_is_the_ball(mask: Mask, grid: Grid) -> None:
    assert mask.grid.matches(grid)
    assert mask.volume_ml == pytest.approx(TRUE_ML, rel=VOLUME_SHARE)
    assert np.abs(centre_mm(mask) - CENTRE_MM).max() <= CENTRE_LIMIT_MM


@pytest.mark.hazard(3)
@pytest.mark.parametrize("tilt_deg", TILTS_DEG)
@pytest.mark.parametrize("form", FORMS)
def test_what_was_drawn_on_sheared_voxels_is_carried_to_upright_ones(
    tmp_path: Path, form: str, tilt_deg: float
) -> None:
    sheared = tilted(tilt_deg)
    upright = rectified_grid(sheared)
    path = written(tmp_path, form, ball(sheared, CENTRE_MM, RADIUS_MM))
    loaded = load_structures(path, {"liver": 1}, upright, twin=sheared)
    check_is_the_ball(loaded.labels.mask("liver"), upright)
    alone = load_structure(path, 1, grid=upright, twin=sheared)
    check_is_the_ball(alone.mask, upright)
    for findings in (loaded.findings, alone.findings):
        # outlines have no voxels of their own to be carried from
        is_told = "structure-resampled" in {finding.code for finding in findings}
        assert is_told == (form != "rt.dcm")


@pytest.mark.hazard(3)
@pytest.mark.parametrize("tilt_deg", TILTS_DEG)
@pytest.mark.parametrize("form", FORMS)
def test_what_was_drawn_on_upright_voxels_is_carried_to_sheared_ones(
    tmp_path: Path, form: str, tilt_deg: float
) -> None:
    """An export refers to the scan as it was read; people segment what `convert` wrote."""
    sheared = tilted(tilt_deg)
    upright = rectified_grid(sheared)
    path = written(tmp_path, form, ball(upright, CENTRE_MM, RADIUS_MM))
    loaded = load_structures(path, {"liver": 1}, sheared, twin=upright)
    check_is_the_ball(loaded.labels.mask("liver"), sheared)


@pytest.mark.parametrize("form", FORMS[:3])
def test_voxels_of_the_grid_itself_stay_as_they_are(tmp_path: Path, form: str) -> None:
    sheared = tilted(TILTS_DEG[0])
    upright = rectified_grid(sheared)
    for grid, twin in ((upright, sheared), (sheared, upright)):
        mask = ball(grid, CENTRE_MM, RADIUS_MM)
        loaded = load_structures(written(tmp_path, form, mask), {"liver": 1}, grid, twin=twin)
        np.testing.assert_array_equal(loaded.labels.mask("liver").members, mask.members)
        assert "structure-resampled" not in {finding.code for finding in loaded.findings}


@pytest.mark.hazard(3)
def test_outlines_of_no_known_frame_are_drawn_in_the_slices_that_they_lie_in(
    tmp_path: Path,
) -> None:
    frame = Frame(FrameKind.LPS, "a file without UIDs")
    sheared = scan_grid((2.5, 0.8, 0.8), shear=0.3, frame=frame)
    path = written(tmp_path, "rt.dcm", ball(sheared, CENTRE_MM, RADIUS_MM))
    upright = rectified_grid(sheared)
    check_is_the_ball(load_structure(path, 1, grid=upright, twin=sheared).mask, upright)


@pytest.mark.hazard(3)
@pytest.mark.parametrize("form", FORMS[:2])
def test_a_map_that_a_program_straightened_is_on_neither(tmp_path: Path, form: str) -> None:
    """Programs that know no shear write the stack upright without moving a voxel: 7 mm off."""
    sheared = tilted(TILTS_DEG[0])
    straightened = np.array(sheared.lps_from_index)
    straightened[1, 0] = 0.0
    mask = ball(sheared, CENTRE_MM, RADIUS_MM)
    grid = Grid(shape_kji=sheared.shape_kji, lps_from_index=straightened, frame=sheared.frame)
    path = written(tmp_path, form, Mask(mask.members, grid))
    for one, other in ((rectified_grid(sheared), sheared), (sheared, rectified_grid(sheared))):
        with pytest.raises(GeometryRefusedError) as refused:
            load_structures(path, {"liver": 1}, one, twin=other)
        assert refused.value.refusal.code == "label-map-not-on-scan"
        assert "navigator convert" in refused.value.refusal.next_step


@pytest.mark.hazard(3)
def test_a_segmentation_of_straightened_slices_has_to_be_looked_at(tmp_path: Path) -> None:
    """Its frames fit among the upright voxels; only their size tells that they are none."""
    sheared = tilted(TILTS_DEG[0])
    upright = rectified_grid(sheared)
    straightened = np.array(sheared.lps_from_index)
    straightened[1, 0] = 0.0
    members = ball(sheared, CENTRE_MM, RADIUS_MM).members
    grid = Grid(shape_kji=sheared.shape_kji, lps_from_index=straightened, frame=sheared.frame)
    path = written(tmp_path, "seg.dcm", Mask(members, grid))
    for one, other in ((upright, sheared), (sheared, upright)):
        findings = load_structure(path, 1, grid=one, twin=other).findings
        told = {finding.code: finding.severity.value for finding in findings}
        assert told["not-on-tilted-voxels"] == "confirm"


@pytest.mark.hazard(3)
def test_carrying_makes_no_shift_of_its_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    off = []
    for number in range(24):
        sheared = tilted(rng.uniform(-25.0, 25.0))
        centre = rng.uniform(-2.0, 2.0, 3)
        drawn = ball(sheared, tuple(centre), RADIUS_MM)
        path = written(tmp_path, "labels.nrrd", drawn)
        upright = rectified_grid(sheared)
        grid, twin = (upright, sheared) if number % 2 else (sheared, upright)
        if grid is sheared:
            path = written(tmp_path, "labels.nrrd", ball(upright, tuple(centre), RADIUS_MM))
        off.append(centre_mm(load_structure(path, 1, grid=grid, twin=twin).mask) - centre)
    assert np.abs(np.mean(off, axis=0)).max() <= BIAS_LIMIT_MM
    assert np.abs(off).max() <= CENTRE_LIMIT_MM


def test_a_part_beyond_the_sheared_voxels_is_told(tmp_path: Path) -> None:
    sheared = tilted(TILTS_DEG[0])
    upright = rectified_grid(sheared)
    everywhere = Mask(np.ones(upright.shape_kji, dtype=bool), upright)
    path = written(tmp_path, "labels.nrrd", everywhere)
    loaded = load_structures(path, {"liver": 1}, sheared, twin=upright)
    assert loaded.labels.mask("liver").members.all()
    assert "structure-clipped" in {finding.code for finding in loaded.findings}
