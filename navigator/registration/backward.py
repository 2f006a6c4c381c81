"""The search once more, from another start and the other way round.

A point that does not return was not carried well: backward, the new scan's contrast, noise and
needles stand on the other side, and its edges lead. Both are run at the coarser resolutions only:
they judge the search, and do not enter it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.registration.body_motion import index_affine
from navigator.registration.lattice import read_array
from navigator.registration.lattice_pair import FINE_MM, LatticePair
from navigator.registration.layers import build_layers
from navigator.registration.node_fields import blended_mm
from navigator.registration.stages import LIVER_STAGES, run_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navigator.arrays import Floats, Voxels
    from navigator.registration.stages import FoundFields, LayeredPair

SECOND_START_MM = np.array([4.0, 0.0, 0.0])
"""So far beside the first the liver's second search starts, along the body, (z, y, x): half a point
of the coarsest lattice, on which the first start was found."""
COARSER_STAGES = len(LIVER_STAGES) - 1
MOST_POINTS = 4000
CUBE = np.ones((3, 3, 3), dtype=bool)


@dataclass(frozen=True, slots=True)
class SearchChecks:
    """How far other searches agree with the first.

    Parameters
    ----------
    start_disagreement_mm, inverse_consistency_mm : float
        From another start, and there and back: 95th percentile over the liver (the body without
        one), millimetres.
    spacing_mm : float
        Of the lattice at which they were compared.
    """

    start_disagreement_mm: float
    inverse_consistency_mm: float
    spacing_mm: float


def check_search(layered: LayeredPair, coarser: Sequence[FoundFields]) -> SearchChecks:
    """Search from another start, and backward, at the coarser resolutions.

    Parameters
    ----------
    layered : LayeredPair
        Both scans.
    coarser : sequence of FoundFields
        What the first search had found at each of these resolutions.

    Returns
    -------
    SearchChecks
        How far they agree.
    """
    laid = [found.scans for found in coarser]
    again = run_stages(layered, SECOND_START_MM, laid)[-1]
    return SearchChecks(
        start_disagreement_mm=measure_disagreement_mm(coarser[-1], again),
        inverse_consistency_mm=measure_inverse_consistency_mm(layered, coarser[-1]),
        spacing_mm=coarser[-1].stage.spacing_mm,
    )


def measure_disagreement_mm(found: FoundFields, again: FoundFields) -> float:
    """Measure how far two searches of one resolution carry the liver apart.

    Parameters
    ----------
    found, again : FoundFields
        What they found.

    Returns
    -------
    float
        95th percentile over the liver (the body without one), millimetres; infinite where there
        is neither.
    """
    first, second = (
        blended_mm(each.fields, each.scans.shares(), each.stage.step) for each in (found, again)
    )
    organ = found.scans.tissues.liver
    region = organ if organ.any() else found.scans.planning.weights > 0
    gaps = np.linalg.norm(second[region] - first[region], axis=1)
    return float(np.percentile(gaps, 95)) if len(gaps) else float("inf")


def measure_inverse_consistency_mm(layered: LayeredPair, found: FoundFields) -> float:
    """Carry the liver (the body without one) there and back by two searches.

    Parameters
    ----------
    layered : LayeredPair
        Both scans.
    found : FoundFields
        What the forward search had found at some resolution; the way back goes as far.

    Returns
    -------
    float
        95th percentile of how far the points come back beside themselves, millimetres; infinite
        where the new scan shows none of them.
    """
    scans, stage = found.scans, found.stage
    lattice = scans.planning.lattice
    organ = scans.tissues.liver
    counts = (scans.planning.weights > 0) & (found.compared.weights > 0)
    region = organ & counts if organ.any() else counts
    places = np.argwhere(region)
    if not len(places):
        return float("inf")
    vectors = blended_mm(found.fields, scans.shares(), stage.step)
    steps = vectors[tuple(places.T)].astype(np.float64)
    carried_at = _new_index(layered, places.astype(np.float64), steps, stage.spacing_mm)
    swapped = _swapped(layered, carried_at if organ.any() else None, steps, stage.spacing_mm)
    laid = [swapped.scans(each) for each in LIVER_STAGES[: LIVER_STAGES.index(stage) + 1]]
    back = run_stages(swapped, np.zeros(3), laid)[-1]
    chosen = slice(None, None, max(1, len(places) // MOST_POINTS))
    start = (lattice.origin_mm + lattice.spacing_mm * places[chosen])[:, ::-1]
    there = layered.pair.new[stage.spacing_mm].lattice
    arrived = (there.origin_mm + there.spacing_mm * carried_at[chosen])[:, ::-1]
    returned = _carried_back(swapped, back, arrived)
    return float(np.percentile(np.linalg.norm(returned - start, axis=1), 95))


def _new_index(
    layered: LayeredPair, places: Floats, vectors_mm: Floats, spacing_mm: float
) -> Floats:
    """Say where lattice points lie in the new scan's lattice, (n, 3) index."""
    pair = layered.pair
    affine = index_affine(pair.planning[spacing_mm], pair.new[spacing_mm], layered.body)
    at: Floats = (places + vectors_mm / spacing_mm) @ affine[:, :3].T + affine[:, 3]
    return at


def _swapped(
    layered: LayeredPair, liver_at: Floats | None, vectors_mm: Floats, spacing_mm: float
) -> LayeredPair:
    """Exchange the two scans; the liver lies where the forward way has carried it."""
    pair = layered.pair
    new = pair.new[FINE_MM]
    liver: Voxels | None = None
    shift = None
    body: Floats = np.asarray(np.linalg.inv(layered.body), dtype=np.float64)
    if liver_at is not None:
        there = pair.new[spacing_mm]
        splat = _splat(liver_at, there.values.shape)
        affine = there.lattice.lps_from_index()
        liver = read_array(splat, affine, new.lattice, outside_value=0.0)
        # before the inverse motion a step back is turned as the body is
        mean = -vectors_mm.mean(axis=0)
        shift = (layered.body[:3, :3] @ mean[::-1])[::-1]
    bone = np.zeros(new.values.shape, dtype=bool)
    return replace(
        layered,
        pair=LatticePair(planning=pair.new, new=pair.planning, liver=liver),
        body=body,
        bones=body,
        layers=build_layers(bone, liver, FINE_MM),
        liver_shift_mm=shift,
    )


def _splat(at: Floats, shape: tuple[int, ...]) -> Voxels:
    """Mark the points of a lattice that something was carried to, without gaps."""
    nearest = np.rint(at).astype(int)
    inside = ((nearest >= 0) & (nearest < np.array(shape))).all(axis=1)
    marked = np.zeros(shape, dtype=bool)
    marked[tuple(nearest[inside].T)] = True
    closed: Voxels = ndimage.binary_closing(marked, CUBE).astype(np.float32)
    return closed


def _carried_back(swapped: LayeredPair, back: FoundFields, points_mm: Floats) -> Floats:
    """Carry points (n, 3) of the new scan to the planning scan, LPS millimetres."""
    lattice = back.scans.planning.lattice
    vectors = blended_mm(back.fields, back.scans.shares(), back.stage.step)
    at = ((points_mm[:, ::-1] - lattice.origin_mm) / lattice.spacing_mm).T
    moved = np.stack(
        [
            ndimage.map_coordinates(vectors[..., axis], at, order=1, mode="nearest")
            for axis in (2, 1, 0)
        ],
        axis=1,
    )
    body = swapped.body
    returned: Floats = (points_mm + moved) @ body[:3, :3].T + body[:3, 3]
    return returned
