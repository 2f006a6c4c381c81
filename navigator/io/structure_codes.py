"""What structures are called in SNOMED CT, and in which colour they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from navigator.model.anatomy import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navigator.model.anatomy import LabelMap
    from navigator.model.volume import Mask

OUR_SCHEME = "99MWANAV"
"""Coding scheme of concepts without a standard code (PS3.16, 8.2: 99 marks a private one)."""


class Code(NamedTuple):
    """A coded concept: value, scheme, meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureCode:
    """What a structure is, for other programs.

    Parameters
    ----------
    category, kind : Code
        e.g. anatomical structure, liver.
    colour : tuple of int
        Red, green, blue, 0 to 255.
    """

    category: Code
    kind: Code
    colour: tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedStructure:
    """A structure as it goes out.

    Parameters
    ----------
    name : str
        As the request calls it; unique among the structures of one object.
    mask : Mask
        Its voxels.
    code : StructureCode
        What it is.
    """

    name: str
    mask: Mask
    code: StructureCode


ANATOMY = Code("123037004", "SCT", "Anatomical Structure")
ALTERED = Code("49755003", "SCT", "Morphologically Abnormal Structure")
CONCEPT = Code("309825002", "SCT", "Spatial and Relational Concept")

TUMOUR = StructureCode(
    category=ALTERED, kind=Code("108369006", "SCT", "Neoplasm"), colour=(214, 69, 65)
)
ABLATION_ZONE = StructureCode(
    category=CONCEPT,
    kind=Code("ablation-zone", OUR_SCHEME, "Planned ablation zone"),
    colour=(255, 179, 0),
)
UNNAMED = StructureCode(category=ANATOMY, kind=ANATOMY, colour=(128, 174, 128))
"""For a name that no word below is in: an anatomical structure, which is all that is known."""

CODE_OF_WORD = {
    "body": ("38266002", "Entire body", (177, 122, 101)),
    "skin": ("39937001", "Skin", (177, 122, 101)),
    "liver": ("10200004", "Liver", (221, 130, 101)),
    "rib": ("113197003", "Rib", (253, 232, 158)),
    "vertebra": ("51282000", "Vertebra", (255, 255, 207)),
    "spine": ("421060004", "Vertebral column", (226, 202, 134)),
    "sternum": ("56873002", "Sternum", (244, 217, 154)),
    "bone": ("3138006", "Bone", (241, 214, 145)),
    "cava": ("64131007", "Inferior vena cava", (0, 151, 206)),
    "aorta": ("15825003", "Aorta", (224, 97, 76)),
    "portal": ("32764006", "Portal vein", (0, 112, 165)),
    "artery": ("51114001", "Artery", (216, 101, 79)),
    "vein": ("29092000", "Vein", (0, 151, 206)),
    "vessel": ("59820001", "Blood vessel", (206, 110, 84)),
    "lung": ("39607008", "Lung", (197, 165, 145)),
    "stomach": ("69695003", "Stomach", (216, 132, 105)),
    "duodenum": ("38848004", "Duodenum", (255, 253, 229)),
    "colon": ("71854001", "Colon", (204, 168, 143)),
    "bowel": ("113276009", "Intestine", (205, 167, 142)),
    "intestine": ("113276009", "Intestine", (205, 167, 142)),
    "gallbladder": ("28231008", "Gallbladder", (139, 150, 98)),
    "kidney": ("64033007", "Kidney", (185, 102, 83)),
    "heart": ("80891009", "Heart", (206, 110, 84)),
    "spleen": ("78961009", "Spleen", (157, 108, 162)),
    "pancreas": ("15776009", "Pancreas", (249, 180, 111)),
    "diaphragm": ("5798000", "Diaphragm", (197, 165, 145)),
}
"""SNOMED CT code, meaning and colour by the word that a name has in it; the first that fits."""


def code_from_name(name: str, role: Role = Role.OBSTACLE) -> StructureCode:
    """Find what a structure is by its name and role.

    Parameters
    ----------
    name : str
        As a request calls it.
    role : Role
        A lesion is a tumour, whatever it is called.

    Returns
    -------
    StructureCode
        Just an anatomical structure where the name says nothing: nothing is guessed.

    Examples
    --------
    >>> code_from_name("left_lung").kind.meaning
    'Lung'
    >>> code_from_name("thing").kind.meaning
    'Anatomical Structure'
    """
    if role is Role.LESION:
        return TUMOUR
    words = name.lower().replace("-", "_").replace(" ", "_").split("_")
    for word, (value, meaning, colour) in CODE_OF_WORD.items():
        if word in words or f"{word}s" in words:
            kind = Code(value, "SCT", meaning)
            return StructureCode(category=ANATOMY, kind=kind, colour=colour)
    return UNNAMED


def coded_structures(labels: LabelMap) -> tuple[CodedStructure, ...]:
    """Say of every structure of a label map what it is.

    Parameters
    ----------
    labels : LabelMap
        Every structure of it has a voxel.

    Returns
    -------
    tuple of CodedStructure
        In the order of the map.
    """
    return tuple(
        CodedStructure(
            name=each.name,
            mask=labels.mask(each.name),
            code=code_from_name(each.name, each.role),
        )
        for each in labels.structures
    )


def kept_structures(
    structures: Iterable[CodedStructure],
) -> tuple[tuple[CodedStructure, ...], tuple[str, ...]]:
    """Part structures with voxels from those without.

    Parameters
    ----------
    structures : iterable of CodedStructure
        In the order to be written.

    Returns
    -------
    kept : tuple of CodedStructure
        At least one voxel each.
    empty : tuple of str
        Names of the others: an object that held them would say that they were looked for.
    """
    found = tuple(structures)
    kept = tuple(each for each in found if each.mask.members.any())
    return kept, tuple(each.name for each in found if not each.mask.members.any())
