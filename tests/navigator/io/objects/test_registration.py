"""Registrations carry points where the standard's own equation says, in the right direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest

from navigator.errors import InputRefusedError
from navigator.io.objects import BY_IMAGE_CONTENT, RegistrationSide, build_spatial_registration
from navigator.io.slicer import save_transform
from tests.navigator.io.objects.small_case import (
    FRAME_OF_REFERENCE,
    LATER_FRAME_OF_REFERENCE,
    later_source,
    patient_motion,
    plate_motion,
    write_source,
)
from tests.programs import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from navigator.geometry.rigid import RigidTransform
    from tests.navigator.io.objects.small_case import SmallCase

POINTS = np.array([[0.0, 0, 0], [100, 0, 0], [0, 100, 0], [-31, 17, 205]])
DECIMAL_STRING_LIMIT_MM = 1e-6
PLASTIMATCH_DIGITS_MM = 2e-3
"""It writes six decimals of a matrix whose points lie 300 mm away."""


def by_the_equation(dataset: Dataset, frame_uid: str, points: np.ndarray) -> np.ndarray:
    """Carry points of a frame to the object's own frame: PS3.3, C.20.2.1.1, A = M B."""
    item = next(
        each for each in dataset.RegistrationSequence if each.FrameOfReferenceUID == frame_uid
    )
    carried = [np.array([*point, 1.0]) for point in points]
    for matrix in item.MatrixRegistrationSequence[0].MatrixSequence:
        assert matrix.FrameOfReferenceTransformationMatrixType == "RIGID"
        rows = [float(value) for value in matrix.FrameOfReferenceTransformationMatrix]
        carried = [
            np.array([sum(rows[4 * r + c] * point[c] for c in range(4)) for r in range(4)])
            for point in carried
        ]
    return np.array(carried)[:, :3]


@pytest.mark.opens("patient registration", "plate registration", by="the standard's equation")
@pytest.mark.hazard(1, 20)
@pytest.mark.parametrize(
    ("kind", "motion", "source_uid", "target_uid"),
    [
        ("patient registration", patient_motion(), FRAME_OF_REFERENCE, LATER_FRAME_OF_REFERENCE),
        ("plate registration", plate_motion(), "2.25.123", FRAME_OF_REFERENCE),
    ],
)
def test_points_of_the_source_arrive_in_the_object_s_frame(
    kind: str,
    motion: RigidTransform,
    source_uid: str,
    target_uid: str,
    object_files: dict[str, Path],
) -> None:
    found = pydicom.dcmread(object_files[kind])
    assert found.FrameOfReferenceUID == target_uid
    there = by_the_equation(found, source_uid, POINTS)
    assert np.abs(there - motion.map_points(POINTS)).max() < DECIMAL_STRING_LIMIT_MM
    assert np.array_equal(by_the_equation(found, target_uid, POINTS), POINTS)


@pytest.mark.opens("patient registration", "itk transform", by="plastimatch")
@pytest.mark.hazard(20)
def test_plastimatch_makes_the_same_object_of_our_transform_file(
    case: SmallCase, object_files: dict[str, Path], tmp_path: Path
) -> None:
    """It reads ITK's direction and writes DICOM's: both of ours have to agree with it."""
    write_source(tmp_path / "planning", case.grid)
    later_source(tmp_path / "room", case.grid)
    save_transform(patient_motion(), tmp_path / "planning_to_room.tfm")
    run_program(
        *("plastimatch", "xf-convert", "--input", tmp_path / "planning_to_room.tfm"),
        *("--fixed-rcs", tmp_path / "room", "--moving-rcs", tmp_path / "planning"),
        *("--output-dicom", tmp_path / "out"),
    )
    (theirs,) = (pydicom.dcmread(path) for path in (tmp_path / "out").iterdir())
    ours = pydicom.dcmread(object_files["patient registration"])
    assert theirs.FrameOfReferenceUID == ours.FrameOfReferenceUID == LATER_FRAME_OF_REFERENCE
    their_points, our_points = (
        by_the_equation(each, FRAME_OF_REFERENCE, POINTS) for each in (theirs, ours)
    )
    assert np.abs(their_points - our_points).max() < PLASTIMATCH_DIGITS_MM
    # the wrong way round would be centimetres away
    back = patient_motion().inverse().map_points(POINTS)
    assert np.abs(their_points - back).max() > 10


@pytest.mark.opens("patient registration", by="dcmtk dcmdump")
def test_dcmtk_prints_the_matrix(object_files: dict[str, Path]) -> None:
    text = run_program("dcmdump", "+L", object_files["patient registration"])
    matrix = patient_motion().matrix
    rows = [line for line in text.splitlines() if "(3006,00c6)" in line]
    printed = [np.array(row.split("[")[1].split("]")[0].split("\\"), float) for row in rows]
    assert np.abs(printed[1].reshape(4, 4) - matrix).max() < 1e-12


@pytest.mark.hazard(14, 20)
def test_one_frame_on_both_sides_is_refused(case: SmallCase) -> None:
    side = RegistrationSide(frame_of_reference_uid=FRAME_OF_REFERENCE, source=case.source)
    with pytest.raises(InputRefusedError) as caught:
        build_spatial_registration(
            patient_motion(),
            target=side,
            source=side,
            kind=BY_IMAGE_CONTENT,
            label="PATIENT",
            subject=case.subject,
        )
    assert caught.value.refusal.code == "one-frame-of-reference"
