"""Four markers of four sizes stay where they are through every export, in 48 orientations."""

from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from navigator.io.images import write_image
from navigator.io.objects import (
    SourceSeries,
    build_segmentation,
    build_structure_set,
    pseudonymous_subject,
    save_object,
)
from navigator.io.slicer import save_segments
from navigator.io.structure_codes import UNNAMED, CodedStructure
from navigator.model.volume import Grid, Mask
from tests.navigator.io.dicom_writer import ct_slices
from tests.navigator.io.objects.small_case import PLANNING, geometry_of, oblique_grid
from tests.navigator.io.objects.test_segmentation import centres_mm
from tests.programs import run_program

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ORIENTATIONS = [
    (order, flips) for order in permutations(range(3)) for flips in product((False, True), repeat=3)
]
LANDMARK_LIMIT_MM = 1e-6
ROUNDED_LIMIT_MM = 1e-3
"""NIfTI keeps its affine in float32."""
MARKERS = {1: (1, 3, 4), 2: (5, 3, 16), 3: (1, 13, 16), 4: (5, 13, 4)}
"""Corner of each marker by its length along i: no two alike, no plane of symmetry."""


def turned(order: tuple[int, ...], flips: tuple[bool, ...]) -> tuple[Grid, dict[str, np.ndarray]]:
    """Store the same markers at the same places with other axes."""
    grid = oblique_grid()
    axes = [axis for axis, flip in enumerate(flips) if flip]
    affine = np.eye(4)
    affine[:3, :3] = grid.lps_from_index[:3, list(order)]
    affine[:3, 3] = grid.lps_from_index[:3, 3]
    shape = tuple(grid.shape_kji[axis] for axis in order)
    for axis in axes:
        affine[:3, 3] += (shape[axis] - 1) * affine[:3, axis]
        affine[:3, axis] *= -1
    members = {}
    for length, (k, j, i) in MARKERS.items():
        whole = np.zeros(grid.shape_kji, bool)
        whole[k, j, i : i + length] = True
        members[f"marker {length}"] = np.flip(whole.transpose(order), axes)
    return Grid(shape_kji=shape, lps_from_index=affine, frame=PLANNING), members


def structures_of(grid: Grid, members: dict[str, np.ndarray]) -> list[CodedStructure]:
    """Name the markers."""
    return [
        CodedStructure(name=name, mask=Mask(each, grid), code=UNNAMED)
        for name, each in members.items()
    ]


def source_of(grid: Grid) -> SourceSeries:
    """Give slices in the order of the grid's first axis, whichever way it runs."""
    slices = []
    for whole in ct_slices(np.zeros(grid.shape_kji, np.int16), geometry_of(grid)):
        kept = Dataset()
        for keyword in (
            *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"),
            *("FrameOfReferenceUID", "Rows", "Columns", "PixelSpacing", "SliceThickness"),
            *("ImagePositionPatient", "ImageOrientationPatient", "Modality"),
        ):
            setattr(kept, keyword, whole[keyword].value)
        for keyword in (
            *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
            *("StudyDate", "StudyTime", "StudyID", "AccessionNumber"),
        ):
            setattr(kept, keyword, None)
        slices.append(kept)
    return SourceSeries(slices=tuple(slices), identity={"PatientID": "", "PatientName": ""})


def truth_mm() -> dict[str, np.ndarray]:
    """Find the centre of each marker from the one grid that was never turned."""
    grid = oblique_grid()
    return {
        f"marker {length}": grid.points_from_indices([k, j, i + 0.5 * (length - 1)])
        for length, (k, j, i) in MARKERS.items()
    }


def check(found_mm: dict[str, np.ndarray], limit_mm: float) -> None:
    """Compare each marker with its own place."""
    for name, truth in truth_mm().items():
        assert np.linalg.norm(found_mm[name] - truth) < limit_mm, name


def is_right_handed(grid: Grid) -> bool:
    """Tell whether i, j, k follow the right hand."""
    return bool(np.linalg.det(grid.lps_from_index[:3, 2::-1]) > 0)


