"""One displacement field of several layers: the liver slides along its neighbours, and pushes them.

Along the surface two layers may go different ways: the field changes from one to the other within
a few millimetres. Across the surface they may not, for tissue neither parts nor passes through
other tissue: what the liver goes farther than its neighbours there, they follow, the less the
farther off. The liver itself stays as it was found.

References
----------
Z. Wu, E. Rietzel, V. Boldea, D. Sarrut, G. C. Sharp, Med. Phys. 35 (2008),
doi:10.1118/1.2839115: continuous across the wall, free along it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.imaging.blurring import blur
from navigator.imaging.distance import measure_distances_mm, measure_signed_distances_mm
from navigator.registration.folds import unfold
from navigator.registration.node_fields import blended_mm, nodes_of_layer

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Voxels
    from navigator.registration.deformable import StageScans
from navigator.registration.node_fields import NodeFields, Stage

OWN_MM = 1.0
"""So far outside its surface all still moves with the liver: its outline is no finer."""
GROOVE_MM = 14.0
"""Vena cava, gallbladder and fat in a groove less than twice as wide move with the liver."""
SLIDE_MM = 8.0
"""Over so much more the motion along the surface becomes that of the neighbours."""
REACH_OF_PUSH = 1.8
"""Neighbours follow a push over so many times its length: a smooth ramp, at its steepest 1.5 times
its mean, then leaves a sixth of the tissue's thickness."""
REACH_MM = (10.0, 60.0)
RIM_MM = 6.0
"""Deeper in the liver than this no fold is mended."""
NORMAL_BLUR_MM = 6.0
"""A surface of lattice points has no normal; that of its blurred distance has."""
PUSH_BLUR_MM = 6.0
SMOOTHINGS = 6


def join_layers(scans: StageScans, fields: NodeFields, stage: Stage) -> Voxels:
    """Join the layers' fields into one.

    Parameters
    ----------
    scans : StageScans
        What the fields were found on.
    fields : NodeFields
        Of rest, bone, and liver where there is one.
    stage : Stage
        Their resolution.

    Returns
    -------
    (z, y, x, 3) array
        Displacements (z, y, x), millimetres, float32, without folds.
    """
    layers, spacing = scans.layers, scans.planning.lattice.spacing_mm
    everywhere = np.ones(layers.bone.shape, np.float32)
    if layers.liver_seen is None or not scans.tissues.liver.any():
        return unfold(blended_mm(fields, scans.shares(), stage.step), spacing, everywhere)
    of_liver = _alone(_carried_on(fields, layers.liver_seen, stage), 2, scans, stage)
    bone = layers.bone / np.maximum(layers.bone + layers.rest, np.float32(1e-3))
    others = replace(fields, values_mm=fields.values_mm[:2])
    outer = blended_mm(others, np.stack([1 - bone, bone]), stage.step)
    outer = unfold(outer, spacing, everywhere)
    distance = _distance_mm(scans.tissues.liver, spacing)
    normal = _normals(distance, spacing)
    push = ((of_liver - outer) * normal).sum(axis=-1)
    reach = blur(np.abs(push), PUSH_BLUR_MM / spacing) * np.float32(REACH_OF_PUSH)
    away = np.maximum(distance - np.float32(OWN_MM), 0)
    followed = _ramp(away / np.clip(reach, *REACH_MM)) * push
    outer += followed[..., None] * normal
    share = (_ramp(away / np.float32(SLIDE_MM)) * (1 - layers.bone))[..., None]
    outer += share * (of_liver - outer)
    return unfold(outer, spacing, np.clip(1 + (distance - OWN_MM) / np.float32(RIM_MM), 0, 1))


def _distance_mm(liver: Booleans, spacing_mm: float) -> Voxels:
    """Measure the signed distance (z, y, x) from the liver with what its grooves hold."""
    steps = np.full(3, spacing_mm)
    # beyond twice the groove's width nothing is filled, and nothing need be measured
    pad = int(2.0 * GROOVE_MM / spacing_mm) + 2
    box = tuple(
        slice(max(0, span.start - pad), span.stop + pad)
        for span in ndimage.find_objects(liver.astype(np.int8))[0]
    )
    far = measure_distances_mm(liver[box], steps) > GROOVE_MM
    filled = liver.copy()
    filled[box] |= measure_distances_mm(far, steps) > GROOVE_MM
    return measure_signed_distances_mm(filled, steps)


def _alone(fields: NodeFields, layer: int, scans: StageScans, stage: Stage) -> Voxels:
    """Read one layer's field at all lattice points."""
    one = replace(fields, values_mm=fields.values_mm[layer : layer + 1])
    everywhere = np.ones((1, *scans.planning.values.shape), np.float32)
    return blended_mm(one, everywhere, stage.step)


def _carried_on(fields: NodeFields, seen: Voxels, stage: Stage) -> NodeFields:
    """Carry the liver's field on beyond its own nodes, smoothly."""
    values = np.array(fields.values_mm)
    own = nodes_of_layer(seen, stage.step, values.shape[2:])
    nearest = ndimage.distance_transform_edt(~own, return_distances=False, return_indices=True)
    for component in values[2]:
        first = component[tuple(nearest)]
        soft = first
        for _ in range(SMOOTHINGS):
            soft = np.where(own, first, blur(soft, 1.0))
        component[:] = soft
    return replace(fields, values_mm=values)


def _normals(distance_mm: Voxels, spacing_mm: float) -> Voxels:
    """Find the directions (z, y, x, 3) away from the liver, of length one."""
    soft = blur(distance_mm, NORMAL_BLUR_MM / spacing_mm)
    slopes = np.stack([np.gradient(soft, axis=axis) for axis in range(3)], axis=-1)
    lengths = np.linalg.norm(slopes, axis=-1, keepdims=True)
    normals: Voxels = slopes / np.maximum(lengths, np.float32(1e-6))
    return normals


def _ramp(share: Voxels) -> Voxels:
    """Fall smoothly from 1 at 0 to 0 at 1."""
    left = np.clip(1 - share, 0, 1)
    fallen: Voxels = left * left * (3 - 2 * left)
    return fallen
