"""A registration in which lesions keep their shape: field, errors, and what speaks against it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.imaging.displacing import measure_jacobian
from navigator.model.displacement import DisplacementField, ErrorMap
from navigator.model.outcome import Reason, verdict_from_reasons, worst_verdict
from navigator.registration.firm import firm_parts, hold_firm, yielding_tissue
from navigator.registration.whole_quality import judge_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Booleans, Voxels
    from navigator.model.volume import Mask
    from navigator.registration.registered import Registration
    from navigator.registration.stages import FoundFields

LEAST_SHOWN = 0.9
"""Share of a part that both scans must show."""
BENT_MM = 3.0
"""A part that the field bends by more than this from a rigid motion may be none that stays firm."""


def with_firm_parts(result: Registration, found: FoundFields, firm: Mask) -> Registration:
    """Hold parts firm in a registration, and judge it anew.

    Parameters
    ----------
    result : Registration
        As it was found.
    found : FoundFields
        What it was made of.
    firm : Mask
        The parts, in the planning scan.

    Returns
    -------
    Registration
        With the field that holds them, errors grown by what that changed, and a verdict that says
        what could not be held, or fits badly.

    Raises
    ------
    StructureRefusedError
        ``firm-in-pieces``.
    """
    scans, spacing = found.scans, found.stage.spacing_mm
    parts = firm_parts(firm, scans.planning.lattice)
    before = np.ascontiguousarray(result.field.vectors_mm[..., ::-1])
    yields = yielding_tissue(scans.tissues.liver, scans.layers.bone, spacing)
    after = hold_firm(before, parts, yields, spacing)
    change = np.linalg.norm(after - before, axis=-1).astype(np.float32)
    quality = replace(
        result.quality, least_jacobian_ratio=float(measure_jacobian(after, spacing).min())
    )
    errors = result.errors
    if errors is not None:
        errors = ErrorMap(errors.radius95_mm + change, errors.grid)
    judged = judge_whole(quality)
    reasons = (*_not_shown(parts, found.compared.weights > 0), *_bent(parts, change))
    return replace(
        result,
        field=DisplacementField(after[..., ::-1], result.field.grid),
        errors=errors,
        quality=quality,
        verdict=worst_verdict(judged, verdict_from_reasons(warnings=reasons)),
    )


def _not_shown(parts: Sequence[Booleans], shown: Booleans) -> list[Reason]:
    """Warn of parts that lie, wholly or partly, where not both scans show something."""
    shares = [float(shown[part].mean()) if part.any() else 0.0 for part in parts]
    missing = sum(share < LEAST_SHOWN for share in shares)
    if parts and not missing:
        return []
    text = f"{missing} of {len(parts)} lesions that were to keep their shape"
    return [Reason("firm-part-not-shown", f"{text} are not wholly shown by both scans")]


def _bent(parts: Sequence[Booleans], change_mm: Voxels) -> list[Reason]:
    """Warn of parts that the field bends far from any rigid motion."""
    bends = [float(np.percentile(change_mm[each], 95)) for each in parts if each.any()]
    most = max(bends, default=0.0)
    if most <= BENT_MM:
        return []
    text = f"the lesion that was to keep its shape is bent by up to {most:.1f} mm in what was found"
    return [Reason("firm-part-bent", f"{text}; see whether it is the lesion's label")]