pytestmark = [
    pytest.mark.hazard(1),
    pytest.mark.parametrize(("order", "flips"), ORIENTATIONS, ids=str),
]


def test_segmentation(order: tuple[int, ...], flips: tuple[bool, ...], tmp_path: Path) -> None:
    grid, members = turned(order, flips)
    source = source_of(grid)
    subject = pseudonymous_subject(source, "P")
    save_object(build_segmentation(structures_of(grid, members), source, subject), tmp_path / "s")
    found = hd.seg.segread(tmp_path / "s")
    centres = {}
    for number, name in enumerate(members, start=1):
        volume = found.get_volume(segment_numbers=[number])
        indices = np.argwhere(volume.array[..., 0]).mean(axis=0)
        centres[name] = volume.affine[:3, :3] @ indices + volume.affine[:3, 3]
    check(centres, LANDMARK_LIMIT_MM)


def test_outlines(order: tuple[int, ...], flips: tuple[bool, ...], tmp_path: Path) -> None:
    grid, members = turned(order, flips)
    source = source_of(grid)
    subject = pseudonymous_subject(source, "P")
    path = tmp_path / "rt"
    save_object(build_structure_set(structures_of(grid, members), source, subject), path)
    found = pydicom.dcmread(path)
    names = {each.ROINumber: each.ROIName for each in found.StructureSetROISequence}
    centres = {
        names[roi.ReferencedROINumber]: centre_of_boxes(
            np.array(each.ContourData, float).reshape(-1, 3) for each in roi.ContourSequence
        )
        for roi in found.ROIContourSequence
    }
    check(centres, LANDMARK_LIMIT_MM)


def centre_of_boxes(outlines: Iterable[np.ndarray]) -> np.ndarray:
    """Find the middle of markers drawn as one rectangle a slice."""
    centre: np.ndarray = np.mean([points.mean(axis=0) for points in outlines], axis=0)
    return centre


def test_seg_nrrd(order: tuple[int, ...], flips: tuple[bool, ...], tmp_path: Path) -> None:
    grid, members = turned(order, flips)
    path = tmp_path / "s.seg.nrrd"
    save_segments(structures_of(grid, members), path)
    image = sitk.ReadImage(str(path))
    check(
        {name: centres_mm(image == n).mean(axis=0) for n, name in enumerate(members, start=1)},
        LANDMARK_LIMIT_MM,
    )


def test_nifti_masks(order: tuple[int, ...], flips: tuple[bool, ...], tmp_path: Path) -> None:
    grid, members = turned(order, flips)
    centres = {}
    for name, each in members.items():
        path = tmp_path / f"{name}.nii.gz"
        write_image(each.astype(np.uint8), grid.lps_from_index, path)
        centres[name] = centres_mm(sitk.ReadImage(str(path))).mean(axis=0)
    check(centres, ROUNDED_LIMIT_MM)


@pytest.mark.opens("segmentation", by="dcmqi segimage2itkimage")
def test_segmentation_by_dcmqi(
    order: tuple[int, ...], flips: tuple[bool, ...], tmp_path: Path
) -> None:
    grid, members = turned(order, flips)
    if not is_right_handed(grid):
        grid, members = turned(order, (not flips[0], *flips[1:]))
        # a reader puts slices in order along their normal: the same files as for the mirror
    source = source_of(grid)
    subject = pseudonymous_subject(source, "P")
    save_object(build_segmentation(structures_of(grid, members), source, subject), tmp_path / "s")
    run_program(
        *("segimage2itkimage", "--inputDICOM", tmp_path / "s", "--outputType", "nrrd"),
        *("--outputDirectory", tmp_path, "--prefix", "m"),
    )
    check(
        {
            name: centres_mm(sitk.ReadImage(str(tmp_path / f"m-{n}.nrrd"))).mean(axis=0)
            for n, name in enumerate(members, start=1)
        },
        LANDMARK_LIMIT_MM,
    )
