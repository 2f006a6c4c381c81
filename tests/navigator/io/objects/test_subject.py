"""A pseudonym stands in a patient's place, and is never the patient's own name or number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.config import disable_value_validation

from navigator.errors import InputRefusedError
from navigator.io.objects import (
    SourceSeries,
    build_segmentation,
    identified_subject,
    load_source,
    pseudonymous_subject,
    save_object,
)
from tests.navigator.io.dicom_writer import ct_slices, write_files
from tests.navigator.io.objects.small_case import geometry_of, oblique_grid, structures_on
from tests.navigator.io.objects.test_orientations import source_of, turned

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = {
    "PatientName": "Muster^Anna=\u9673^Li",
    "PatientID": "4711",
    "PatientBirthDate": "19600101",
    "PatientSex": "F",
    "StudyDate": "20250106",
    "StudyTime": "090000",
    "StudyID": "7",
    "AccessionNumber": "A1",
}


@pytest.fixture(scope="module")
def source() -> SourceSeries:
    """Give a series that knows its patient."""
    grid, _ = turned((0, 1, 2), (False, False, False))
    return SourceSeries(slices=source_of(grid).slices, identity=IDENTITY)


@pytest.mark.parametrize("name", ["ABL-017", "STUDY-007", "A1-7-F", "MWA-001122334455"])
def test_what_tells_nothing_of_the_patient_is_a_pseudonym(name: str, source: SourceSeries) -> None:
    assert pseudonymous_subject(source, name).attributes["PatientID"] == name


@pytest.mark.hazard(53)
@pytest.mark.parametrize(
    "name",
    [
        *("", " ", " x", "x ", "a\\b", "a^b", "a=b", "*", "x" * 65, "line\nend", "bell\a"),
        *("4711", "muster", "Anna", "MUSTER^ANNA", "\u9673"),
        *("Anna Muster", "muster-anna", "ANNAMUSTER", "A.n.n.a", "ID-4711", "47-11", "must"),
        *("1960-01-01", "P19600101", "2025.01.06"),
    ],
)
def test_what_is_no_pseudonym_is_refused(name: str, source: SourceSeries) -> None:
    with pytest.raises(InputRefusedError) as caught:
        pseudonymous_subject(source, name)
    assert caught.value.refusal.code == "bad-pseudonym"


@pytest.mark.hazard(53)
def test_a_pseudonym_leaves_nothing_of_the_identity(source: SourceSeries) -> None:
    subject = pseudonymous_subject(source, "ABL-017")
    values = set(subject.attributes.values())
    assert not values & set(IDENTITY.values())
    assert source.study_uid not in values
    assert subject.attributes["PatientIdentityRemoved"] == "YES"
    for text in (repr(subject), repr(source), str(identified_subject(source))):
        assert "4711" not in text
        assert "Muster" not in text


def test_two_pseudonyms_have_two_studies(source: SourceSeries) -> None:
    one, other = (pseudonymous_subject(source, name).study_uid for name in ("A", "B"))
    assert one != other
    assert pseudonymous_subject(source, "A").study_uid == one


def test_an_identified_subject_stays_in_its_study(source: SourceSeries) -> None:
    subject = identified_subject(source)
    assert subject.study_uid == source.study_uid
    assert {name: subject.attributes[name] for name in IDENTITY} == IDENTITY


@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192", ""])
def test_a_kept_name_is_the_same_in_our_character_set(charset: str, tmp_path: Path) -> None:
    grid = oblique_grid()
    slices = ct_slices(np.zeros(grid.shape_kji, np.int16), geometry_of(grid))
    name = "Müller^Jürgen" if charset else "Mueller^Juergen"
    with disable_value_validation():
        for dataset in slices:
            dataset.SpecificCharacterSet = charset
            dataset.PatientName = name
            # an element remembers how it was judged when it was made
            del dataset.PatientID
            # longer than a field may be, and not a code: an archive has such things
            dataset.PatientID, dataset.PatientSex = "9" * 70, "unknown to us"
        write_files(slices, tmp_path / "scan")
    source = load_source(tmp_path / "scan")
    written = build_segmentation(structures_on(grid), source, identified_subject(source))
    save_object(written, tmp_path / "s.dcm")
    with disable_value_validation():
        found = pydicom.dcmread(tmp_path / "s.dcm")
        assert (found.PatientName, found.PatientID) == (name, "9" * 70)
        assert found.SpecificCharacterSet == "ISO_IR 192"
