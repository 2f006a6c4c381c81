"""Tissues: what the scanner measures in them, and which structure they count to.

Hounsfield units are round values of a portal venous phase at 120 kV; they are model choices inside
published ranges, not measurements. :mod:`phantoms.contrast` has the other phases.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from phantoms.motion.body import check_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from phantoms.shapes import Shape

LABELS: Mapping[str, int] = MappingProxyType(
    {"body": 1, "liver": 2, "gtv": 3, "bone": 4, "vessel": 5, "lung": 6, "bowel": 7}
)
"""Label values of the planning request: a voxel has at most one, 0 is outside the patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tissue:
    """A material of the phantom, told from others by its name: its values change with contrast.

    Parameters
    ----------
    name : str
        What it is.
    hu : float
        Mean Hounsfield units.
    texture_hu : float
        Standard deviation of the natural unevenness, Hounsfield units; it moves with the patient.
    structure : str or None
        The entry of :data:`LABELS` that its voxels count to; None for the room and the plate.
    """

    name: str
    hu: float = field(compare=False)
    texture_hu: float = field(default=0.0, compare=False)
    structure: str | None = field(default="body", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A shape filled with a tissue; later parts are painted over earlier ones.

    Parameters
    ----------
    name : str
        Name of the part, unique within a patient where a law speaks of it.
    shape : Shape
        Where it lies, millimetres.
    tissue : Tissue
        What it is made of.
    shells : tuple of (float, Tissue)
        What it is made of from a depth below its surface inward, millimetres, rising.
    group : str
        The one of :data:`phantoms.motion.GROUPS` that it moves with.
    samples : int
        Sub-samples per voxel edge where its surface crosses a voxel; 0 takes the surface as flat
        inside a voxel, which is quicker and right for large smooth things.
    """

    name: str
    shape: Shape
    tissue: Tissue
    shells: tuple[tuple[float, Tissue], ...] = ()
    samples: int = 0
    group: str = "wall"

    def __post_init__(self) -> None:
        check_group(self.group, f"Part.group of {self.name}")


def in_group(group: str, parts: Iterable[Part]) -> list[Part]:
    """Let parts move with a group.

    Parameters
    ----------
    group : str
        One of :data:`phantoms.motion.GROUPS`.
    parts : iterable of Part
        The parts.

    Returns
    -------
    list of Part
        The same parts in that group.
    """
    return [replace(part, group=group) for part in parts]


def _of_body(name: str, hu: float, texture_hu: float = 0.0) -> Tissue:
    return Tissue(name=name, hu=hu, texture_hu=texture_hu)


AIR = Tissue(name="air", hu=-1000.0, structure=None)
SKIN = _of_body("skin", 20.0, 5.0)
FAT = _of_body("subcutaneous fat", -105.0, 9.0)
VISCERAL_FAT = _of_body("visceral fat", -98.0, 16.0)
MUSCLE = _of_body("muscle", 58.0, 14.0)
SPLEEN = _of_body("spleen", 122.0, 4.0)
RENAL_CORTEX = _of_body("renal cortex", 178.0, 6.0)
RENAL_MEDULLA = _of_body("renal medulla", 150.0, 8.0)
PANCREAS = _of_body("pancreas", 92.0, 10.0)
GALLBLADDER_WALL = _of_body("gallbladder wall", 70.0, 4.0)
BILE = _of_body("bile", 8.0, 2.0)
HEART = _of_body("heart", 145.0, 8.0)
MYOCARDIUM = _of_body("myocardium", 105.0, 6.0)
SPINAL_CANAL = _of_body("spinal canal", 30.0, 5.0)
LIVER = Tissue(name="liver", hu=110.0, texture_hu=4.0, structure="liver")
METASTASIS = Tissue(name="metastasis", hu=70.0, texture_hu=3.0, structure="gtv")
BLOOD = Tissue(name="enhanced blood", hu=170.0, texture_hu=3.0, structure="vessel")
ARTERIAL_BLOOD = Tissue(name="aortic blood", hu=165.0, texture_hu=3.0, structure="vessel")
CORTICAL_BONE = Tissue(name="cortical bone", hu=620.0, texture_hu=60.0, structure="bone")
SPONGY_BONE = Tissue(name="spongy bone", hu=160.0, texture_hu=45.0, structure="bone")
CARTILAGE = Tissue(name="cartilage", hu=115.0, texture_hu=18.0, structure="bone")
DISC = Tissue(name="disc", hu=85.0, texture_hu=8.0, structure="bone")
LUNG = Tissue(name="lung", hu=-850.0, texture_hu=18.0, structure="lung")
LUNG_VESSEL = Tissue(name="lung vessel", hu=30.0, texture_hu=0.0, structure="lung")
GUT_WALL = Tissue(name="gut wall", hu=75.0, texture_hu=6.0, structure="bowel")
GUT_FLUID = Tissue(name="gut fluid", hu=18.0, texture_hu=7.0, structure="bowel")
STOOL = Tissue(name="stool", hu=5.0, texture_hu=60.0, structure="bowel")
GUT_GAS = Tissue(name="gut gas", hu=-960.0, structure="bowel")
COUCH_SHELL = Tissue(name="couch shell", hu=70.0, structure=None)
COUCH_FOAM = Tissue(name="couch foam", hu=-930.0, structure=None)
VACUUM_PAD = Tissue(name="vacuum pad", hu=-905.0, structure=None)
RESIN = Tissue(name="plate resin", hu=130.0, structure=None)
MARKER = Tissue(name="marker", hu=2200.0, structure=None)
STEEL = Tissue(name="needle steel", hu=12000.0, structure=None)
"""Far beyond the end of the scale: a thin needle fills few voxels whole, and still ends it."""
ALUMINIUM = Tissue(name="aluminium", hu=2200.0, structure=None)
CARBON_FIBRE = Tissue(name="carbon fibre", hu=220.0, structure=None)
PTFE = Tissue(name="antenna slot", hu=950.0, structure=None)
HUB_PLASTIC = Tissue(name="hub plastic", hu=90.0, structure=None)
HOLLOW_STEEL = Tissue(name="hollow steel shaft", hu=4200.0, structure=None)
TITANIUM = Tissue(name="titanium", hu=7000.0, structure=None)

# the same materials by organ, so that a voxel's tissue tells its organ
HEPATIC_TWIG = replace(BLOOD, name="small hepatic vessel", structure="liver")
CAVAL_BLOOD = replace(BLOOD, name="blood of the vena cava")
PORTAL_BLOOD = replace(BLOOD, name="blood of the portal vein")
LUNG_FISSURE = replace(LUNG, name="lung fissure", hu=-700.0)
RIGHT_CORTEX = replace(RENAL_CORTEX, name="right renal cortex")
RIGHT_MEDULLA = replace(RENAL_MEDULLA, name="right renal medulla")
SINUS_FAT = replace(VISCERAL_FAT, name="fat of the renal sinus")
URINE = replace(BILE, name="urine", hu=12.0)
ADRENAL = replace(PANCREAS, name="adrenal")
OESOPHAGUS = replace(MUSCLE, name="oesophagus")
STOMACH_WALL = replace(GUT_WALL, name="stomach wall")
STOMACH_FLUID = replace(GUT_FLUID, name="stomach contents")
STOMACH_GAS = replace(GUT_GAS, name="stomach gas")
DUODENUM_WALL = replace(GUT_WALL, name="duodenal wall", hu=85.0)
DUODENUM_FLUID = replace(GUT_FLUID, name="duodenal contents", hu=30.0)
SMALL_BOWEL_WALL = replace(GUT_WALL, name="small bowel wall", hu=90.0)
SMALL_BOWEL_FLUID = replace(GUT_FLUID, name="small bowel contents", hu=38.0, texture_hu=16.0)
TUMOUR_RIM = replace(METASTASIS, name="rim of a metastasis", hu=96.0)
ABLATED = replace(LIVER, name="coagulated liver", hu=52.0, texture_hu=8.0)
ABLATED_TUMOUR = replace(ABLATED, name="coagulated metastasis", hu=58.0)
ABLATION_CENTRE = replace(ABLATED, name="dense middle of an ablation", hu=72.0)
ABLATION_RIM = replace(LIVER, name="hyperaemic rim", hu=136.0, texture_hu=6.0)
COIL = replace(STEEL, name="embolisation coil", structure="liver")

TISSUES: tuple[Tissue, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Tissue)
)
"""Every tissue; a tissue's number on a painted grid is its place here, air being 0."""

ALIKE: Mapping[str, str] = MappingProxyType(
    {
        member.name: material.name
        for material, members in (
            (BLOOD, (HEPATIC_TWIG, CAVAL_BLOOD, PORTAL_BLOOD)),
            (RENAL_CORTEX, (RIGHT_CORTEX,)),
            (RENAL_MEDULLA, (RIGHT_MEDULLA,)),
            (PANCREAS, (ADRENAL,)),
            (MUSCLE, (OESOPHAGUS,)),
            (GUT_WALL, (STOMACH_WALL, DUODENUM_WALL, SMALL_BOWEL_WALL)),
            (METASTASIS, (TUMOUR_RIM,)),
            (LIVER, (ABLATION_RIM,)),
        )
        for member in members
    }
)
"""By a tissue's name, the material whose contrast it shares; coagulated tissue takes none."""
