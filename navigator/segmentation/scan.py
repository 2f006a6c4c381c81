"""All structures that rules find in a scan, as one label map, and what is doubtful about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.distance import measure_distances_mm
from navigator.model.anatomy import LabelMap, structure_from_name
from navigator.model.outcome import Reason, Verdict, verdict_from_reasons
from navigator.segmentation.bones import FoundBone, find_bone
from navigator.segmentation.found import FoundStructure
from navigator.segmentation.gas import find_gas
from navigator.segmentation.lesions import grow_lesion
from navigator.segmentation.outside import find_skin, find_table
from navigator.segmentation.upright import UprightScan, stand_upright
from navigator.segmentation.vessels import grow_vessel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Booleans, Floats
    from navigator.model.volume import Volume

LABEL_OF_NAME = {
    "body": 1,
    "skin": 2,
    "lung": 3,
    "airway": 4,
    "bowel gas": 5,
    "bone": 6,
    "metal": 7,
    "table": 8,
    "clicked vessel": 9,
}
"""Later structures are painted over earlier ones; lesions follow from `FIRST_LESION_LABEL`."""

FIRST_LESION_LABEL = 10

BESIDE_THE_PATIENT = ("table",)
"""Of no use to a plan: needles end where the patient does."""

WORTH_A_REMARK_ML = 1.0
MUCH_CONTRAST_ML = 20.0


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What was found in a scan.

    Parameters
    ----------
    labels : LabelMap
        One label a voxel, 0 where nothing is known.
    found : tuple of FoundStructure
        Each structure for itself, with its remarks; clicks that were refused are among them.
    verdict : Verdict
        Rejected where a click was refused; never better than a warning, for most organs are
        unknown.
    """

    labels: LabelMap
    found: tuple[FoundStructure, ...]
    verdict: Verdict


def segment_scan(
    volume: Volume, *, lesions_mm: Sequence[Floats] = (), vessels_mm: Sequence[Floats] = ()
) -> Segmentation:
    """Segment a scan by rules, without weights.

    Parameters
    ----------
    volume : Volume
        A CT scan of the trunk.
    lesions_mm, vessels_mm : sequence of (3,) array
        Points clicked in lesions and vessels, LPS millimetres.

    Returns
    -------
    Segmentation
        What was found, and nothing more: what has no label is unknown, not free.

    Raises
    ------
    StructureRefusedError
        If there is no body in the scan, or a click lies outside it.
    """
    vessels = [grow_vessel(volume, click) for click in vessels_mm]
    names = ["gtv"] if len(lesions_mm) == 1 else [f"gtv {n + 1}" for n in range(len(lesions_mm))]
    lesions = [
        grow_lesion(volume, click, name=name) for click, name in zip(lesions_mm, names, strict=True)
    ]
    found = (*_by_rules(volume), *vessels, *lesions)
    numbers = LABEL_OF_NAME | {name: FIRST_LESION_LABEL + n for n, name in enumerate(names)}
    return Segmentation(_label_map(found, numbers, volume), found, _verdict(found))


def _by_rules(volume: Volume) -> list[FoundStructure]:
    """Find all that needs no click."""
    scan = stand_upright(volume)
    gas, bone = find_gas(scan), find_bone(scan)
    body = scan.mask(scan.body)
    beside = find_table(volume, body)
    remarks = {
        "body": (*_body_remarks(scan), *_beside_remarks(beside.other_ml)),
        "bowel gas": _gas_remarks(gas.bowel),
        "bone": tuple(_bone_remarks(bone, scan)),
        "metal": _metal_remarks(bone.metal, scan),
    }
    masks = {
        "body": body,
        "skin": scan.mask(find_skin(scan)),
        "lung": scan.mask(gas.lung),
        "airway": scan.mask(gas.airway),
        "bowel gas": scan.mask(gas.bowel),
        "bone": scan.mask(bone.bone),
        "metal": scan.mask(bone.metal),
        "table": beside.table,
    }
    return [
        FoundStructure(name=name, mask=mask, remarks=remarks.get(name, ()))
        for name, mask in masks.items()
    ]


