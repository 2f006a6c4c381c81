"""Whether the labels lie on what the scan shows: a map of another place is worse than none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import StructureRefusedError
from navigator.model.anatomy import HAZARD_WORDS, Role
from navigator.model.outcome import Reason

if TYPE_CHECKING:
    from navigator.model.anatomy import LabelMap, Structure
    from navigator.model.volume import Mask, Volume

OUTSIDE_WARNED_SHARE, OUTSIDE_REFUSED_SHARE = 0.005, 0.05
"""Share of all organ voxels outside the body that the scan shows; a true map has none."""


@dataclass(frozen=True, slots=True)
class _Likeness:
    """What a kind of tissue looks like, and how much of its label has to."""

    low_hu: float
    high_hu: float
    warned_share: float
    refused_share: float


LIKENESS = {
    "liver": _Likeness(-50.0, 300.0, 0.97, 0.85),
    "lesion": _Likeness(-50.0, 300.0, 0.9, 0.5),
    "vessel": _Likeness(-50.0, 700.0, 0.97, 0.85),
    "lung": _Likeness(-1100.0, -200.0, 0.95, 0.6),
    "bone": _Likeness(100.0, 4000.0, 0.55, 0.4),
}
"""True maps of two phantom patients and a real one: liver and vessel 1.00, lung 0.99 and more, bone
0.66 and more. Mirrored or turned maps: liver 0.52 to 0.84, lung 0.04 to 0.79; moved by 6 mm: liver
0.94 to 0.97, lung 0.56 to 0.88."""


def plausibility_remarks(labels: LabelMap, scan: Volume, body: Mask) -> list[Reason]:
    """Compare every label of a known kind with the scan.

    Parameters
    ----------
    labels : LabelMap
        The structures.
    scan : Volume
        The scan, on the same grid.
    body : Mask
        The patient as the scan shows it.

    Returns
    -------
    list of Reason
        What looks odd.

    Raises
    ------
    StructureRefusedError
        If a structure cannot be what it is called.
    """
    remarks = []
    for structure in labels.structures:
        kind = _kind_of(structure)
        if kind is None:
            continue
        wanted = LIKENESS[kind]
        values = scan.values_hu[labels.mask(structure.name).members]
        share = float(np.mean((values >= wanted.low_hu) & (values <= wanted.high_hu)))
        if not share >= wanted.refused_share:
            raise _unlike(structure.name, kind, share)
        if share < wanted.warned_share:
            text = f"only {share:.0%} of '{structure.name}' has the grey values of {kind}"
            remarks.append(Reason("label-odd", f"{text}; look whether the labels lie on the scan"))
    return [*remarks, *_outside_remarks(labels, body)]


def _kind_of(structure: Structure) -> str | None:
    """Tell which kind of tissue a structure is by its role, or by its name."""
    if structure.role is Role.TARGET_ORGAN:
        return "liver"
    if structure.role is Role.LESION:
        return "lesion"
    if structure.role is Role.OBSTACLE:
        name = structure.name.lower()
        return next(
            (kind for kind in ("bone", "vessel", "lung") if kind == name or name in _words(kind)),
            None,
        )
    return None


def _words(kind: str) -> tuple[str, ...]:
    """Give the names of a kind, alone and in the plural."""
    return tuple(word + end for word in HAZARD_WORDS[kind] for end in ("", "s"))


def _unlike(name: str, kind: str, share: float) -> StructureRefusedError:
    wanted = LIKENESS[kind]
    return StructureRefusedError(
        code="labels-unlike-scan",
        what=f"The structure '{name}' does not lie on {kind} in the scan",
        where=f"labels of '{name}'",
        expected=f"{wanted.refused_share:.0%} of its voxels from {wanted.low_hu:.0f} to "
        f"{wanted.high_hu:.0f} HU",
        got=f"{share:.0%}",
        next_step="see whether the label map is of this scan, mirrored or shifted, or the label "
        "value is another structure's",
    )


def _outside_remarks(labels: LabelMap, body: Mask) -> list[Reason]:
    organs = [
        value
        for structure in labels.structures
        if structure.role is not Role.BODY
        for value in structure.labels
    ]
    members = np.isin(labels.values, organs)
    share = float(np.mean(~body.members[members])) if members.any() else 0.0
    if share > OUTSIDE_REFUSED_SHARE:
        raise StructureRefusedError(
            code="labels-outside-body",
            what="A part of the labelled structures lies outside the body",
            where="structures",
            expected=f"at most {OUTSIDE_REFUSED_SHARE:.0%} of their voxels",
            got=f"{share:.1%}",
            next_step="see whether the label map is of this scan, mirrored or shifted",
        )
    if share > OUTSIDE_WARNED_SHARE:
        text = f"{share:.1%} of the labelled structures lies outside the body"
        return [Reason("label-odd", f"{text}; look whether the labels lie on the scan")]
    return []
