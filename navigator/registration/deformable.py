"""How the liver and the rest of the body moved: a smooth field each, coarse to fine.

Each layer has a field of its own at nodes, smooth in itself and free of the others: so the liver
slides along the wall while the ribs beside it stay. The bones' layer has one rigid motion.

At each step the contrast is read anew, each layer's own noise weighs its residuals, and points that
differ much lose their weight (Geman-McClure). Slopes are taken from the planning scan, the quieter
of the two: noise in a slope makes every step too short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.registration._normal_kernels import sum_at_nodes
from navigator.registration._warp_kernels import blend_layers, carry_scan
from navigator.registration.body_motion import Comparison, index_affine, spread_hu
from navigator.registration.expectation import expect_new_values, find_shade, find_tissue
from navigator.registration.node_fields import NodeFields, Stage, moved_nodes, nodes_of_layer
from navigator.registration.smooth_steps import smoothness_within, solve_step

if TYPE_CHECKING:
    from navigator.arrays import Floats, Voxels
    from navigator.registration.expectation import TwoTissues
    from navigator.registration.lattice import LatticeImage
    from navigator.registration.layers import Layers

ROBUST_FACTOR = 2.0
"""Residual, by the layer's spread, at which a point keeps a quarter of its weight: wider lets the
streaks of a needle pull."""
EDGE_MM = 0.3
"""By so much an edge seems to lie off by blur alone: no steep edge shall outweigh all else."""
LONGEST_STEP_MM, SETTLED_MM = 6.0, 0.08
LONGER = 1.8
"""Of a step: noise in the slopes and points that lost their weight make each one too short."""
THINNED = 3
"""Of so many points one tells the spread."""
UNIT_MM = 8.0
"""Node distance at which the stiffness below is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stiffness:
    """How stiff a layer is, at nodes 8 mm apart, in the unit of the data term.

    Parameters
    ----------
    first_weight, second_weight : float
        Weight of the squared first and second differences of neighbouring nodes.
    """

    first_weight: float
    second_weight: float


REST = Stiffness(first_weight=0.02, second_weight=0.2)
LIVER = Stiffness(first_weight=0.02, second_weight=0.35)
"""A liver turns, is pressed together and bends in the large: an affine motion costs little, but
where contrast has washed out and half of its edge is cut off, not nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageScans:
    """What one resolution works on.

    Parameters
    ----------
    planning, new : LatticeImage
        Both scans, one spacing; the planning scan blurred as reading the new one blurs.
    layers : Layers
        On the planning lattice.
    tissues : TwoTissues
        The planning scan as liver and surroundings.
    """

    planning: LatticeImage
    new: LatticeImage
    layers: Layers
    tissues: TwoTissues

    def shares(self) -> Voxels:
        """Stack the layers' shares: rest, bone, and liver where there is one."""
        layers = self.layers
        named = [layers.rest, layers.bone]
        return np.stack(named if layers.liver is None else [*named, layers.liver])