def _label_map(
    found: tuple[FoundStructure, ...], numbers: dict[str, int], volume: Volume
) -> LabelMap:
    """Paint the structures over one another, and name those that are left."""
    values = np.zeros(volume.grid.shape_kji, dtype=np.int32)
    for structure in found:
        values[structure.mask.members] = numbers[structure.name]
    present = np.bincount(values.ravel(), minlength=max(numbers.values()) + 1) > 0
    named = tuple(
        structure_from_name(name, (number,)) for name, number in numbers.items() if present[number]
    )
    return LabelMap(values=values, grid=volume.grid, structures=named)


def _verdict(found: tuple[FoundStructure, ...]) -> Verdict:
    """Judge by the refused clicks and by all remarks."""
    text = "liver, bowel, other vessels and all other organs were not looked for"
    unknown = Reason("organs-unknown", f"{text}: what has no label is unknown, not free")
    warnings = (unknown, *(remark for each in found for remark in each.remarks))
    rejections = tuple(reason for each in found for reason in each.refusals)
    return verdict_from_reasons(
        rejections=tuple(dict.fromkeys(rejections)), warnings=tuple(dict.fromkeys(warnings))
    )


def _body_remarks(scan: UprightScan) -> tuple[Reason, ...]:
    """Tell where the field of view cuts the patient in its slices."""
    edges = (scan.body[:, 0], scan.body[:, -1], scan.body[:, :, 0], scan.body[:, :, -1])
    cut = any(edge.any() for edge in edges) or bool((scan.body & _beyond(scan.imaged)).any())
    if not cut:
        return ()
    text = "the field of view cuts the body: there is no skin, and no way in, where it does"
    return (Reason("body-cut", f"{text}; what lies beyond is unknown"),)


def _beyond(imaged: Booleans) -> Booleans:
    """Mark what lies in or beside padding, (z, y, x)."""
    if imaged.all():
        return ~imaged
    return measure_distances_mm(~imaged, np.ones(3)) <= 1.0


def _beside_remarks(other_ml: float) -> tuple[Reason, ...]:
    if other_ml < WORTH_A_REMARK_ML:
        return ()
    text = f"{other_ml:.0f} ml of soft tissue lies apart from the body (an arm?) and has no label"
    return (Reason("other-body", f"{text}; a needle's way may cross it: look at it"),)


def _gas_remarks(gas: Booleans) -> tuple[Reason, ...]:
    if not gas.any():
        return ()
    text = "'bowel gas' is gas alone (bowel, gullet or free): the bowel around it has no label"
    return (Reason("bowel-unknown", f"{text}; outline stomach and bowel by hand"),)


def _bone_remarks(bone: FoundBone, scan: UprightScan) -> list[Reason]:
    """Tell what as bright as bone was left out, and where contrast may have got in."""
    left_out_ml = float(bone.bright.sum()) * scan.voxel_ml
    reasons = []
    if left_out_ml >= WORTH_A_REMARK_ML:
        text = f"{left_out_ml:.0f} ml as bright as bone was not taken for bone (contrast?)"
        reasons.append(Reason("bright-unlabelled", f"{text} and has no label; look at it"))
    if float(bone.blood.sum()) * scan.voxel_ml >= MUCH_CONTRAST_ML:
        text = "contrast is as dense as bone here: 'bone' may hold heart and vessels too"
        reasons.append(Reason("bone-with-contrast", f"{text}; it is no outline of the skeleton"))
    return reasons


def _metal_remarks(metal: Booleans, scan: UprightScan) -> tuple[Reason, ...]:
    size_ml = float(metal.sum()) * scan.voxel_ml
    if not metal.any():
        return ()
    text = f"{size_ml:.1f} ml of metal or undiluted contrast: around it streaks move every border"
    return (Reason("metal", f"{text}; do not trust outlines there"),)
