"""The structures between which a margin is measured, on one grid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.app.choices import grid_of_choices, load_choice
from navigator.app.remarks import scan_remarks, structure_remarks
from navigator.imaging.upright import rectified_grid
from navigator.io.volumes import load_scan
from navigator.model.outcome import Reason

if TYPE_CHECKING:
    from navigator.app.choices import MaskChoice, ScanChoice
    from navigator.model.volume import Mask

NOT_A_LETTER = re.compile(r"[^a-z0-9]+")
PLANNED_ZONE = "planned ablation zone"
"""How the zones of an export are called: by name none passes for what was achieved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginMasks:
    """The structures of a margin, on one grid.

    Parameters
    ----------
    tumour : Mask
        The tumour.
    ablation, organ : Mask or None
        The ablation zone and the liver, where they were given.
    remarks : tuple of Reason
        What a person has to confirm about them.
    """

    tumour: Mask
    ablation: Mask | None
    organ: Mask | None
    remarks: tuple[Reason, ...]


def load_margin_masks(
    tumour: MaskChoice,
    ablation: MaskChoice | None,
    organ: MaskChoice | None,
    scan: ScanChoice | None,
) -> MarginMasks:
    """Read the structures on the voxels of the scan, or on those of the tumour's file.

    Parameters
    ----------
    tumour : MaskChoice
        The tumour.
    ablation, organ : MaskChoice or None
        The ablation zone and the liver.
    scan : ScanChoice or None
        The scan whose voxels are to be used.

    Returns
    -------
    MarginMasks
        All on the same voxels.

    Raises
    ------
    InputRefusedError
        If one of them cannot be read, or does not belong to the others.
    """
    remarks: list[Reason] = []
    patient = twin = None
    if scan is None:
        grid = grid_of_choices(tumour, [each for each in (ablation, organ) if each is not None])
    else:
        read = load_scan(scan.path, series_uid=scan.series_uid)
        grid, patient = rectified_grid(read.volume.grid), read.patient
        twin = None if grid is read.volume.grid else read.volume.grid
        remarks += scan_remarks(read, "scan")

    def load(choice: MaskChoice) -> Mask:
        loaded = load_choice(choice, grid, patient, twin=twin)
        remarks.extend(structure_remarks(loaded.findings))
        if choice is ablation:
            remarks.extend(_planned_remarks(loaded.name, choice.path.name))
        return loaded.mask

    lesion = load(tumour)
    dead = None if ablation is None else load(ablation)
    liver = None if organ is None else load(organ)
    unique = tuple(dict.fromkeys(remarks))
    return MarginMasks(tumour=lesion, ablation=dead, organ=liver, remarks=unique)


def _planned_remarks(*names: str) -> list[Reason]:
    """Warn where a zone that was planned is taken for one that was achieved."""
    plain = [" ".join(NOT_A_LETTER.split(name.casefold())) for name in names]
    # the file of a mask has a number before its name
    if not any(name.lstrip("0123456789 ").startswith(PLANNED_ZONE) for name in plain):
        return []
    text = "the zone given with --ablation is by its name a planned one, not what was achieved"
    return [Reason("planned-not-achieved", f"{text}; give the zone seen on the scan afterwards")]
