"""Hounsfield units of perfused tissue by contrast phase.

A tissue's own value (:mod:`phantoms.tissues`) is that of the portal venous phase, about 70 s after
the start of the injection at 120 kV; the table holds the other phases: without contrast, late
arterial (about 35 s), and delayed (3 to 5 min). They are model choices in the middle of what is
published and vary between people by 10 to 20 HU, and more in the aorta.

References
----------
Bae KT (2010), doi:10.1148/radiol.10090908 (time course in aorta, portal vein and liver: aorta of
250 to 350 HU in the late arterial phase; liver up by 50 HU in the portal venous one);
Foley WD et al. (2000), AJR 175:679, doi:10.2214/ajr.175.3.1750679 (phases of the liver;
not checked against the source);
Lamba R et al. (2014), doi:10.2214/AJR.12.10037 (soft tissue without contrast, two scanners);
Choi BI et al. (1995), doi:10.3348/jkrs.1995.33.2.265 (metastases stand out most in the portal
venous phase, then in the arterial, least in the delayed one).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from phantoms.errors import ScanRefusedError
from phantoms.tissues import ALIKE, TISSUES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.tissues import Part, Tissue

OWN_PHASE = "portal venous"
PHASES = ("none", "arterial", OWN_PHASE, "delayed")

Pose = TypeVar("Pose")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enhancement:
    """Mean Hounsfield units of a tissue in the phases that are not its own.

    Parameters
    ----------
    none_hu, arterial_hu, delayed_hu : float
        Without contrast, late arterial, and delayed, Hounsfield units.
    """

    none_hu: float
    arterial_hu: float
    delayed_hu: float


def _course(none_hu: float, arterial_hu: float, delayed_hu: float) -> Enhancement:
    return Enhancement(none_hu=none_hu, arterial_hu=arterial_hu, delayed_hu=delayed_hu)


ENHANCEMENT: Mapping[str, Enhancement] = MappingProxyType(
    {
        "skin": _course(14.0, 18.0, 20.0),
        "muscle": _course(50.0, 54.0, 58.0),
        "spleen": _course(48.0, 118.0, 92.0),
        "renal cortex": _course(33.0, 178.0, 132.0),
        "renal medulla": _course(31.0, 72.0, 140.0),
        "pancreas": _course(42.0, 106.0, 74.0),
        "gallbladder wall": _course(32.0, 48.0, 66.0),
        "heart": _course(42.0, 262.0, 104.0),
        "myocardium": _course(42.0, 112.0, 86.0),
        "spinal canal": _course(26.0, 28.0, 30.0),
        "liver": _course(57.0, 70.0, 90.0),
        "metastasis": _course(40.0, 46.0, 66.0),
        "enhanced blood": _course(42.0, 98.0, 104.0),
        "aortic blood": _course(42.0, 300.0, 106.0),
        "gut wall": _course(36.0, 80.0, 68.0),
    }
)
"""By the name of the tissue; what is not named (fat, bone, gas, bile) takes no contrast."""


MATERIALS: Mapping[str, Tissue] = MappingProxyType({tissue.name: tissue for tissue in TISSUES})


def hu_in_phase(tissue: Tissue, phase: str) -> float:
    """Give a tissue's mean Hounsfield units in a contrast phase.

    Parameters
    ----------
    tissue : Tissue
        The tissue.
    phase : str
        One of :data:`PHASES`.

    Returns
    -------
    float
        Hounsfield units.

    Raises
    ------
    ScanRefusedError
        If there is no such phase.

    Examples
    --------
    >>> from phantoms.tissues import LIVER
    >>> hu_in_phase(LIVER, "none")
    57.0
    """
    if phase not in PHASES:
        raise ScanRefusedError(
            "There is no such contrast phase",
            where="phase",
            expected=f"one of {', '.join(PHASES)}",
            got=repr(phase),
            next_step="choose a phase from the list",
        )
    material = MATERIALS.get(ALIKE.get(tissue.name, tissue.name), tissue)
    course = ENHANCEMENT.get(material.name)
    if course is None or phase == OWN_PHASE:
        return tissue.hu
    by_phase = {
        "none": course.none_hu,
        "arterial": course.arterial_hu,
        "delayed": course.delayed_hu,
    }
    # a tissue that differs a little from its material does so in every phase
    return by_phase[phase] + tissue.hu - material.hu


def parts_in_phase(placed: list[tuple[Part, Pose]], phase: str) -> list[tuple[Part, Pose]]:
    """Fill parts with what their tissues show in a contrast phase.

    Parameters
    ----------
    placed : list of (Part, pose)
        Parts in their own phase.
    phase : str
        One of :data:`PHASES`.

    Returns
    -------
    list of (Part, pose)
        In the same order.

    Raises
    ------
    ScanRefusedError
        If there is no such phase.
    """

    def changed(tissue: Tissue) -> Tissue:
        return replace(tissue, hu=hu_in_phase(tissue, phase))

    return [
        (
            replace(
                part,
                tissue=changed(part.tissue),
                shells=tuple((depth, changed(tissue)) for depth, tissue in part.shells),
            ),
            pose,
        )
        for part, pose in placed
    ]
