"""Whose scan it is: compared, never shown."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientIdentity:
    """What a scan says about whose it is.

    It is never printed or written: a report, a log or a file of this program may leave the
    hospital.

    Parameters
    ----------
    patient_id : str
        Patient ID as stored; empty where the header has none.
    birth_date : str
        Patient's Birth Date as stored; empty where the header has none.
    is_removed : bool
        Whether the file says that the identity was taken out (Patient Identity Removed): then
        the two are a pseudonym's.
    image_uids : frozenset of str
        SOP Instance UIDs of the scan's images, or of those that an object refers to; empty where
        the file names none.

    Examples
    --------
    >>> PatientIdentity(patient_id="12345", birth_date="19600101")
    PatientIdentity()
    """

    patient_id: str = field(repr=False)
    birth_date: str = field(repr=False)
    is_removed: bool = field(default=False, repr=False)
    image_uids: frozenset[str] = field(default=frozenset(), repr=False, compare=False)


def same_patient(first: PatientIdentity | None, second: PatientIdentity | None) -> bool | None:
    """Tell whether two scans are of one patient.

    Blanks around a value and the size of letters do not count, and neither does a value that one
    of the two lacks.

    Parameters
    ----------
    first, second : PatientIdentity or None
        Of two scans; None for a scan without any.

    Returns
    -------
    bool or None
        False where the identifiers or the birth dates differ; True where the identifiers agree
        and the birth dates do not differ; None where that cannot be told. A birth date alone is
        shared by many: it can tell two patients apart, and make nobody the same.

    Examples
    --------
    >>> jan = PatientIdentity(patient_id="12345", birth_date="19600101")
    >>> same_patient(jan, PatientIdentity(patient_id=" 12345", birth_date=""))
    True
    >>> same_patient(jan, PatientIdentity(patient_id="12346", birth_date="19600101"))
    False
    >>> same_patient(jan, None) is None
    True
    """
    if first is None or second is None:
        return None
    by_id = _same_value(first.patient_id, second.patient_id)
    by_birth = _same_value(first.birth_date, second.birth_date)
    if by_id is False or by_birth is False:
        return False
    return by_id


def _same_value(first: str, second: str) -> bool | None:
    """Compare two values; None where one is empty."""
    one, other = first.strip().casefold(), second.strip().casefold()
    return one == other if one and other else None
