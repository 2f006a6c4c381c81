"""A frame of a DICOM segmentation is its slice of the scan, and never a slab that nobody drew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import InputRefusedError
from navigator.io.structures import load_structure
from navigator.model.volume import Mask
from tests.navigator.io.structures.balls import GRID, scan_grid
from tests.navigator.io.structures.writers import dataset_of, save, segmentation

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from navigator.model.volume import Grid


def slab(slices: list[int], grid: Grid = GRID) -> Mask:
    members = np.zeros(grid.shape_kji, dtype=bool)
    members[slices, 15:22, 12:22] = True
    return Mask(members, grid)


def measures(dataset: Dataset) -> Dataset:
    return dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]


def written(
    folder: Path, mask: Mask, step: str | None, thickness: str | None = None, kind: str = "BINARY"
) -> Path:
    dataset = segmentation({"lesion": mask}, kind=kind)
    for keyword, value in (("SpacingBetweenSlices", step), ("SliceThickness", thickness)):
        setattr(measures(dataset), keyword, value)
        if value is None:
            delattr(measures(dataset), keyword)
    return save(dataset, folder / "seg.dcm")


def told(path: Path, **options: object) -> tuple[Mask, list[tuple[str, str]]]:
    loaded = load_structure(path, "lesion", **options)
    return loaded.mask, [(finding.code, finding.severity.value) for finding in loaded.findings]


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(InputRefusedError) as refused:
        load_structure(path, "lesion", **options)
    return refused.value.refusal.code


@pytest.mark.hazard(39)
@pytest.mark.parametrize("step", ["2", None])
@pytest.mark.parametrize("thickness", ["2", "5", None])
@pytest.mark.parametrize(
    "slices", [[4], [4, 7], [4, 9], [3, 7, 11], [2, 7, 12], [3, 11], [3, 5, 7], [3, 6, 9, 12]]
)
def test_each_frame_is_exactly_its_slice(
    tmp_path: Path, slices: list[int], thickness: str | None, step: str | None
) -> None:
    """Only slices that show something are stored: gaps between them tell no thickness."""
    leaning = (scan_grid(shear=0.2), scan_grid((2.0, 0.4, 0.8), shear=-0.6))
    for grid in (GRID, *leaning):
        mask = slab(slices, grid)
        path = written(tmp_path, mask, step, thickness)
        found, findings = told(path, grid=mask.grid)
        np.testing.assert_array_equal(found.members, mask.members)
        assert findings == []


@pytest.mark.parametrize("step", ["1", "3", "4"])
def test_a_spacing_that_contradicts_the_scan_is_told(tmp_path: Path, step: str) -> None:
    mask = slab([4, 5, 6])
    found, findings = told(written(tmp_path, mask, step), grid=GRID)
    np.testing.assert_array_equal(found.members, mask.members)
    assert findings == [("slice-spacing-contradicts-scan", "confirm")]


def test_a_contradicting_spacing_is_told_with_both_volumes(tmp_path: Path) -> None:
    mask = slab([4, 5, 6])
    for step_mm in (1.0, 4.0):
        path = written(tmp_path, mask, f"{step_mm:g}")
        (finding,) = load_structure(path, "lesion", grid=GRID).findings
        assert f"{mask.volume_ml:.3g} ml" in finding.expected
        assert f"{mask.volume_ml * step_mm / 2.0:.3g} ml" in finding.got


@pytest.mark.parametrize("has_scan", [True, False])
def test_off_the_scan_a_slab_is_as_thick_as_the_file_says_or_refused(
    tmp_path: Path, *, has_scan: bool
) -> None:
    mask = slab([4, 7])
    aside = scan_grid(origin_mm=(-20.4, -19.7, -20.9)) if has_scan else None
    assert refusal(written(tmp_path, mask, None), grid=aside) == "no-slice-spacing"
    found, findings = told(written(tmp_path, mask, None, "2"), grid=aside)
    assert ("thickness-taken-for-spacing", "confirm") in findings
    assert found.volume_ml == pytest.approx(mask.volume_ml, rel=0.0 if aside is None else 0.3)
    found, findings = told(written(tmp_path, mask, "2"), grid=aside)
    assert "thickness-taken-for-spacing" not in dict(findings)


@pytest.mark.hazard(39)
@pytest.mark.parametrize("most", [0, 256, 1000, 100, 199, None])
def test_fractions_without_a_whole_are_refused(tmp_path: Path, most: int | None) -> None:
    """The file stores 200 for a whole pixel."""
    dataset = segmentation({"lesion": slab([4, 5])}, kind="FRACTIONAL")
    dataset.MaximumFractionalValue = most
    path = save(dataset, tmp_path / "seg.dcm")
    assert refusal(path, grid=GRID) == "fraction-out-of-range"


@pytest.mark.hazard(39)
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_two_segments_of_one_number_are_refused(tmp_path: Path, kind: str) -> None:
    dataset = segmentation({"lesion": slab([4, 5])}, kind=kind)
    dataset.SegmentSequence.append(dataset_of(SegmentNumber=1, SegmentLabel="vessel"))
    assert refusal(save(dataset, tmp_path / "seg.dcm"), grid=GRID) == "segment-number-twice"
