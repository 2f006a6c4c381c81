"""The margin between masks, or between a mask and planned zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.ablation.margin import (
    area_share_by_margin,
    least_margin_at_end_mm,
    signed_margins_mm,
)
from navigator.ablation.shells import measure_shell_coverage
from navigator.app.choices import MaskChoice, load_choice
from navigator.errors import InputRefusedError
from navigator.imaging.resample import sample_membership
from navigator.imaging.surfaces import find_surface
from navigator.imaging.surfels import signed_distance_to_surface_mm
from navigator.io.documents import verdict_to_json
from navigator.io.documents.zones import load_zones
from navigator.model.ablation import AblationZone, Interval
from navigator.model.outcome import Reason, Verdict, verdict_from_reasons
from navigator.model.volume import Mask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from navigator.arrays import Booleans, Floats
    from navigator.imaging.surfaces import SurfacePoints

SHELLS_MM = (3.0, 5.0, 6.0, 10.0)
"""Shells around the tumour; 3 and 6 mm after doi:10.1007/s00330-020-07579-x."""


SUBCAPSULAR_MM = 5.0
"""What counts as subcapsular where no margin was named: the least margin in use."""

LARGEST_MARGIN_MM = 50.0
"""As in a plan request."""


def margin_document(
    *,
    tumour: MaskChoice,
    ablation: MaskChoice | None,
    zones: Path | None,
    organ: MaskChoice | None,
    wanted_margin_mm: float | None,
) -> dict[str, Any]:
    """Measure a margin.

    Parameters
    ----------
    tumour : MaskChoice
        The tumour.
    ablation : MaskChoice or None
        The ablation zone as a mask.
    zones : Path or None
        Planned zones in place of a mask; exactly one of the two.
    organ : MaskChoice or None
        The liver: shells end at its capsule, and the tumour's surface nearer to the capsule
        than the wanted margin is left out of the margin and told.
    wanted_margin_mm : float or None
        The margin wanted, millimetres; None judges only whether tumour is left, and calls
        subcapsular what lies within `SUBCAPSULAR_MM` of the capsule.

    Returns
    -------
    dict
        As ``navigator margin`` prints it.

    Raises
    ------
    InputRefusedError
        If both or neither of `ablation` and `zones` are given, the margin is out of range, or
        a file cannot be used.
    """
    if (ablation is None) == (zones is None):
        raise InputRefusedError(
            code="one-zone-source",
            what="The margin needs one description of the ablation zone",
            where="--ablation, --zones",
            expected="exactly one of the two",
            got="both" if ablation else "neither",
            next_step="give the zone as a mask or as a plan's zones",
        )
    if wanted_margin_mm is not None and not 0 <= wanted_margin_mm <= LARGEST_MARGIN_MM:
        raise InputRefusedError(
            code="no-such-margin",
            what="The wanted margin is no margin",
            where="--margin-mm",
            expected=f"0 to {LARGEST_MARGIN_MM:g} mm",
            got=f"{wanted_margin_mm:g}",
            next_step="give 5, or 10 where the tumour is RAS-mutant, or leave it out",
        )
    mask = load_choice(tumour, None)
    dead = None if ablation is None else find_surface(load_choice(ablation, mask.grid))
    placed = () if zones is None else load_zones(zones, mask.grid.frame)
    found = _Found(
        mask=mask,
        surface=find_surface(mask),
        reach=_reach(dead, placed),
        zones=placed,
        organ=None if organ is None else _joined(load_choice(organ, mask.grid), mask),
    )
    return _document(found, wanted_margin_mm)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the files hold."""

    mask: Mask
    surface: SurfacePoints
    reach: Callable[[Floats], Floats]
    zones: tuple[AblationZone, ...]
    organ: Mask | None

    def least_at_end_mm(self, points_mm: Floats, value_mm: float, bound: str) -> float:
        """Find the least margin over (n, 3) points at an end of the zones' ranges."""
        if not self.zones:
            return value_mm
        return least_margin_at_end_mm(points_mm, self.zones, bound=bound)


def _joined(organ: Mask, tumour: Mask) -> Mask:
    """Close the hole that the tumour leaves in the organ's label: it is no capsule."""
    return Mask(organ.members | tumour.members, organ.grid)


