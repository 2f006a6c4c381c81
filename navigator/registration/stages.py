"""The way from two scans to the layers' fields, resolution by resolution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.registration.body_motion import index_affine
from navigator.registration.bone_motion import (
    around,
    find_bone_motion,
    find_local_shifts,
    keep_what_follows,
)
from navigator.registration.deformable import StageScans, refine_fields
from navigator.registration.expectation import MOSTLY, blur_as_reading, tell_tissues_apart
from navigator.registration.lattice import TISSUE_HU, LatticeImage, read_array
from navigator.registration.lattice_pair import COARSE_MM, FINE_MM, MIDDLE_MM, LatticePair
from navigator.registration.layers import (
    BONE_HU,
    CORTEX_HU,
    SURE_BONE_HU,
    SURE_CORTEX_HU,
    Layers,
    build_layers,
    find_bone,
)
from navigator.registration.levels import coarser_image, cut_image
from navigator.registration.node_fields import NodeFields, Stage, start_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Floats, Voxels
    from navigator.registration.body_motion import Comparison

LIVER_STAGES = (
    Stage(spacing_mm=COARSE_MM, step=2, iterations=4),
    Stage(spacing_mm=MIDDLE_MM, step=2, iterations=5),
    Stage(spacing_mm=FINE_MM, step=4, iterations=7),
)
"""The new scan's slices stand 2.5 mm apart: a finer lattice would hold no more of it."""
RIM_MM = 6.0
"""The liver's edge is what can be seen of a smooth liver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayeredPair:
    """Both scans with their layers, cut to what both show.

    Parameters
    ----------
    pair : LatticePair
        The scans.
    body, bones : (4, 4) array
        Rigid motions, intraop_from_planning, LPS millimetres.
    bone_lead_score, bone_correlation : float or None
        Lead of the bones' motion over the next best one, and how well it fits; None without bone.
    layers : Layers
        At the finest spacing.
    liver_shift_mm : (3,) array or None
        Where the liver correlates best, before the body's motion, (z, y, x).
    liver_points : int
        How many points of the finest lattice the whole liver has, before the cut.
    """

    pair: LatticePair
    body: Floats
    bones: Floats
    bone_lead_score: float | None
    bone_correlation: float | None
    layers: Layers
    liver_shift_mm: Floats | None
    liver_points: int

    def scans(self, stage: Stage) -> StageScans:
        """Lay scans and layers on the lattice of a stage."""
        planning, liver = self.pair.planning[stage.spacing_mm], self.pair.liver
        fine = self.pair.planning[FINE_MM].lattice

        def there(array: Voxels) -> Voxels:
            if stage.spacing_mm == FINE_MM:
                return array
            return read_array(array, fine.lps_from_index(), planning.lattice, outside_value=0.0)

        bone = there(self.layers.bone)
        of_liver, seen = (
            None if each is None else there(each)
            for each in (self.layers.liver, self.layers.liver_seen)
        )
        share = None if liver is None else blur_as_reading(there(liver))
        blurred = replace(planning, values=blur_as_reading(planning.values))
        return StageScans(
            planning=blurred,
            new=self.pair.new[stage.spacing_mm],
            layers=Layers(
                rest=1 - bone - (0 if of_liver is None else of_liver),
                bone=bone,
                liver=of_liver,
                liver_seen=seen,
            ),
            tissues=tell_tissues_apart(blurred.values, share),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFields:
    """What the stages found.

    Parameters
    ----------
    scans : StageScans
        What the last stage worked on.
    fields : NodeFields
        Of the last stage.
    compared : Comparison
        Both scans through them.
    stage : Stage
        The last one.
    """

    scans: StageScans
    fields: NodeFields
    compared: Comparison
    stage: Stage


def find_layers(pair: LatticePair, body: Floats) -> LayeredPair:
    """Cut the scans to what both show, and tell bones and liver from the rest.

    Parameters
    ----------
    pair : LatticePair
        Both scans.
    body : (4, 4) array
        intraop_from_planning, LPS millimetres.

    Returns
    -------
    LayeredPair
        With the motion of the bones, and the shift of the liver.
    """
    liver_points = 0 if pair.liver is None else int((pair.liver > MOSTLY).sum())
    pair = _cut(pair, body)
    fine, new = pair.planning[FINE_MM], pair.new[FINE_MM]
    sure = find_bone(fine, pair.liver, bone_hu=SURE_BONE_HU, cortex_hu=SURE_CORTEX_HU)
    chosen = _weights_at(around(sure, FINE_MM), pair, (MIDDLE_MM, FINE_MM))
    spacings = {spacing: pair.planning[spacing] for spacing in chosen}
    found = find_bone_motion(spacings, pair.new, body, chosen)
    bones = body if found is None else found.motion.matrix
    dense = find_bone(fine, pair.liver, bone_hu=BONE_HU, cortex_hu=CORTEX_HU)
    bone = keep_what_follows(dense, fine, new, body, bones)
    shift = None
    if pair.liver is not None:
        rounds = max(1, round(RIM_MM / FINE_MM))
        rim = ndimage.binary_dilation(pair.liver >= 0.5, iterations=rounds).astype(np.float32)
        weights = _weights_at(rim, pair, (MIDDLE_MM,))[MIDDLE_MM]
        peaks = find_local_shifts(pair.planning[MIDDLE_MM], pair.new[MIDDLE_MM], body, weights)
        shift = peaks[0].shift_mm if peaks else np.zeros(3)
    return LayeredPair(
        pair=pair,
        body=body,
        bones=bones,
        bone_lead_score=None if found is None else found.lead_score,
        bone_correlation=None if found is None else found.motion.correlation,
        layers=build_layers(bone, pair.liver, FINE_MM),
        liver_shift_mm=shift,
        liver_points=liver_points,
    )


def _weights_at(
    chosen: Voxels, pair: LatticePair, spacings: tuple[float, ...]
) -> dict[float, Voxels]:
    """Lay a part of the finest lattice on others, without what does not count there."""
    affine = pair.planning[FINE_MM].lattice.lps_from_index()
    found = {}
    for spacing in spacings:
        image = pair.planning[spacing]
        share = read_array(chosen, affine, image.lattice, outside_value=0.0)
        found[spacing] = (share > 0.3).astype(np.float32) * image.weights
    return found


def _cut(pair: LatticePair, body: Floats) -> LatticePair:
    """Cut the planning scan to the body that the new scan shows, and a rim."""
    coarse, new = pair.planning[COARSE_MM], pair.new[COARSE_MM]
    tissue = np.argwhere(coarse.values > TISSUE_HU)
    affine = index_affine(coarse, new, body)
    at = tissue @ affine[:, :3].T + affine[:, 3]
    shown = tissue[((at > -3) & (at < np.array(new.values.shape) + 2)).all(axis=1)]
    if not len(shown):
        return pair
    low = coarse.lattice.origin_mm + COARSE_MM * (shown.min(axis=0) - 1)
    high = coarse.lattice.origin_mm + COARSE_MM * (shown.max(axis=0) + 1)
    fine, part = cut_image(pair.planning[FINE_MM], low, high)
    fine = replace(fine, weights=_near_tissue(fine))
    planning = {spacing: coarser_image(fine, spacing) for spacing in (COARSE_MM, MIDDLE_MM)}
    liver = None if pair.liver is None else np.ascontiguousarray(pair.liver[part])
    return LatticePair(planning=planning | {FINE_MM: fine}, new=pair.new, liver=liver)


def _near_tissue(image: LatticeImage) -> Voxels:
    """Take the weight from air beyond the skin's edge."""
    tissue = (image.values > TISSUE_HU).astype(np.uint8)
    near: Voxels = image.weights * ndimage.maximum_filter(tissue, 3)
    return near


def run_stages(
    layered: LayeredPair, beside_mm: Floats, laid: Sequence[StageScans]
) -> list[FoundFields]:
    """Refine the layers' fields through the resolutions.

    Parameters
    ----------
    layered : LayeredPair
        Both scans.
    beside_mm : (3,) array
        The liver's search starts so far beside its best shift, (z, y, x).
    laid : sequence of StageScans
        Both scans at the first of the `LIVER_STAGES`, or at all of them.

    Returns
    -------
    list of FoundFields
        Of each of them, coarse first.
    """
    start = None if layered.liver_shift_mm is None else layered.liver_shift_mm + beside_mm
    bone_step = np.linalg.inv(layered.body) @ layered.bones
    fields = start_fields(laid[0].planning.lattice, LIVER_STAGES[0], bone_step, start)
    found: list[FoundFields] = []
    for stage, scans in zip(LIVER_STAGES, laid, strict=False):
        fields, compared = refine_fields(scans, layered.body, fields, stage)
        found.append(FoundFields(scans=scans, fields=fields, compared=compared, stage=stage))
    return found
