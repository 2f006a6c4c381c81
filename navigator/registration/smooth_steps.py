"""The step of a displacement field that the data ask for and smoothness allows.

At nodes: (T + S) du = b - S u, with the structure tensors T and forces b of the images and the
smoothness S: first order holds neighbours together, second order lets a field go on as it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.registration._smoothness_kernels import (
    add_first_order,
    add_second_order,
    conjugate_gradients,
)

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Voxels

MOST_ITERATIONS = 40
TOLERANCE = 1e-2
"""Of the residual against the right side: the next linearisation is worth more than digits."""
LEAST_DIAGONAL = 1e-9
RIDGE = 1e-4
"""Of the affine step, by the mean of its diagonal: what the images do not say stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothness:
    """How stiff a field is.

    Parameters
    ----------
    nodes : (n, m, o) array of bool
        The layer's nodes.
    ties, bends : (3, n, m, o) array
        Weights of first and second differences along (z, y, x), in the unit of the tensors,
        float32; zero where a node has no neighbour in its layer.
    """

    nodes: Booleans
    ties: Voxels
    bends: Voxels

    def apply(self, field: Voxels) -> Voxels:
        """Give the gradient of the smoothness at a field (3, n, m, o)."""
        out = np.zeros_like(field)
        add_first_order(field, self.ties, out)
        add_second_order(field, self.bends, out)
        return out

    def diagonal(self) -> Voxels:
        """Give the diagonal of the smoothness, (n, m, o)."""
        total = np.zeros(self.ties.shape[1:], np.float32)
        for axis in range(3):
            before, after = _shifted(axis, 0), _shifted(axis, 1)
            tie = self.ties[axis][before]
            total[before] += tie
            total[after] += tie
            bend = self.bends[axis]
            total += 4 * bend
            total[before] += bend[after]
            total[after] += bend[before]
        return total


def smoothness_within(nodes: Booleans, first_weight: float, second_weight: float) -> Smoothness:
    """Tie the nodes of a layer to each other and to nothing else.

    Parameters
    ----------
    nodes : (n, m, o) array of bool
        The layer's nodes.
    first_weight, second_weight : float
        Weights of the first and second order.

    Returns
    -------
    Smoothness
        A difference that leaves the layer has no weight.
    """
    ties = np.zeros((3, *nodes.shape), np.float32)
    bends = np.zeros_like(ties)
    for axis in range(3):
        before, after = _shifted(axis, 0), _shifted(axis, 1)
        pairs = nodes[before] & nodes[after]
        ties[axis][before] = first_weight * pairs
        bends[axis][before] = second_weight * pairs
        bends[axis][after] *= pairs
        edge = [slice(None)] * 3
        edge[axis] = slice(0, 1)
        bends[axis][tuple(edge)] = 0.0
    return Smoothness(nodes=nodes, ties=ties, bends=bends)


def _shifted(axis: int, by: int) -> tuple[slice, ...]:
    """Cut the last (by 0) or the first (by 1) node off an axis."""
    cut = slice(0, -1) if by == 0 else slice(1, None)
    return tuple(cut if a == axis else slice(None) for a in range(3))


def solve_step(tensors: Voxels, forces: Voxels, smoothness: Smoothness, field: Voxels) -> Voxels:
    """Solve for the step of a field by conjugate gradients.

    Parameters
    ----------
    tensors : (6, n, m, o) array
        Structure tensors at the nodes: zz, yy, xx, zy, zx, yx; float32.
    forces : (3, n, m, o) array
        Forces at the nodes.
    smoothness : Smoothness
        How stiff the field is.
    field : (3, n, m, o) array
        The field so far.

    Returns
    -------
    (3, n, m, o) array
        The step to add, float32.
    """
    step = np.zeros_like(forces)
    if not smoothness.nodes.any():
        return step
    # beyond the layer nothing is moved, and nothing need be summed
    box = (slice(None), *ndimage.find_objects(smoothness.nodes.astype(np.int8))[0])
    own = Smoothness(
        nodes=smoothness.nodes[box[1:]],
        ties=np.ascontiguousarray(smoothness.ties[box]),
        bends=np.ascontiguousarray(smoothness.bends[box]),
    )
    tensors, right = (np.ascontiguousarray(each[box]) for each in (tensors, forces))
    right -= own.apply(np.ascontiguousarray(field[box]))
    step[box], _ = conjugate_gradients(
        tensors,
        own.ties,
        own.bends,
        tensors[:3] + own.diagonal() + np.float32(LEAST_DIAGONAL),
        right,
        fit_affine_step(tensors, right, own.nodes),
        MOST_ITERATIONS,
        TOLERANCE,
    )
    return step


def fit_affine_step(tensors: Voxels, forces: Voxels, nodes: Booleans) -> Voxels:
    """Solve for the affine step that the data ask for: a start that PCG alone finds slowly.

    Parameters
    ----------
    tensors, forces : (6 or 3, n, m, o) array
        As for :func:`solve_step`.
    nodes : (n, m, o) array of bool
        The layer's nodes; elsewhere the step is zero.

    Returns
    -------
    (3, n, m, o) array
        The step, float32.
    """
    step = np.zeros_like(forces)
    places = np.argwhere(nodes)
    if len(places) < 8:
        return step
    middle, reach = places.mean(axis=0), np.maximum(np.ptp(places, axis=0), 1.0)
    ramps = np.concatenate([np.ones((1, len(places))), ((places - middle) / reach).T])
    at = tuple(places.T)
    order = np.array([[0, 3, 4], [3, 1, 5], [4, 5, 2]])
    local = np.stack([tensors[entry][at] for entry in range(6)]).astype(np.float64)
    # a (4, 4) block of ramps for every entry of the tensor
    blocks = np.einsum("tn,an,bn->tab", local, ramps, ramps, optimize=False)
    normal = blocks[order].transpose(0, 2, 1, 3).reshape(12, 12)
    right = np.stack([np.einsum("n,an->a", forces[d][at], ramps) for d in range(3)]).reshape(12)
    ridge = RIDGE * np.trace(normal) / 12 + 1e-30
    shares = np.linalg.solve(normal + ridge * np.eye(12), right).reshape(3, 4)
    for d in range(3):
        step[d][at] = np.einsum("a,an->n", shares[d], ramps)
    return step
