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


ORGAN_ML = (100.0, 5000.0)
"""A liver has 800 to 2500 ml, what a large resection leaves of it or a short scan shows, less."""


LARGEST_LESION_SHARE = 0.25


def organ_remarks(organ: Mask, scan: Volume) -> list[Reason]:
    """Compare an outline that is said to be the liver's with the scan.

    Parameters
    ----------
    organ : Mask
        The outline.
    scan : Volume
        The scan, on the same grid.

    Returns
    -------
    list of Reason
        What looks odd.

    Raises
    ------
    StructureRefusedError
        ``organ-size``, or as :func:`plausibility_remarks`: another label of the map, or another
        place.
    """
    millilitres = organ.volume_ml
    if not ORGAN_ML[0] <= millilitres <= ORGAN_ML[1]:
        raise StructureRefusedError(
            code="organ-size",
            what="The outline given as the liver's cannot be one",
            where="--organ, --label",
            expected=f"{ORGAN_ML[0]:.0f} to {ORGAN_ML[1]:.0f} ml",
            got=f"{millilitres:.0f} ml",
            next_step="name the liver's label; `navigator inspect` lists those of a file",
        )
    share = _share_alike(organ, scan, LIKENESS["liver"])
    return _likeness_remarks("organ", "liver", share)


def lesion_remarks(lesion: Mask, organ: Mask) -> list[Reason]:
    """Compare what is said to be a lesion with the organ that it lies in.

    Parameters
    ----------
    lesion, organ : Mask
        Both outlines, on one grid.

    Returns
    -------
    list of Reason
        At most one: it lies mostly outside.

    Raises
    ------
    StructureRefusedError
        ``lesion-size``: a good part of the organ would be kept from deforming.
    """
    share = lesion.volume_ml / organ.volume_ml
    if not share <= LARGEST_LESION_SHARE:
        raise StructureRefusedError(
            code="lesion-size",
            what="What is to keep its shape is too large for a lesion",
            where="--lesion, --lesion-label",
            expected=f"at most {LARGEST_LESION_SHARE:.0%} of the organ's volume",
            got=f"{lesion.volume_ml:.0f} of {organ.volume_ml:.0f} ml",
            next_step="name the lesion's label; `navigator inspect` lists those of a file",
        )
    inside = float(organ.members[lesion.members].mean())
    if inside >= 0.5:
        return []
    # a label of its own is often cut out of the organ's
    text = f"{1 - inside:.0%} of the lesion lies outside the organ's outline"
    return [Reason("lesion-outside", f"{text}; give an outline that holds it")]


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
        share = _share_alike(labels.mask(structure.name), scan, LIKENESS[kind])
        remarks += _likeness_remarks(structure.name, kind, share)
    return [*remarks, *_outside_remarks(labels, body)]


def _share_alike(mask: Mask, scan: Volume, wanted: _Likeness) -> float:
    """Tell which share of a structure looks like its tissue."""
    values = scan.values_hu[mask.members]
    return float(np.mean((values >= wanted.low_hu) & (values <= wanted.high_hu)))


def _likeness_remarks(name: str, kind: str, share: float) -> list[Reason]:
    """Refuse a structure that does not look like what it is called, or remark on it."""
    if not share >= LIKENESS[kind].refused_share:
        raise _unlike(name, kind, share)
    if share >= LIKENESS[kind].warned_share:
        return []
    text = f"only {share:.0%} of '{name}' has the grey values of {kind}"
    return [Reason("label-odd", f"{text}; look whether the labels lie on the scan")]


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
