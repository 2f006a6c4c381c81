"""Every organ by name: a detailed label map beside the planning labels, and exact volumes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.sampling import exact_volume_ml
from phantoms.tissues import TISSUES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.anatomy import Patient
    from phantoms.arrays import Labels
    from phantoms.sampling import Volume
    from phantoms.tissues import Tissue

_MEMBERS: tuple[tuple[str, tuple[Tissue, ...]], ...] = (
    ("liver", (tissues.LIVER, tissues.ABLATION_RIM)),
    ("metastasis", (tissues.METASTASIS, tissues.TUMOUR_RIM)),
    ("ablation zone", (tissues.ABLATED, tissues.ABLATED_TUMOUR, tissues.ABLATION_CENTRE)),
    ("portal vein", (tissues.PORTAL_BLOOD,)),
    ("hepatic veins", (tissues.BLOOD,)),
    ("small hepatic vessels", (tissues.HEPATIC_TWIG,)),
    ("vena cava", (tissues.CAVAL_BLOOD,)),
    ("arteries and their veins", (tissues.ARTERIAL_BLOOD,)),
    ("gallbladder", (tissues.GALLBLADDER_WALL, tissues.BILE)),
    ("spleen", (tissues.SPLEEN,)),
    ("pancreas", (tissues.PANCREAS,)),
    ("adrenals", (tissues.ADRENAL,)),
    ("right kidney", (tissues.RIGHT_CORTEX, tissues.RIGHT_MEDULLA)),
    ("left kidney", (tissues.RENAL_CORTEX, tissues.RENAL_MEDULLA)),
    ("renal sinus and pelvis", (tissues.SINUS_FAT, tissues.URINE)),
    ("stomach", (tissues.STOMACH_WALL, tissues.STOMACH_FLUID, tissues.STOMACH_GAS)),
    ("duodenum", (tissues.DUODENUM_WALL, tissues.DUODENUM_FLUID)),
    ("colon", (tissues.GUT_WALL, tissues.GUT_FLUID, tissues.STOOL, tissues.GUT_GAS)),
    ("small bowel", (tissues.SMALL_BOWEL_WALL, tissues.SMALL_BOWEL_FLUID)),
    ("oesophagus", (tissues.OESOPHAGUS,)),
    ("heart", (tissues.MYOCARDIUM, tissues.HEART)),
    ("lungs", (tissues.LUNG, tissues.LUNG_VESSEL, tissues.LUNG_FISSURE)),
    ("bone", (tissues.CORTICAL_BONE, tissues.SPONGY_BONE)),
    ("discs", (tissues.DISC,)),
    ("cartilage", (tissues.CARTILAGE,)),
    ("spinal canal", (tissues.SPINAL_CANAL,)),
    ("muscle", (tissues.MUSCLE,)),
    ("fat", (tissues.FAT, tissues.VISCERAL_FAT)),
    ("skin", (tissues.SKIN,)),
)

ORGANS: Mapping[str, int] = MappingProxyType(
    {name: number for number, (name, _) in enumerate(_MEMBERS, start=1)}
)
"""Label values of the detailed map: a voxel has one, 0 is outside the patient."""

MEASURED = ("liver", "gallbladder", "spleen", "right kidney", "left kidney", "heart",
            "stomach")  # fmt: skip
"""Parts whose whole shape is measured by :func:`organ_volumes`."""


def organ_map(tissue: Labels) -> Labels:
    """Turn tissue numbers into the values of :data:`ORGANS`.

    Parameters
    ----------
    tissue : (k, j, i) uint8 array
        Places in :data:`phantoms.tissues.TISSUES`, as :func:`phantoms.painting.paint_parts` gives
        them.

    Returns
    -------
    (k, j, i) uint8 array
        Labels, read-only.
    """
    table = np.zeros(len(TISSUES), dtype=np.uint8)
    names = [each.name for each in TISSUES]
    for organ, members in _MEMBERS:
        for member in members:
            table[names.index(member.name)] = ORGANS[organ]
    organs: Labels = table[tissue]
    organs.setflags(write=False)
    return organs


def organ_volumes(patient: Patient, *, finest_mm: float = 1.0) -> dict[str, Volume]:
    """Compute the volumes of whole organs: the liver with its vessels and lesions, and so on.

    Parameters
    ----------
    patient : Patient
        The patient.
    finest_mm : float
        See :func:`phantoms.sampling.exact_volume_ml`.

    Returns
    -------
    dict of str to Volume
        By the names in :data:`MEASURED`. Lungs are not closed above; metastases have
        `Lesion.volume_ml`, which is analytic.
    """
    shapes = {part.name: part.shape for part in patient.parts if part.name in MEASURED}
    return {name: exact_volume_ml(shapes[name], finest_mm=finest_mm) for name in shapes}
