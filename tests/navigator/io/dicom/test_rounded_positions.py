"""Even stacks that were rounded to a tenth of a millimetre are read as even; others are refused."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import GeometryRefusedError
from navigator.io.dicom import find_series
from navigator.io.volumes import load_scan
from tests.navigator.io.dicom_writer import (
    StackGeometry,
    ct_slices,
    numbered_voxels,
    write_files,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from navigator.io.volumes import LoadedScan

RULES = (ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_HALF_DOWN)
STEPS_MM = (1.25, 0.625, 0.75, 1.05, 2.45, 0.9375, 3.33, 0.7)
COUNT = 17
LIMIT_MM = 0.05
DIRECTION = [0.999847695, 0.0174524064, 0.0]
"""Turned by a degree, with more decimals than positions have."""
SPACING_MM = (0.703125, 0.703125)


def geometry(step_mm: float, first_mm: float = -62.5, aside_mm: float = 0.0) -> StackGeometry:
    across = [-DIRECTION[1], DIRECTION[0], 0.0]
    return StackGeometry(
        origin_mm=np.array([-12.375, -20.0, first_mm]),
        slice_step_mm=np.array([0.0, aside_mm, step_mm]),
        row_direction=np.array(DIRECTION),
        column_direction=np.array(across),
        row_step_mm=SPACING_MM[0],
        column_step_mm=SPACING_MM[1],
    )


def rounded(text: str, rule: str, digits: str = "0.1") -> str:
    return str(Decimal(text).quantize(Decimal(digits), rounding=rule))


def series(
    step_mm: float, rule: str = ROUND_HALF_EVEN, *, first_mm: float = -62.5, aside_mm: float = 0.0
) -> list[Dataset]:
    slices = ct_slices(numbered_voxels((COUNT, 5, 4)), geometry(step_mm, first_mm, aside_mm))
    for k, dataset in enumerate(slices):
        dataset.SliceThickness = dataset.SpacingBetweenSlices = str(step_mm)
        x, y, _ = (str(value) for value in dataset.ImagePositionPatient)
        exact = Decimal(str(first_mm)) + k * Decimal(str(step_mm))
        aside = Decimal(-20) + k * Decimal(str(aside_mm))
        y = rounded(str(aside), rule) if aside_mm else y
        dataset.ImagePositionPatient = [x, y, rounded(str(exact), rule)]
    return slices


def codes(folder: Path) -> dict[str, str]:
    (entry,) = find_series(folder).series
    return {finding.code: finding.severity.value for finding in entry.findings}


def check_is_true(scan: LoadedScan, true: StackGeometry) -> None:
    for k in range(COUNT):
        found = scan.volume.grid.points_from_indices([k, 3, 2])
        assert np.abs(found - true.place_mm(k, 3, 2)).max() <= LIMIT_MM + 1e-6


@pytest.mark.hazard(4, 7)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("step_mm", STEPS_MM)
def test_a_rounded_even_stack_lies_where_the_true_one_lies(
    tmp_path: Path, step_mm: float, rule: str
) -> None:
    for number, first_mm in enumerate((-62.5, 0.0, 13.37)):
        folder = tmp_path / str(number)
        write_files(series(step_mm, rule, first_mm=first_mm), folder)
        scan = load_scan(folder)
        check_is_true(scan, geometry(step_mm, first_mm))
        found = codes(folder)
        assert found.get("positions-rounded", "note") == "note"
        # the tags say the true step: rounding must not make them look wrong
        assert not {"spacing-tag-disagrees", "gaps-between-slices"} & set(found)
        # what is not rounded is taken as it is written
        np.testing.assert_allclose(scan.volume.grid.directions[:, 2], DIRECTION, atol=1e-9)
        np.testing.assert_allclose(scan.volume.grid.spacing_mm[1:], SPACING_MM, atol=1e-9)


def test_steps_that_differ_are_told_with_the_largest_way(tmp_path: Path) -> None:
    write_files(series(1.25, ROUND_HALF_UP), tmp_path)
    (entry,) = find_series(tmp_path).series
    (finding,) = [each for each in entry.findings if each.code == "positions-rounded"]
    assert "1.2500 mm" in finding.expected
    assert "steps from 1.200 to 1.300 mm" in finding.got
    assert "0.050 mm" in finding.got


@pytest.mark.hazard(3, 4)
def test_a_tilted_stack_may_be_rounded_along_and_aside(tmp_path: Path) -> None:
    write_files(series(1.25, aside_mm=0.37), tmp_path)
    scan = load_scan(tmp_path)
    check_is_true(scan, geometry(1.25, aside_mm=0.37))
    assert {"positions-rounded": "note", "tilted-stack": "note"}.items() <= codes(tmp_path).items()


def moved(slices: list[Dataset], at: int, by_mm: str) -> list[Dataset]:
    x, y, z = (str(value) for value in slices[at].ImagePositionPatient)
    slices[at].ImagePositionPatient = [x, y, str(Decimal(z) + Decimal(by_mm))]
    return slices


def slower(slices: list[Dataset]) -> list[Dataset]:
    """Let the table lag by 4 % in the second half."""
    for k, dataset in enumerate(slices):
        x, y, _ = (str(value) for value in dataset.ImagePositionPatient)
        z = 1.25 * k - 0.05 * max(k - COUNT // 2, 0)
        dataset.ImagePositionPatient = [x, y, f"{z:.1f}"]
    return slices


@pytest.mark.hazard(4, 5, 6)
@pytest.mark.parametrize(
    ("broken", "code"),
    [
        *((lambda s, at=at: s[:at] + s[at + 1 :], "missing-slices") for at in range(1, COUNT - 1)),
        *((lambda s, at=at: moved(s, at, "0.2"), "uneven-spacing") for at in range(COUNT)),
        *((lambda s, at=at: moved(s, at, "-0.2"), "uneven-spacing") for at in range(COUNT)),
        (lambda s: moved(s, 4, "0.03"), "uneven-spacing"),
        (slower, "uneven-spacing"),
    ],
)
@pytest.mark.parametrize("step_mm", [1.25, 0.75])
def test_what_rounding_does_not_explain_stays_refused(
    tmp_path: Path, step_mm: float, broken: object, code: str
) -> None:
    assert callable(broken)
    write_files(broken(series(step_mm)), tmp_path)
    with pytest.raises(GeometryRefusedError):
        load_scan(tmp_path)
    found = codes(tmp_path)
    assert "positions-rounded" not in found
    refused = {each for each, severity in found.items() if severity == "refuse"}
    assert refused & {code, "missing-slices", "uneven-spacing"}


@pytest.mark.hazard(4, 6)
def test_a_duplicate_and_thin_slices_with_one_missing_stay_refused(tmp_path: Path) -> None:
    slices = series(1.25)
    slices[6].ImagePositionPatient = slices[7].ImagePositionPatient
    write_files(slices, tmp_path / "twice")
    assert codes(tmp_path / "twice")["duplicate-positions"] == "refuse"
    thin = series(0.2)
    write_files(thin[:-2] + thin[-1:], tmp_path / "thin")
    assert codes(tmp_path / "thin")["missing-slices"] == "refuse"


@pytest.mark.hazard(4)
def test_positions_cut_off_to_a_tenth_are_even_too(tmp_path: Path) -> None:
    """Cut off they are up to 0.1 mm short, all the same way: the whole stack moves by 0.05 mm."""
    write_files(series(1.25, ROUND_DOWN, first_mm=0.0), tmp_path)
    scan = load_scan(tmp_path)
    for k in range(COUNT):
        found = scan.volume.grid.points_from_indices([k, 0, 0])
        assert np.abs(found - geometry(1.25, 0.0).place_mm(k, 0, 0)).max() <= 0.1 + 1e-6
