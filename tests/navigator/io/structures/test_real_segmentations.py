"""Segmentations that other programs wrote are the voxels that those programs say they are."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import InputRefusedError
from navigator.io.inspecting import inspect_path
from navigator.io.structures import load_mask, load_structure, open_structures
from navigator.io.volumes import load_scan

if TYPE_CHECKING:
    from navigator.model.volume import Grid, Mask

pytestmark = pytest.mark.real_data

SEGMENTS_OF_OVERLAPS = {"GREEN": 1, "ORANGE": 2, "PURPLE": 3, "LIGHT_BLUE": 4, "DARK_BLUE": 5}
IMAGE_OF_OVERLAPS = {1: 1, 4: 1, 5: 1, 2: 2, 3: 3}
"""Which of the three label images of dcmqi's test data holds a segment."""


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "dcmqi_liver_seg"


def voxels_in_image(path: Path, label: int) -> np.ndarray:
    """Give the places (n, 3) of a label's voxels as SimpleITK sees them, sorted."""
    image = sitk.ReadImage(str(path))
    indices = np.argwhere(sitk.GetArrayViewFromImage(image) == label)[:, ::-1]
    direction = np.reshape(image.GetDirection(), (3, 3))
    places = indices * np.array(image.GetSpacing()) @ direction.T + np.array(image.GetOrigin())
    return places[np.lexsort(places.round(2).T)]


def voxels_of(mask: Mask) -> np.ndarray:
    places = mask.grid.points_from_indices(np.argwhere(mask.members))
    return places[np.lexsort(places.round(2).T)]


@pytest.mark.parametrize(
    ("file", "segment", "image", "label"),
    [
        ("liver.dcm", "Liver", "liver_seg.nrrd", 1),
        ("24x38x3/seg/label.seg", "Liver", "24x38x3/nrrd/label.nrrd", 1),
        ("23x38x3/seg/label.seg", "Liver", "23x38x3/nrrd/label.nrrd", 1),
        ("sparse-labelmap-noppv.dcm", "Liver", "sparse_labelmap_noppv_seg.nrrd", 1),
        ("sparse-labelmap-ppv5.dcm", "Liver", "sparse_labelmap_ppv5_seg.nrrd", 1),
        *(
            ("partial_overlaps.dcm", name, f"partial_overlaps-{IMAGE_OF_OVERLAPS[n]}.nrrd", n)
            for name, n in SEGMENTS_OF_OVERLAPS.items()
        ),
    ],
)
def test_a_segment_has_the_voxels_of_the_label_image(
    folder: Path, file: str, segment: str, image: str, label: int
) -> None:
    theirs = voxels_in_image(folder / image, label)
    ours = voxels_of(load_mask(folder / file, label=segment))
    assert len(ours) == len(theirs) > 0
    assert np.abs(ours - theirs).max() <= 1e-3


@pytest.mark.parametrize(
    ("scan", "file"),
    [("ct-3slice", "liver.dcm"), ("ct-3slice", "partial_overlaps.dcm")],
)
def test_on_its_scan_it_is_the_same_and_needs_no_confirmation(
    folder: Path, scan: str, file: str
) -> None:
    read = load_scan(folder / scan)
    for entry in open_structures(folder / file).entries:
        on_scan = load_structure(
            folder / file, entry.number, grid=read.volume.grid, patient=read.patient
        )
        # three slices hold no liver as a whole
        assert {finding.code for finding in on_scan.findings} <= {"structure-at-border"}
        alone = voxels_of(load_mask(folder / file, label=entry.number))
        assert np.abs(voxels_of(on_scan.mask) - alone).max() <= 2e-3


@pytest.mark.hazard(14)
def test_a_segmentation_of_another_study_is_refused(folder: Path) -> None:
    grid = load_scan(folder / "ct-3slice").volume.grid
    with pytest.raises(InputRefusedError) as refused:
        load_structure(folder / "24x38x3/seg/label.seg", 1, grid=grid)
    assert refused.value.refusal.code == "other-frame-of-reference"


@pytest.mark.parametrize("label", [1, 5])
def test_a_gapped_label_image_lies_on_the_scan(folder: Path, label: int) -> None:
    grid = load_scan(folder / "ct-3slice").volume.grid
    path = folder / "liver_spine_gapped_seg.nrrd"
    found = voxels_of(load_mask(path, label=label, grid=grid))
    assert np.abs(found - voxels_in_image(path, label)).max() <= 2e-3


def test_inspect_lists_the_segments(folder: Path) -> None:
    document = inspect_path(folder / "partial_overlaps.dcm")
    rows = {row["name"]: row["number"] for row in document["structures"]}
    assert rows == SEGMENTS_OF_OVERLAPS


def test_dcmqi_reads_the_same_voxels(folder: Path, tmp_path: Path) -> None:
    """Its converter shares no code with ours."""
    beside = Path(sys.executable).parent / "segimage2itkimage"
    program = str(beside) if beside.is_file() else shutil.which("segimage2itkimage")
    if program is None:
        pytest.skip("dcmqi's segimage2itkimage is not installed")
    source = folder / "partial_overlaps.dcm"
    options = ["--outputType", "nrrd", "--outputDirectory", str(tmp_path)]
    subprocess.run(  # noqa: S603 - the program of our own development environment
        [program, "--inputDICOM", str(source), *options], check=True, capture_output=True
    )
    for number in SEGMENTS_OF_OVERLAPS.values():
        theirs = voxels_in_image(tmp_path / f"{number}.nrrd", number)
        ours = voxels_of(load_mask(source, label=number))
        assert np.abs(ours - theirs).max() <= 1e-3


def test_the_scan_stays_untouched(folder: Path) -> None:
    """A grid given is the grid of the mask: nothing is rounded on the way."""
    grid: Grid = load_scan(folder / "ct-3slice").volume.grid
    assert load_mask(folder / "liver.dcm", label=1, grid=grid).grid is grid
