"""Rules for the marker spheres and their pockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from template_gen.findings import Finding
from template_gen.outlines import (
    BoreRings,
    corner_radius_mm,
    depth_inside_mm,
    pocket_floor_mm,
    pocket_radius_mm,
)
from template_gen.segments import segment_distances_mm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from template_gen.models import TemplateSpec

LEAST_MARKERS = 4
"""Three leave no check of the fit."""


def check_markers(spec: TemplateSpec) -> Iterator[Finding]:
    """Check that every marker lies inside the plate, sunk, on a sound floor.

    Parameters
    ----------
    spec : TemplateSpec

    Yields
    ------
    Finding
    """
    if len(spec.markers) < LEAST_MARKERS:
        yield Finding(
            code="too-few-markers", severity="warning", labels=(),
            what="The plate cannot be located in a scan with a check of the fit",
            expected=f"at least {LEAST_MARKERS} markers", got=str(len(spec.markers)),
            next_step="add markers, or never rely on this plate's pose in a scan",
        )  # fmt: skip
    wall_mm, thickness_mm = spec.printer.min_wall_mm, spec.plate.thickness_mm
    for marker in spec.markers:
        radius = float(corner_radius_mm(np.array(pocket_radius_mm(marker))))
        inside = depth_inside_mm(spec.plate, np.array([[marker.x_mm, marker.y_mm]]))[0] - radius
        limits = (
            ("marker-at-rim", "too near the rim", inside, wall_mm),
            ("marker-stands-proud", "not sunk in the plate",
             marker.z_mm - marker.diameter_mm / 2, 0.0),
            ("marker-floor-too-thin", "on too thin a floor",
             thickness_mm - pocket_floor_mm(marker), wall_mm),
        )  # fmt: skip
        for code, words, got_mm, least_mm in limits:
            # One micron: depths solved from the thickness carry float rounding.
            if not got_mm >= least_mm - 1e-3:
                yield Finding(
                    code=code, severity="error", labels=(marker.label,),
                    what=f"A marker is {words}", expected=f"at least {least_mm:g} mm",
                    got=f"{got_mm:.2f} mm", next_step="move the marker or take a smaller sphere",
                )  # fmt: skip


def check_pockets(spec: TemplateSpec, bores: BoreRings) -> Iterator[Finding]:
    """Check that pockets keep clear of bores, sleeves and each other.

    Parameters
    ----------
    spec : TemplateSpec
    bores : BoreRings
        The bores of this plate.

    Yields
    ------
    Finding
    """
    if not spec.markers:
        return
    radii = np.array([corner_radius_mm(np.array(pocket_radius_mm(m))) for m in spec.markers])
    mouths = np.array([(marker.x_mm, marker.y_mm, 0.0) for marker in spec.markers])
    floors = np.array([(m.x_mm, m.y_mm, pocket_floor_mm(m)) for m in spec.markers])
    beyond = (corner_radius_mm(bores.sleeve_radii_mm) * bores.tangents)[:, None] * bores.directions
    starts = bores.entries_mm - np.where(bores.sleeves_mm[:, None] > 0, beyond, 0.0)
    ends = bores.centres_at_mm(spec.plate.thickness_mm)
    widths = np.where(bores.sleeves_mm > 0, bores.sleeve_radii_mm, bores.radii_mm)
    for row, marker in enumerate(spec.markers):
        count = len(bores.labels)
        gaps = segment_distances_mm(
            np.tile(mouths[row], (count, 1)), np.tile(floors[row], (count, 1)), starts, ends
        )
        near = ~(gaps - radii[row] - corner_radius_mm(widths) >= spec.printer.min_wall_mm)
        apart = np.linalg.norm(mouths[row + 1 :] - mouths[row], axis=1) - radii[row]
        others = ~(apart - radii[row + 1 :] >= spec.printer.min_wall_mm)
        labels = (
            *(label for label, bad in zip(bores.labels, near, strict=True) if bad),
            *(m.label for m, bad in zip(spec.markers[row + 1 :], others, strict=True) if bad),
        )
        if labels:
            yield Finding(
                code="marker-too-near", severity="error", labels=(marker.label, *labels),
                what="A marker's pocket comes too near a bore or another pocket",
                expected=f"at least {spec.printer.min_wall_mm:g} mm of material",
                got="less", next_step="move the marker",
            )  # fmt: skip