def refine_fields(
    scans: StageScans, body: Floats, fields: NodeFields, stage: Stage
) -> tuple[NodeFields, Comparison]:
    """Refine the fields at one resolution.

    Parameters
    ----------
    scans : StageScans
        What it works on.
    body : (4, 4) array
        intraop_from_planning of the body, LPS millimetres; it follows the displacement.
    fields : NodeFields
        So far; those of the bones stay.
    stage : Stage
        The resolution.

    Returns
    -------
    fields : NodeFields
        At this stage's nodes.
    compared : Comparison
        What the new scan should show and shows, before the last step.
    """
    lattice = scans.planning.lattice
    spacing = lattice.spacing_mm
    pitch = spacing * stage.step
    fields = moved_nodes(fields, lattice, stage.step)
    values = fields.values_mm / np.float32(spacing)
    shares = scans.shares()
    # the bones' edge tells how the wall moves too
    data = {0: (shares[0] + shares[1]) * scans.planning.weights}
    stiffness = {0: REST}
    if scans.layers.liver_seen is not None:
        data[2], stiffness[2] = scans.layers.liver_seen, LIVER
    nodes = {layer: nodes_of_layer(data[layer], stage.step, values.shape[2:]) for layer in data}
    for _ in range(stage.iterations):
        compared = compare_deformed(scans, body, values, stage.step, shares)
        longest = 0.0
        for layer, share in data.items():
            smooth = smoothness_within(
                nodes[layer],
                stiffness[layer].first_weight * (UNIT_MM / pitch) ** 2,
                stiffness[layer].second_weight * (UNIT_MM / pitch) ** 4,
            )
            tensors, forces = sum_layer(compared, share, stage, nodes[layer].shape)
            step = solve_step(tensors, forces, smooth, values[layer])
            length = spacing * float(np.sqrt((step**2).sum(axis=0)).max())
            values[layer] += step * np.float32(min(LONGER, LONGEST_STEP_MM / max(length, 1e-6)))
            longest = max(longest, length)
        if longest < SETTLED_MM:
            break
    refined = NodeFields(
        values_mm=values * np.float32(spacing), pitch_mm=pitch, origin_mm=lattice.origin_mm
    )
    return refined, compared


def compare_deformed(
    scans: StageScans, body: Floats, values: Voxels, step: int, shares: Voxels
) -> Comparison:
    """Carry the new scan to the planning lattice through the layers' fields and compare.

    Parameters
    ----------
    scans : StageScans
        Both scans.
    body : (4, 4) array
        intraop_from_planning of the body, LPS millimetres.
    values : (l, 3, n, m, o) array
        The fields, lattice steps.
    step : int
        Lattice points from node to node.
    shares : (l, z, y, x) array
        Shares of the layers.

    Returns
    -------
    Comparison
        Expected and carried values.
    """
    planning, new = scans.planning, scans.new
    shape = planning.values.shape
    displacement = np.empty((*shape, 3), np.float32)
    blend_layers(values, shares, step, displacement)
    carried, seen = np.empty(shape, np.float32), np.empty(shape, np.float32)
    affine = index_affine(planning, new, body)
    carry_scan(new.values, new.weights, affine, displacement, planning.weights, carried, seen)
    expected = expect_new_values(scans.tissues, carried, seen)
    shown = np.flatnonzero(find_tissue(planning.values, carried, seen))[::THINNED]
    noise = spread_hu(carried.ravel()[shown] - expected.ravel()[shown])
    expected += find_shade(carried - expected, seen, noise, planning.lattice.spacing_mm)
    noise = spread_hu(carried.ravel()[shown] - expected.ravel()[shown])
    return Comparison(expected=expected, carried=carried, weights=seen, noise_hu=noise)


def sum_layer(
    compared: Comparison, share: Voxels, stage: Stage, counts: tuple[int, ...]
) -> tuple[Voxels, Voxels]:
    """Sum what the images say of a layer's field.

    Parameters
    ----------
    compared : Comparison
        Both scans through the fields.
    share : (z, y, x) array
        How much each point says of the layer.
    stage : Stage
        The resolution.
    counts : tuple of three int
        Nodes along (z, y, x).

    Returns
    -------
    tensors, forces : (6, n, m, o), (3, n, m, o) array
        Per point of a node's cell, 1/mm² and 1/mm, in units of the noise.
    """
    shown = find_tissue(compared.expected, compared.carried, compared.weights)
    chosen = np.flatnonzero(shown & (share > 0.5))[::THINNED]
    noise = spread_hu(compared.carried.ravel()[chosen] - compared.expected.ravel()[chosen])
    n, m, o = counts
    sums = sum_at_nodes(
        compared.expected,
        compared.carried,
        compared.weights,
        share,
        noise,
        EDGE_MM / stage.spacing_mm,
        ROBUST_FACTOR,
        stage.step,
        (n, m, o),
    )
    # the smoothness is written for millimetres, the slopes for lattice steps
    scale = np.float32(1.0 / (stage.step**3 * stage.spacing_mm**2))
    return scale * sums[:6], scale * sums[6:]
