"""Every kind of object is valid DICOM: no error from dciodvfy, and each warning has a reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pydicom
import pytest
from pydicom.uid import UID

from navigator.io.objects import bytes_of_object
from tests.programs import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

KINDS = (
    *("segmentation", "structure set", "plan report", "patient registration"),
    *("plate registration", "deformable registration", "plate", "report"),
)
EXPLAINED = {
    r"needed to build DICOMDIR - Study (Date|Time|ID)": "a pseudonym has no study date",
    r"Retired Person Name form": "a pseudonym has no family and given name",
    r"Unrecognized defined term <99MWANAV>": "a private scheme, identified in the object itself",
    r"Unrecognized defined term <mm> .*": "the unit of an STL is checked against an older list",
}
"""Warnings that stand, and why."""


@pytest.mark.opens(
    "segmentation",
    "structure set",
    "plan report",
    "patient registration",
    "plate registration",
    "deformable registration",
    "plate",
    "report",
    by="dciodvfy",
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_validator_finds_no_error(kind: str, object_files: dict[str, Path]) -> None:
    lines = run_program("dciodvfy", object_files[kind]).splitlines()
    assert not [line for line in lines if line.startswith("Error")]
    warnings = [line for line in lines if line.startswith("Warning")]
    unexplained = [
        line for line in warnings if not any(re.search(each, line) for each in EXPLAINED)
    ]
    assert unexplained == []


@pytest.mark.parametrize("kind", KINDS)
def test_uids_are_valid_and_follow_from_content(kind: str, objects: dict[str, Dataset]) -> None:
    found = objects[kind]
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        uid = UID(found[keyword].value)
        assert uid.is_valid
        # PS3.5, B.2: a UUID as a whole number without leading zeros
        assert re.fullmatch(r"2\.25\.[1-9][0-9]{0,38}", uid)
    assert len({objects[each].SOPInstanceUID for each in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_on_the_disk_is_what_was_built(
    kind: str, objects: dict[str, Dataset], object_files: dict[str, Path]
) -> None:
    content = object_files[kind].read_bytes()
    assert content == bytes_of_object(objects[kind])
    found = pydicom.dcmread(object_files[kind])
    assert found.PatientID == "STUDY-007"
    assert found.PatientIdentityRemoved == "YES"
    assert found.SpecificCharacterSet == "ISO_IR 192"
