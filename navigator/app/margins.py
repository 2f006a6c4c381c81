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
from navigator.app.inputs import hash_of_file
from navigator.app.margin_masks import load_margin_masks
from navigator.app.margin_verdict import MeasuredMargin, judge_margin, judge_source
from navigator.errors import InputRefusedError
from navigator.imaging.resample import sample_membership
from navigator.imaging.surfaces import find_surface
from navigator.imaging.surfels import signed_distance_to_surface_mm
from navigator.io.documents import interval_to_json, verdict_to_json
from navigator.io.documents.zones import load_planned_zones
from navigator.model.ablation import AblationZone, Interval
from navigator.model.outcome import Verdict, verdict_from_reasons, worst_verdict
from navigator.model.volume import Mask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from navigator.app.choices import MaskChoice, ScanChoice
    from navigator.arrays import Booleans, Floats
    from navigator.imaging.surfaces import SurfacePoints
    from navigator.io.documents.zones import PlannedZones

SHELLS_MM = (3.0, 5.0, 6.0, 10.0)
"""Shells around the tumour; 3 and 6 mm after doi:10.1007/s00330-020-07579-x."""


SUBCAPSULAR_MM = 5.0
"""What counts as subcapsular where no margin was named: the least margin in use."""

LARGEST_MARGIN_MM = 50.0
"""As in a plan request."""


