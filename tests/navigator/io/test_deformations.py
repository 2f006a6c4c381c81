"""A field and its errors come back from disk as they were, or not at all; ITK reads them alike."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import FileRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.displacing import displace_points, read_errors
from navigator.io.deformations import load_errors, load_field, save_errors, save_field
from navigator.model.displacement import DisplacementField, ErrorMap
from navigator.model.volume import Grid

if TYPE_CHECKING:
    from pathlib import Path

FRAME = Frame(FrameKind.LPS, "planning")
SHAPE = (6, 7, 8)


def grid() -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = np.diag([2.2, 2.5, 3.0])[::-1]
    affine[:3, 3] = [-20.0, 15.0, 100.0]
    return Grid(shape_kji=SHAPE, lps_from_index=affine, frame=FRAME)


def field() -> DisplacementField:
    rng = np.random.default_rng(1)
    return DisplacementField(rng.normal(0.0, 3.0, (*SHAPE, 3)), grid())


def errors() -> ErrorMap:
    radius = np.random.default_rng(2).uniform(0.5, 4.0, SHAPE)
    radius[0] = np.nan
    return ErrorMap(radius, grid())


def test_a_field_comes_back_bit_by_bit(tmp_path: Path) -> None:
    path = tmp_path / "r.field.nrrd"
    sha256 = save_field(field(), path)
    back = load_field(path, sha256=sha256, frame=FRAME)
    assert back.vectors_mm.tobytes() == field().vectors_mm.tobytes()
    np.testing.assert_allclose(back.grid.lps_from_index, grid().lps_from_index, atol=1e-12)
    assert save_field(field(), tmp_path / "again.nrrd") == sha256


def test_itk_carries_points_through_the_file_as_we_do(tmp_path: Path) -> None:
    path = tmp_path / "r.field.nrrd"
    save_field(field(), path)
    image = sitk.ReadImage(str(path), sitk.sitkVectorFloat64)
    itk = sitk.DisplacementFieldTransform(image)
    inside = np.random.default_rng(3).uniform(0.5, np.array(SHAPE) - 1.5, (40, 3))
    points = grid().points_from_indices(inside)
    theirs = np.array([itk.TransformPoint(point.tolist()) for point in points])
    assert np.abs(displace_points(field(), points) - theirs).max() < 1e-4


def test_errors_come_back_and_what_was_unknown_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "r.errors.nrrd"
    back = load_errors(path, sha256=save_errors(errors(), path), frame=FRAME)
    np.testing.assert_array_equal(back.radius95_mm, errors().radius95_mm)
    near_unknown = grid().points_from_indices(np.array([[0.5, 3.0, 3.0], [3.0, 3.0, 3.0]]))
    read = read_errors(back, near_unknown)
    assert np.isnan(read[0])
    assert read[1] == pytest.approx(float(errors().radius95_mm[3, 3, 3]), rel=1e-6)


@pytest.mark.hazard(45)
def test_a_file_that_was_changed_or_lost_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.field.nrrd"
    sha256 = save_field(field(), path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(FileRefusedError, match="field-changed"):
        load_field(path, sha256=sha256, frame=FRAME)
    path.unlink()
    with pytest.raises(FileRefusedError, match="missing-field"):
        load_field(path, sha256=sha256, frame=FRAME)
    with pytest.raises(FileRefusedError, match="missing-field"):
        load_errors(path, sha256=sha256, frame=FRAME)


def test_what_is_no_field_of_vectors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.field.nrrd"
    path.write_bytes(b"NRRD0004\nnonsense\n\n")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(FileRefusedError, match="unreadable-file"):
        load_field(path, sha256=sha256, frame=FRAME)
