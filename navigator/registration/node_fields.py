"""Displacement fields of the layers at nodes, from one resolution to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.registration._warp_kernels import blend_layers

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats, Voxels
    from navigator.registration.lattice import Lattice


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One resolution.

    Parameters
    ----------
    spacing_mm : float
        Of the lattice.
    step : int
        Lattice points from node to node.
    iterations : int
        At most.
    """

    spacing_mm: float
    step: int
    iterations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFields:
    """Fields of the layers at nodes.

    Parameters
    ----------
    values_mm : (l, 3, n, m, o) array
        Displacements (z, y, x) before the body's motion, float32; rest, bone, then liver.
    pitch_mm : float
        Node distance.
    origin_mm : (3,) array
        First node, (z, y, x).
    """

    values_mm: Voxels
    pitch_mm: float
    origin_mm: Floats


def start_fields(
    lattice: Lattice, stage: Stage, bone_step: Floats, liver_shift_mm: Floats | None
) -> NodeFields:
    """Start the layers' fields.

    Parameters
    ----------
    lattice : Lattice
        Of the coarsest stage.
    stage : Stage
        That stage.
    bone_step : (4, 4) array
        The bones' motion before the body's, LPS millimetres.
    liver_shift_mm : (3,) array or None
        Where the liver's search starts, (z, y, x); None without a liver.

    Returns
    -------
    NodeFields
        The bones' rigid motion for them and for the rest, whose wall goes with them; a shift for
        the liver.
    """
    counts, pitch = _node_counts(lattice.shape, stage.step), lattice.spacing_mm * stage.step
    layers = 2 if liver_shift_mm is None else 3
    values = np.zeros((layers, 3, *counts), np.float32)
    values[:2] = _rigid_at_nodes(bone_step, lattice, pitch, counts)
    if liver_shift_mm is not None:
        values[2] = liver_shift_mm[:, None, None, None]
    return NodeFields(values_mm=values, pitch_mm=pitch, origin_mm=lattice.origin_mm)


def _rigid_at_nodes(
    step: Floats, lattice: Lattice, pitch_mm: float, counts: tuple[int, int, int]
) -> Voxels:
    """Write a motion (4, 4) as displacements (3, n, m, o), (z, y, x)."""
    axes = [lattice.origin_mm[a] + pitch_mm * np.arange(counts[a]) for a in range(3)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)[..., ::-1]
    moved = points @ step[:3, :3].T + step[:3, 3] - points
    at_nodes: Voxels = np.moveaxis(moved[..., ::-1], -1, 0).astype(np.float32)
    return at_nodes


def _node_counts(shape: tuple[int, ...], step: int) -> tuple[int, int, int]:
    """Count the nodes that span a lattice: at least two along each axis."""
    n, m, o = (max(2, -(-(count - 1) // step) + 1) for count in shape)
    return n, m, o


def moved_nodes(before: NodeFields, lattice: Lattice, step: int) -> NodeFields:
    """Read fields at the nodes of another lattice."""
    counts, pitch = _node_counts(lattice.shape, step), lattice.spacing_mm * step
    axes = [
        (lattice.origin_mm[a] + pitch * np.arange(counts[a]) - before.origin_mm[a])
        / before.pitch_mm
        for a in range(3)
    ]
    at = np.stack(np.meshgrid(*axes, indexing="ij"))
    values = np.empty((*before.values_mm.shape[:2], *counts), np.float32)
    for layer, field in enumerate(before.values_mm):
        for axis, component in enumerate(field):
            ndimage.map_coordinates(
                component, at, output=values[layer, axis], order=1, mode="nearest"
            )
    return NodeFields(values_mm=values, pitch_mm=pitch, origin_mm=lattice.origin_mm)


def nodes_of_layer(share: Voxels, step: int, counts: tuple[int, ...]) -> Booleans:
    """Find the nodes about a layer and two rows around them, (n, m, o)."""
    n, m, o = counts
    padded = np.zeros((n * step, m * step, o * step), dtype=bool)
    padded[tuple(slice(0, count) for count in share.shape)] = share > 0
    cells = np.asarray(padded.reshape(n, step, m, step, o, step).any(axis=(1, 3, 5)))
    near: Booleans = ndimage.binary_dilation(cells, np.ones((5, 5, 5), dtype=bool))
    return near


def blended_mm(fields: NodeFields, shares: Voxels, step: int) -> Voxels:
    """Blend the layers' fields at the lattice points.

    Parameters
    ----------
    fields : NodeFields
        At the lattice's nodes.
    shares : (l, z, y, x) array
        Shares of the layers.
    step : int
        Lattice points from node to node.

    Returns
    -------
    (z, y, x, 3) array
        Displacements (z, y, x), millimetres, float32.
    """
    blended = np.empty((*shares.shape[1:], 3), np.float32)
    blend_layers(fields.values_mm, shares, step, blended)
    return blended