def margin_document(  # noqa: PLR0913 - the options of the command, each by name
    *,
    tumour: MaskChoice,
    ablation: MaskChoice | None,
    zones: Path | None,
    organ: MaskChoice | None,
    wanted_margin_mm: float | None,
    scan: ScanChoice | None = None,
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
        The margin wanted, millimetres; None judges only whether tumour is left, says so, and calls
        subcapsular what lies within `SUBCAPSULAR_MM` of the capsule.
    scan : ScanChoice or None
        The scan on whose voxels the masks are laid; None takes those of the tumour's file.

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
    masks = load_margin_masks(tumour, ablation, organ, scan)
    mask, dead = masks.tumour, masks.ablation
    planned = None if zones is None else load_planned_zones(zones, mask.grid.frame)
    placed = () if planned is None else planned.zones
    found = _Found(
        mask=mask,
        surface=find_surface(mask),
        reach=_reach(dead, placed),
        zones=placed,
        organ=None if masks.organ is None else _joined(masks.organ, mask),
        residual_mm=_residual(mask, dead, placed),
    )
    seen = verdict_from_reasons(warnings=masks.remarks)
    source, notes = _judged_source(planned, tumour.path)
    verdict = worst_verdict(source, seen)
    return {**_document(found, wanted_margin_mm, verdict), "notes": notes}


def _judged_source(planned: PlannedZones | None, tumour: Path) -> tuple[Verdict, list[str]]:
    """Judge the plan that the zones are from, and tell what a person should know of its file."""
    if planned is None:
        return Verdict.accepted(), []
    verdict = judge_source(planned, hash_of_file(tumour))
    return verdict, [note.message for note in planned.notes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the files hold."""

    mask: Mask
    surface: SurfacePoints
    reach: Callable[[Floats], Floats]
    zones: tuple[AblationZone, ...]
    organ: Mask | None
    residual_mm: Floats
    """(n, 3) array: centres of the tumour's voxels that the ablation leaves out, LPS."""

    @property
    def residual_share(self) -> float:
        """How much of the tumour is left."""
        return len(self.residual_mm) / int(self.mask.members.sum())

    @property
    def doubt_mm(self) -> float:
        """Half a voxel for each outline that was drawn on voxels."""
        drawn = 1 if self.zones else 2
        return 0.5 * drawn * float(self.mask.grid.spacing_mm.max())

    def least_at_end_mm(self, points_mm: Floats, value_mm: float, bound: str) -> float:
        """Find the least margin over (n, 3) points at an end of the zones' ranges."""
        if not self.zones:
            return value_mm
        return least_margin_at_end_mm(points_mm, self.zones, bound=bound)


def _joined(organ: Mask, tumour: Mask) -> Mask:
    """Close the hole that the tumour leaves in the organ's label: it is no capsule."""
    return Mask(organ.members | tumour.members, organ.grid)


def _reach(dead: Mask | None, zones: tuple[AblationZone, ...]) -> Callable[[Floats], Floats]:
    if dead is None:
        return lambda points: signed_margins_mm(points, zones)
    surface = find_surface(dead)
    return lambda points: signed_distance_to_surface_mm(points, surface)


def _residual(tumour: Mask, dead: Mask | None, zones: tuple[AblationZone, ...]) -> Floats:
    """Find the tumour's voxels that are left: its surface says nothing of a hole inside it."""
    grid = tumour.grid
    if dead is not None:
        return grid.points_from_indices(np.argwhere(tumour.members & ~dead.members))
    centres = grid.points_from_indices(np.argwhere(tumour.members))
    left: Floats = centres[~(signed_margins_mm(centres, zones) >= 0)]
    return left


def _away_from_capsule(found: _Found, points_mm: Floats, wanted_margin_mm: float) -> Booleans:
    if found.organ is None:
        return np.ones(len(points_mm), dtype=bool)
    capsule = find_surface(found.organ)
    to_capsule = signed_distance_to_surface_mm(points_mm, capsule)
    kept: Booleans = np.asarray(to_capsule >= wanted_margin_mm)
    return kept


def _document(found: _Found, wanted_margin_mm: float | None, source: Verdict) -> dict[str, Any]:
    thinnest = _thinnest(found, wanted_margin_mm or SUBCAPSULAR_MM)
    verdict = judge_margin(
        MeasuredMargin(
            mam_mm=thinnest.mam_mm.value,
            least_mm=thinnest.least_mm,
            covered_share=1.0 - found.residual_share,
            residual_ml=found.residual_share * found.mask.volume_ml,
            subcapsular_share=thinnest.excluded_share,
        ),
        wanted_margin_mm,
    )
    shells = measure_shell_coverage(
        found.surface,
        SHELLS_MM,
        reach_mm=found.reach,
        in_organ=lambda points: _inside(found.organ, points),
    )
    return {
        "schema": "margin/1",
        **verdict_to_json(worst_verdict(verdict, source)),
        "mam_mm": interval_to_json(thinnest.mam_mm),
        "covered_percent": 100.0 * (1.0 - found.residual_share),
        "area_percent": {name: 100.0 * share for name, share in thinnest.area_share.items()},
        "shell_coverage_percent": {
            f"{width:g}": None if np.isnan(share) else 100.0 * share
            for width, share in shells.items()
        },
        "excluded_subcapsular_percent": 100.0 * thinnest.excluded_share,
        "thinnest_point_lps_mm": thinnest.point_mm.tolist(),
        "tumour_ml": found.mask.volume_ml,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thinnest:
    """The least margin, where it is, and how the surface is shared out."""

    mam_mm: Interval
    least_mm: Interval
    point_mm: Floats
    area_share: dict[str, float]
    excluded_share: float


def _thinnest(found: _Found, capsule_mm: float) -> _Thinnest:
    """Measure at the surface and at every voxel that is left, away from the capsule."""
    count = len(found.surface.points_mm)
    points = np.concatenate([found.surface.points_mm, found.residual_mm])
    margins, kept = found.reach(points), _away_from_capsule(found, points, capsule_mm)
    # where all of the surface is subcapsular there is no other surface to speak of
    counted = kept if kept[:count].any() else np.ones_like(kept)
    at = int(np.flatnonzero(counted)[np.argmin(margins[counted])])
    value, doubt, least = float(margins[at]), found.doubt_mm, float(margins.min())
    low, high = (found.least_at_end_mm(points[counted], value, end) for end in ("low", "high"))
    weights = found.surface.weights_mm2 / found.surface.weights_mm2.sum()
    shared = weights * counted[:count]
    return _Thinnest(
        mam_mm=Interval(value=value, low=min(low, value) - doubt, high=max(high, value) + doubt),
        # residual tumour is residual at the capsule too: the exclusion never hides it
        least_mm=Interval(value=least, low=min(low - doubt, least), high=np.inf),
        point_mm=points[at],
        area_share=area_share_by_margin(margins[:count], shared / shared.sum()),
        excluded_share=float(weights[~kept[:count]].sum()),
    )


def _inside(organ: Mask | None, points_mm: Floats) -> Booleans:
    if organ is None:
        return np.ones(len(points_mm), dtype=bool)
    inside: Booleans = np.asarray(sample_membership(organ, points_mm) >= 0.5)
    return inside
