"""How liver, bone and the rest of the body moved: one smooth field each, coarse to fine.

Each layer has a field of its own at nodes, smooth in itself and free of the others: so the liver
slides along the wall, and the ribs beside it stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.registration._warp_kernels import (
    blend_layers,
    carry_scan,
    expect_values,
    sum_at_nodes,
)
from navigator.registration.body_motion import index_affine, spread_hu
from navigator.registration.contrast import BIN_HU, find_flat, fit_contrast
from navigator.registration.lattice import WINDOW_HU
from navigator.registration.smooth_steps import smoothness_within, solve_step

if TYPE_CHECKING:
    from navigator.arrays import Floats, Voxels
    from navigator.registration.lattice import LatticeImage
    from navigator.registration.layers import Layers


@dataclass(frozen=True, slots=True, kw_only=True)
class Stiffness:
    first: float
    second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    spacing_mm: float
    step: int
    iterations: int


STAGES = (
    Stage(spacing_mm=8.0, step=2, iterations=8),
    Stage(spacing_mm=5.0, step=2, iterations=8),
    Stage(spacing_mm=3.0, step=3, iterations=8),
    Stage(spacing_mm=2.2, step=3, iterations=6),
)
STIFFNESS = {
    "rest": Stiffness(first=0.02, second=0.2),
    "bone": Stiffness(first=0.5, second=20.0),
    "liver": Stiffness(first=0.0, second=5.0),
}
ROBUST_FACTOR = 2.0
OWN_SLOPE = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFields:
    values: Voxels  # (l,3,n,m,o) mm
    spacing_mm: float
    origin_mm: Floats


def node_counts(shape, step):
    return tuple(max(2, -(-(n - 1) // step) + 1) for n in shape)


def moved_nodes(before: NodeFields, lattice, step) -> NodeFields:
    """Read fields at the nodes of another lattice."""
    counts = node_counts(lattice.shape, step)
    pitch = lattice.spacing_mm * step
    axes = [
        (lattice.origin_mm[a] + pitch * np.arange(counts[a]) - before.origin_mm[a])
        / before.spacing_mm
        for a in range(3)
    ]
    at = np.stack(np.meshgrid(*axes, indexing="ij"))
    values = np.empty((*before.values.shape[:2], *counts), np.float32)
    for l in range(values.shape[0]):
        for d in range(3):
            ndimage.map_coordinates(
                before.values[l, d], at, output=values[l, d], order=1, mode="nearest"
            )
    return NodeFields(values=values, spacing_mm=pitch, origin_mm=lattice.origin_mm)


def tied_nodes(share, step, nodes):
    """Find the nodes of a layer and one more row around them."""
    padded = np.zeros([n * step for n in nodes], bool)
    padded[tuple(slice(0, n) for n in share.shape)] = share > 0
    n, m, o = nodes
    cells = padded.reshape(n, step, m, step, o, step).any(axis=(1, 3, 5))
    return ndimage.binary_dilation(cells, np.ones((5, 5, 5), bool))


def refine(
    planning: LatticeImage,
    new: LatticeImage,
    matrix: Floats,
    layers: Layers,
    inside: Voxels,
    fields: NodeFields,
    stage: Stage,
    log=None,
) -> NodeFields:
    spacing = planning.lattice.spacing_mm
    fields = moved_nodes(fields, planning.lattice, stage.step)
    values = fields.values / np.float32(spacing)
    affine = index_affine(planning, new, matrix)
    shape = planning.values.shape
    nodes = values.shape[2:]
    displacement = np.empty((*shape, 3), np.float32)
    carried, seen, expected = (np.empty(shape, np.float32) for _ in range(3))
    organ = inside > 0.5
    core = ndimage.binary_erosion(organ)
    flat = find_flat(planning.values)
    pitch = spacing * stage.step
    all_ties = [tied_nodes(layers.shares[l], stage.step, nodes) for l in range(len(layers.names))]
    for it in range(stage.iterations):
        blend_layers(values, layers.shares, stage.step, displacement)
        carry_scan(
            new.values, new.weights, affine, displacement, planning.weights, carried, seen
        )
        used = seen > 0
        tissue = used & ((planning.values > WINDOW_HU[0] + 10) | (carried > WINDOW_HU[0] + 10))
        outer = fit_contrast(planning.values, carried, tissue & ~organ & flat)
        inner = fit_contrast(planning.values, carried, tissue & core & flat) if organ.any() else outer
        expect_values(
            planning.values, inside, np.stack([outer, inner]), WINDOW_HU[0], BIN_HU, expected
        )
        largest = 0.0
        residual = carried - expected
        for l, name in enumerate(layers.names):
            if name == "bone":
                continue
            share = layers.shares[l] if name != "rest" else (
                1 - layers.shares[layers.names.index("liver")] if "liver" in layers.names else np.ones_like(seen))
            sd = spread_hu(residual[tissue & (share > 0.5)])
            sums = sum_at_nodes(
                expected, carried, seen, share, ROBUST_FACTOR * sd, OWN_SLOPE, stage.step, nodes
            )
            # steps -> mm: g per step; weight 1/sd^2, per voxel of a node's cell
            scale = np.float32(1.0 / (sd * sd * stage.step**3 * spacing**2))
            stiff = STIFFNESS[name]
            smooth = smoothness_within(
                all_ties[l], stiff.first * (8.0 / pitch) ** 2, stiff.second * (8.0 / pitch) ** 4
            )
            step = solve_step(sums[:6] * scale, sums[6:] * scale, smooth, values[l])
            length = float(np.sqrt((step**2).sum(axis=0)).max())
            longest = 6.0 / spacing
            step *= np.float32(min(1.0, longest / max(length, 1e-6)))
            values[l] += step
            largest = max(largest, length * spacing)
            if log: log(f"    {spacing} {it} {name} sd {sd:.1f} step {length*spacing:.2f} max {np.abs(values[l]).max()*spacing:.1f}")
        if largest < 0.08:
            break
    return NodeFields(values=values * np.float32(spacing), spacing_mm=pitch, origin_mm=planning.lattice.origin_mm)
