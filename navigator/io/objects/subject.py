"""Whose objects these are: a pseudonym, or the patient where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from navigator.errors import InputRefusedError
from navigator.io.objects.identifiers import uid_from_content
from navigator.io.objects.words import LONG_STRING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from navigator.io.objects.source import SourceSeries

METHOD = "KEEP-LIST; UIDS OF THE SOURCE IMAGES KEPT"
"""What Deidentification Method (0012,0063) says."""
UNDATED = ("19700101", "000000")
"""Date and time of an object for which nobody gave one: the same content has the same bytes."""
TELLING = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
)
"""What a pseudonym may not contain."""
SHORTEST_PART = 3
"""Letters and digits; anything shorter stands in many pseudonyms by chance."""
FORBIDDEN = frozenset("\\^=*?")
"""Letters with a meaning of their own in names or queries (PS3.5, 6.2; PS3.4, C.2.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the Patient and Study modules of our objects say.

    Parameters
    ----------
    attributes : mapping of str to str
        Values by DICOM keyword, StudyInstanceUID among them; never shown.
    made : datetime or None
        When the objects were made, where a person wants that written.
    """

    attributes: Mapping[str, str] = field(repr=False)
    made: datetime | None = None

    @property
    def is_identified(self) -> bool:
        """Whether the patient's own identity is written."""
        return "PatientIdentityRemoved" not in self.attributes

    @property
    def study_uid(self) -> str:
        """Study that the objects are filed in."""
        return self.attributes["StudyInstanceUID"]

    @property
    def date_and_time(self) -> tuple[str, str]:
        """DICOM's DA and TM."""
        if self.made is None:
            return UNDATED
        return self.made.strftime("%Y%m%d"), self.made.strftime("%H%M%S")


def pseudonymous_subject(
    source: SourceSeries, pseudonym: str, made: datetime | None = None
) -> Subject:
    """Put a pseudonym in the patient's place, and the objects in a study of their own.

    A study belongs to one patient: objects under a pseudonym in the patient's own study would
    make an archive mix the two up, or merge them.

    Parameters
    ----------
    source : SourceSeries
        The planning scan.
    pseudonym : str
        What the patient is called outside.
    made : datetime or None
        When the objects were made.

    Returns
    -------
    Subject
        Without birth date, sex, study date or accession number.

    Raises
    ------
    InputRefusedError
        If the pseudonym is no name, or is the patient's own.
    """
    problem = _problem_of(pseudonym, source)
    if problem:
        raise InputRefusedError(
            code="bad-pseudonym",
            what="This cannot stand in the place of a patient's name",
            where="--pseudonym",
            expected=f"1 to {LONG_STRING} letters and digits that are not the patient's own",
            # what may be the patient's name is not repeated
            got=problem,
            next_step="choose a study number, e.g. ABL-017",
        )
    blank = ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber")
    return Subject(
        attributes={
            "PatientName": pseudonym,
            "PatientID": pseudonym,
            **dict.fromkeys(blank, ""),
            "PatientIdentityRemoved": "YES",
            "DeidentificationMethod": METHOD,
            "StudyID": "",
            "StudyInstanceUID": uid_from_content("study", source.study_uid, pseudonym),
        },
        made=made,
    )


def identified_subject(source: SourceSeries, made: datetime | None = None) -> Subject:
    """Keep the identity, so that an archive files the objects beside the scan.

    Parameters
    ----------
    source : SourceSeries
        The planning scan.
    made : datetime or None
        When the objects were made.

    Returns
    -------
    Subject
        In the scan's own study.
    """
    return Subject(attributes={**source.identity, "StudyInstanceUID": source.study_uid}, made=made)


def default_pseudonym(source_hash: str) -> str:
    """Name a patient by the scan's voxels.

    Never by the identifier: the hash of a hospital's number is undone by trying all numbers.

    Parameters
    ----------
    source_hash : str
        SHA-256 of the planning scan.

    Returns
    -------
    str
        The same for the same scan.

    Examples
    --------
    >>> default_pseudonym("00112233445566778899aabbccddeeff")
    'MWA-001122334455'
    """
    return f"MWA-{source_hash[:12]}"


def _problem_of(pseudonym: str, source: SourceSeries) -> str:
    """Say what is wrong with a pseudonym; empty where nothing is."""
    if pseudonym != pseudonym.strip() or not 1 <= len(pseudonym) <= LONG_STRING:
        return f"{len(pseudonym)} characters, or blanks around them"
    if not pseudonym.isprintable() or FORBIDDEN & set(pseudonym):
        return "a control character, or one of \\ ^ = * ?"
    own = {part for keyword in TELLING for part in _parts(source.identity.get(keyword, ""))}
    given, whole = set(_parts(pseudonym)), _plain(pseudonym)
    is_own = bool(own & given) or any(part in whole for part in own)
    # a piece of a number or name, long enough not to be chance, finds the rest
    is_own |= len(whole) >= SHORTEST_PART and any(whole in part for part in own)
    return "the patient's own name, number or date, or a part of it" if is_own else ""


def _parts(value: str) -> list[str]:
    """Take a value apart into words, and keep it as a whole; without what is too short to tell."""
    words = "".join(each if each.isalnum() else " " for each in value.casefold()).split()
    found = dict.fromkeys([*words, "".join(words)])
    return [each for each in found if len(each) >= SHORTEST_PART or not each.isascii()]


def _plain(value: str) -> str:
    return "".join(each for each in value.casefold() if each.isalnum())
