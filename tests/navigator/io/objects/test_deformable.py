"""A displacement field read back by the standard's equation leads where it led."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest

from navigator.errors import GeometryRefusedError
from navigator.io.objects import RegistrationSide, build_deformable_registration
from tests.navigator.io.objects.small_case import FRAME_OF_REFERENCE, LATER_FRAME_OF_REFERENCE
from tests.programs import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from navigator.model.volume import Grid
    from tests.navigator.io.objects.small_case import SmallCase

FLOAT32_LIMIT_MM = 1e-5
SIDES = (
    RegistrationSide(frame_of_reference_uid=LATER_FRAME_OF_REFERENCE),
    RegistrationSide(frame_of_reference_uid=FRAME_OF_REFERENCE),
)


def ways(dataset: Dataset) -> dict[tuple[float, ...], np.ndarray]:
    """Read every grid point and the point it leads to: PS3.3, C.20.3.1.2, x fastest."""
    item = dataset.DeformableRegistrationSequence[0]
    grid = item.DeformableRegistrationGridSequence[0]
    along_x, along_y = np.reshape(np.array(grid.ImageOrientationPatient, float), (2, 3))
    along_z = np.cross(along_x, along_y)
    origin = np.array(grid.ImagePositionPatient, float)
    count_x, count_y, count_z = grid.GridDimensions
    step_x, step_y, step_z = grid.GridResolution
    values = np.frombuffer(grid.VectorGridData, "<f4")
    found, at = {}, 0
    for z in range(count_z):
        for y in range(count_y):
            for x in range(count_x):
                place = origin + x * step_x * along_x + y * step_y * along_y + z * step_z * along_z
                found[tuple(np.round(place, 4))] = place + values[at : at + 3]
                at += 3
    assert at == len(values)
    return found


@pytest.mark.opens("deformable registration", by="the standard's equation")
@pytest.mark.hazard(1, 20)
@pytest.mark.parametrize("flipped", [(), (0,), (1,), (2,), (0, 1), (0, 1, 2)])
def test_every_vector_starts_and_ends_where_it_did(
    flipped: tuple[int, ...], case: SmallCase, field: tuple[np.ndarray, Grid]
) -> None:
    vectors, grid = field
    affine = grid.lps_from_index.copy()
    for axis in flipped:
        affine[:3, 3] += (grid.shape_kji[axis] - 1) * affine[:3, axis]
        affine[:3, axis] *= -1
    turned = replace(grid, lps_from_index=affine)
    dataset = build_deformable_registration(
        np.flip(vectors, flipped),
        turned,
        registered=SIDES[0],
        source=SIDES[1],
        subject=case.subject,
    )
    found = ways(dataset)
    indices = np.argwhere(np.ones(grid.shape_kji, bool))
    starts = grid.points_from_indices(indices)
    for index, start in zip(indices, starts, strict=True):
        end = found[tuple(np.round(start, 4) + 0.0)]
        assert np.abs(end - (start + vectors[tuple(index)])).max() < FLOAT32_LIMIT_MM


@pytest.mark.opens("deformable registration", by="dcmtk dcmdump")
def test_dcmtk_prints_frames_and_size(object_files: dict[str, Path]) -> None:
    text = run_program("dcmdump", object_files["deformable registration"])
    assert "6\\5\\4" in text
    found = pydicom.dcmread(object_files["deformable registration"])
    assert found.FrameOfReferenceUID == LATER_FRAME_OF_REFERENCE
    source = found.DeformableRegistrationSequence[0].SourceFrameOfReferenceUID
    assert source == FRAME_OF_REFERENCE


@pytest.mark.parametrize("fault", ["shear", "shape"])
def test_what_the_format_cannot_hold_is_refused(
    fault: str, case: SmallCase, field: tuple[np.ndarray, Grid]
) -> None:
    vectors, grid = field
    affine = grid.lps_from_index.copy()
    if fault == "shear":
        affine[:3, 0] += 0.3 * affine[:3, 1]
    else:
        vectors = vectors[:-1]
    sheared = replace(grid, lps_from_index=affine)
    with pytest.raises(GeometryRefusedError) as caught:
        build_deformable_registration(
            vectors, sheared, registered=SIDES[0], source=SIDES[1], subject=case.subject
        )
    assert caught.value.refusal.code == "field-not-on-grid"
