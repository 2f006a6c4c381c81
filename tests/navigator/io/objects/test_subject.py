"""A pseudonym stands in a patient's place, and is never the patient's own name or number."""

from __future__ import annotations

import pytest

from navigator.errors import InputRefusedError
from navigator.io.objects import SourceSeries, identified_subject, pseudonymous_subject
from tests.navigator.io.objects.test_orientations import source_of, turned

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


@pytest.mark.hazard(53)
@pytest.mark.parametrize(
    "name",
    [
        *("", " ", " x", "x ", "a\\b", "a^b", "a=b", "*", "x" * 65, "line\nend", "bell\a"),
        *("4711", "muster", "Anna", "MUSTER^ANNA", "\u9673"),
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
