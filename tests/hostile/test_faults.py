"""No fault of a series goes by: each is stopped by its own code, wherever it lies in the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from navigator.errors import InputRefusedError
from navigator.io.dicom import find_series
from navigator.io.findings import Severity
from navigator.io.volumes import load_scan
from tests.hostile.fault_list import ENDS, FAULTS
from tests.hostile.series import COUNT, DIRECTIONS, SeriesShape, as_one_file, clean_series
from tests.navigator.io.dicom_writer import write_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hostile.faults import Fault

PLACES = (0, 1, 2, 5, COUNT // 2, COUNT - 4, COUNT - 2, COUNT - 1)
WORDS = tuple(DIRECTIONS)


def cases() -> list[object]:
    """Every fault at every place, each time in another patient position."""
    return [
        pytest.param(
            fault,
            at,
            id=f"{fault.name}-{at}".replace(" ", "_"),
        )
        for fault in FAULTS
        for at in PLACES
    ]


def outcome(folder: Path, fault: Fault, at: int, word: str) -> tuple[set[str], Severity]:
    """Inject a fault; tell the codes that were found, and how grave the gravest is."""
    slices = clean_series(SeriesShape(patient_position=word))
    fault.inject(slices, at)
    paths = write_files(slices, folder)
    if fault.damage is not None:
        fault.damage(paths, at)
    return found_in(folder)


def found_in(folder: Path) -> tuple[set[str], Severity]:
    """Load a folder; tell the codes that were found, and how grave the gravest is."""
    codes: set[str] = set()
    try:
        scan = load_scan(folder)
    except InputRefusedError as error:
        codes.add(error.refusal.code)
        gravest = Severity.REFUSE
    else:
        codes |= {finding.code for finding in scan.findings}
        gravest = scan.findings[0].severity if scan.findings else Severity.NOTE
    contents = find_series(folder)
    found = [*contents.findings, *(f for entry in contents.series for f in entry.findings)]
    return codes | {finding.code for finding in found}, gravest


@pytest.mark.hazard(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 22, 24, 47, 48, 55)
@pytest.mark.parametrize(("fault", "at"), cases())
def test_a_fault_is_stopped_by_its_code(
    tmp_path: Path, fault: Fault, at: int, *, long_run: bool
) -> None:
    turn = FAULTS.index(fault) + PLACES.index(at)
    words = WORDS if long_run else (WORDS[turn % len(WORDS)],)
    for word in words:
        codes, gravest = outcome(tmp_path / word, fault, at, word)
        code, severity = fault.expected(at, COUNT)
        assert code in codes
        assert gravest in {severity, Severity.REFUSE}


IN_ONE_FILE = (
    *("missing-slices", "duplicate-positions", "uneven-spacing", "bent-stack", "no-position"),
    *("implausible-position", "no-orientation", "mixed-orientation", "bent-orientation"),
    *("no-pixel-spacing", "varying-pixel-spacing", "implausible-pixel-spacing", "no-rescale"),
    *("spacing-tag-disagrees", "varying-thickness", "slice-values-jump", "repeated-pictures"),
)
"""What can be wrong with a frame of a multi-frame file."""


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize(
    "fault",
    [fault for fault in FAULTS if fault.code in IN_ONE_FILE and fault.damage is None],
    ids=lambda fault: fault.name.replace(" ", "_"),
)
def test_the_same_gate_stands_before_multi_frame_files(
    tmp_path: Path, fault: Fault, at: int
) -> None:
    slices = clean_series()
    fault.inject(slices, at)
    write_files([as_one_file(slices)], tmp_path)
    codes, gravest = found_in(tmp_path)
    code, severity = fault.expected(at, COUNT)
    # a file holds all its frames: nothing announces how many there should have been
    assert code in codes or code == ENDS
    assert gravest in {severity, Severity.REFUSE} or code == ENDS


def test_a_clean_multi_frame_file_is_clean(tmp_path: Path) -> None:
    write_files([as_one_file(clean_series())], tmp_path)
    assert load_scan(tmp_path).findings == ()


@pytest.mark.hazard(5)
@pytest.mark.parametrize("announced", [COUNT - 1, COUNT + 1, 2 * COUNT])
def test_a_multi_frame_file_describes_the_frames_that_it_announces(
    tmp_path: Path, announced: int
) -> None:
    whole = as_one_file(clean_series())
    whole.NumberOfFrames = announced
    write_files([whole], tmp_path)
    codes, gravest = found_in(tmp_path)
    assert "frame-count-disagrees" in codes
    assert gravest is Severity.REFUSE


@pytest.mark.hazard(16)
@pytest.mark.parametrize("word", WORDS)
def test_the_series_that_faults_are_put_into_is_clean(tmp_path: Path, word: str) -> None:
    write_files(clean_series(SeriesShape(patient_position=word)), tmp_path)
    assert load_scan(tmp_path).findings == ()


@pytest.mark.hazard(16)
@pytest.mark.parametrize("true", WORDS)
@pytest.mark.parametrize("written", WORDS)
def test_the_tag_is_doubted_unless_it_may_be_true(tmp_path: Path, true: str, written: str) -> None:
    slices = clean_series(SeriesShape(patient_position=true))
    for dataset in slices:
        dataset.PatientPosition = written
    write_files(slices, tmp_path)
    same_side_down = true[2:] == written[2:]
    # feet first is drawn by some scanners as if it were head first, never the other way round
    may_be = written == true or (true.startswith("HF") and written.startswith("FF"))
    doubted = {f.code for f in load_scan(tmp_path).findings}
    assert doubted == (set() if same_side_down and may_be else {"patient-position-disagrees"})


def test_the_marks_above_are_the_hazards_of_the_list() -> None:
    (mark,) = test_a_fault_is_stopped_by_its_code.pytestmark[1:]
    assert set(mark.args) == {row for fault in FAULTS for row in fault.hazards}


def test_there_are_enough_kinds_of_fault_and_none_twice() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40