def _reach(
    dead: SurfacePoints | None, zones: tuple[AblationZone, ...]
) -> Callable[[Floats], Floats]:
    if dead is None:
        return lambda points: signed_margins_mm(points, zones)
    return lambda points: signed_distance_to_surface_mm(points, dead)


def _away_from_capsule(found: _Found, wanted_margin_mm: float) -> Booleans:
    if found.organ is None:
        return np.ones(len(found.surface.points_mm), dtype=bool)
    capsule = find_surface(found.organ)
    to_capsule = signed_distance_to_surface_mm(found.surface.points_mm, capsule)
    kept: Booleans = np.asarray(to_capsule >= wanted_margin_mm)
    return kept


def _document(found: _Found, wanted_margin_mm: float | None) -> dict[str, Any]:
    surface, mask = found.surface, found.mask
    weights = surface.weights_mm2 / surface.weights_mm2.sum()
    kept = _away_from_capsule(found, wanted_margin_mm or SUBCAPSULAR_MM)
    # where all of the surface is subcapsular there is no other surface to speak of
    counted = kept if kept.any() else np.ones_like(kept)
    margins = found.reach(surface.points_mm)
    thinnest = int(np.flatnonzero(counted)[np.argmin(margins[counted])])
    doubt, value = 0.5 * float(mask.grid.spacing_mm.max()), float(margins[thinnest])
    low, high = (
        found.least_at_end_mm(surface.points_mm[counted], value, end) for end in ("low", "high")
    )
    excluded = float(weights[~kept].sum())
    shells = measure_shell_coverage(
        surface,
        SHELLS_MM,
        reach_mm=found.reach,
        in_organ=lambda points: _inside(found.organ, points),
    )
    areas = area_share_by_margin(margins[counted], weights[counted] / weights[counted].sum())
    # residual tumour is residual at the capsule too: the exclusion never hides it
    least = Interval(
        value=float(margins.min()), low=min(low - doubt, float(margins.min())), high=np.inf
    )
    verdict = _judge(value, least, wanted_margin_mm or 0.0, excluded)
    return {
        "schema": "margin/1",
        **verdict_to_json(verdict),
        "mam_mm": {"value": value, "low": low - doubt, "high": high + doubt},
        "area_percent": {name: 100.0 * share for name, share in areas.items()},
        "shell_coverage_percent": {
            f"{width:g}": None if np.isnan(share) else 100.0 * share
            for width, share in shells.items()
        },
        "excluded_subcapsular_percent": 100.0 * excluded,
        "thinnest_point_lps_mm": surface.points_mm[thinnest].tolist(),
        "tumour_ml": mask.volume_ml,
    }


def _inside(organ: Mask | None, points_mm: Floats) -> Booleans:
    if organ is None:
        return np.ones(len(points_mm), dtype=bool)
    inside: Booleans = np.asarray(sample_membership(organ, points_mm) >= 0.5)
    return inside


def _judge(mam_mm: float, least_mm: Interval, wanted_margin_mm: float, excluded: float) -> Verdict:
    rejections, warnings = [], []
    if not least_mm.value >= 0:
        text = f"{-least_mm.value:.1f} mm of tumour lie outside the ablation zone"
        rejections.append(Reason("residual-tumour", f"{text}; the residual is a new target"))
    elif not mam_mm >= wanted_margin_mm:
        text = f"the least margin is {mam_mm:.1f} mm of the {wanted_margin_mm:g} mm wanted"
        warnings.append(Reason("margin-below-goal", f"{text}; see the thinnest point"))
    if least_mm.low < 0 <= least_mm.value:
        text = f"at the low end of the ranges the margin is {least_mm.low:.1f} mm"
        warnings.append(Reason("margin-uncertain", f"{text}; prove the margin after the ablation"))
    if excluded > 0:
        text = f"{excluded:.0%} of the tumour's surface is subcapsular and was left out"
        warnings.append(Reason("subcapsular", f"{text}; judge it by eye"))
    return verdict_from_reasons(rejections=tuple(rejections), warnings=tuple(warnings))
