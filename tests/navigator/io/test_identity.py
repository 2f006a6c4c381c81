"""Two scans can be told to be of two patients, and nobody's name comes out on the way."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from navigator.io.dicom import find_series, read_headers
from navigator.io.identity import PatientIdentity, same_patient
from navigator.io.inspecting import inspect_path
from navigator.io.volumes import load_scan, save_scan
from tests.navigator.io.dicom_writer import ct_slices, numbered_voxels, write_files

if TYPE_CHECKING:
    from pathlib import Path

ID, NAME, BIRTH = "SECRET-4711", "Geheim^Gerda", "19511224"


def who(patient_id: str, birth_date: str) -> PatientIdentity:
    return PatientIdentity(patient_id=patient_id, birth_date=birth_date)


@pytest.mark.hazard(13)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("A1", "1960"), ("A1", "1960"), True),
        (("A1", "1960"), (" a1 ", "1960 "), True),
        (("A1", ""), ("A1", "1960"), True),
        (("A1", "1960"), ("A2", "1960"), False),
        (("A1", "1960"), ("A1", "1961"), False),
        (("A1", "1960"), ("", "1961"), False),
        (("A1", "1960"), ("", "1960"), None),
        (("A1", ""), ("", "1960"), None),
        (("  ", "  "), ("", ""), None),
        (("", ""), ("A1", "1960"), None),
    ],
)
def test_identities_are_compared_as_a_person_would(
    first: tuple[str, str], second: tuple[str, str], *, expected: bool | None
) -> None:
    assert same_patient(who(*first), who(*second)) is expected
    assert same_patient(who(*second), who(*first)) is expected


def test_who_is_not_known_is_the_same_as_nobody() -> None:
    assert same_patient(None, None) is None
    assert same_patient(who("A1", "1960"), None) is None


def write_series(folder: Path, **values: str) -> Path:
    datasets = ct_slices(numbered_voxels((4, 5, 6)))
    for dataset, (keyword, value) in itertools.product(datasets, values.items()):
        setattr(dataset, keyword, value)
    write_files(datasets, folder)
    return folder


def test_a_dicom_series_brings_its_patient_and_a_file_brings_none(tmp_path: Path) -> None:
    scan = load_scan(write_series(tmp_path / "a", PatientID=ID, PatientBirthDate=BIRTH))
    assert scan.patient == who(ID, BIRTH)
    save_scan(scan.volume, tmp_path / "a.nrrd")
    assert load_scan(tmp_path / "a.nrrd").patient is None
    nameless = load_scan(write_series(tmp_path / "b", PatientID="", PatientBirthDate=""))
    assert same_patient(scan.patient, nameless.patient) is None


@pytest.mark.hazard(53)
def test_nothing_that_is_printed_tells_who_it_is(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "a", PatientID=ID, PatientName=NAME, PatientBirthDate=BIRTH)
    scan = load_scan(folder)
    (path, *_) = sorted(folder.iterdir())
    entries = find_series(folder).series
    shown = [scan, scan.patient, read_headers(path), entries, inspect_path(folder)]
    text = " ".join(f"{thing!r} {thing}" for thing in shown)
    for secret in (ID, BIRTH, "Geheim", "Gerda"):
        assert secret not in text
