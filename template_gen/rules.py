"""Rules that a plate must keep to be printable and to guide needles truly, as data.

Every finding has a code, a severity, the bores or markers concerned, and says what was expected,
what was found and what to do. `error` findings refuse the plate; `warning` findings are reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from template_gen.drilling import all_bores, bore_rings, grid_bores_left_out
from template_gen.errors import GeometryRefusedError, TemplateRefusedError
from template_gen.findings import Finding
from template_gen.marker_rules import check_markers, check_pockets
from template_gen.marks import Marks, place_marks
from template_gen.outlines import (
    BoreRings,
    corner_radius_mm,
    depth_inside_mm,
)
from template_gen.webs import FREE_APPROACH_MM, least_webs_mm, sleeves_in_the_way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from template_gen.arrays import Booleans
    from template_gen.models import TemplateSpec

LARGEST_TILT_DEG = 45.0
"""Beyond it a bore's mouth is an ellipse 1.4 times as long as wide and the guide half air."""
SMALLEST_BORE_MM = 0.5
"""Below it no common process leaves a bore open (docs/explanation/template.md)."""
SLEEVE_FOOT_MM = 0.5
"""A tilted sleeve's rim stands at least so far clear of the face."""
LARGEST_PLAY_MM = 0.5
"""Needle play above which a guide of 15 mm allows more than 2° of tilt."""


def check_spec(spec: TemplateSpec, marks: Marks | None = None) -> tuple[Finding, ...]:
    """Check a plate against every rule.

    Parameters
    ----------
    spec : TemplateSpec
    marks : Marks, optional
        The texts, where they are already laid out.

    Returns
    -------
    tuple of Finding
        Errors first; empty for a sound plate.
    """
    bores = bore_rings(spec)
    rules = (
        _check_grid(spec),
        _check_bores(bores),
        _check_rim(spec, bores),
        _check_webs(spec, bores),
        _check_sleeves(bores),
        check_markers(spec),
        check_pockets(spec, bores),
    )
    findings = [finding for rule in rules for finding in rule]
    # Texts are only worth placing on a plate that is otherwise sound.
    if not any(finding.severity == "error" for finding in findings):
        findings += _check_marks(marks or place_marks(spec))
    return tuple(sorted(findings, key=lambda finding: finding.severity == "warning"))


def refuse_errors(findings: tuple[Finding, ...]) -> None:
    """Raise where a finding is an error.

    Parameters
    ----------
    findings : tuple of Finding

    Raises
    ------
    GeometryRefusedError
        With every error finding; the message is that of the first.
    """
    errors = tuple(finding for finding in findings if finding.severity == "error")
    if errors:
        raise GeometryRefusedError(errors)


def check_needle(spec: TemplateSpec, needle_diameter_mm: float) -> tuple[Finding, ...]:
    """Check that a needle passes every bore, and without too much play.

    Parameters
    ----------
    spec : TemplateSpec
    needle_diameter_mm : float
        Outer diameter of the needle.

    Returns
    -------
    tuple of Finding

    Raises
    ------
    TemplateRefusedError
        If the diameter is not a positive number.
    """
    if not 0 < needle_diameter_mm < np.inf:
        raise TemplateRefusedError(
            code="needle-refused",
            what="The needle's diameter is not a length",
            where="needle_diameter_mm",
            expected="more than 0 mm",
            got=f"{needle_diameter_mm}",
            next_step="give the outer diameter from the needle's data sheet",
        )
    axes = all_bores(spec)
    too_narrow = tuple(axis.label for axis in axes if not axis.diameter_mm > needle_diameter_mm)
    too_wide = tuple(
        axis.label for axis in axes if not axis.diameter_mm - needle_diameter_mm <= LARGEST_PLAY_MM
    )
    found = []
    if too_narrow:
        found.append(Finding(
            code="needle-does-not-pass", severity="error", labels=too_narrow,
            what="The needle does not pass",
            expected=f"bores wider than {needle_diameter_mm:g} mm",
            got=f"{len(too_narrow)} bores that are not",
            next_step="widen the bores or take a thinner needle",
        ))  # fmt: skip
    if too_wide:
        found.append(Finding(
            code="needle-too-loose", severity="warning", labels=too_wide,
            what="The needle can tilt in the bore",
            expected=f"play of at most {LARGEST_PLAY_MM:g} mm",
            got=f"{len(too_wide)} bores with more",
            next_step="narrow the bores, or use a longer guide",
        ))  # fmt: skip
    return tuple(found)


def _named(bores: BoreRings, broken: Booleans) -> tuple[str, ...]:
    return tuple(label for label, bad in zip(bores.labels, broken, strict=True) if bad)


def _check_grid(spec: TemplateSpec) -> Iterator[Finding]:
    left_out = grid_bores_left_out(spec)
    if left_out:
        yield Finding(
            code="grid-bore-left-out", severity="warning", labels=left_out,
            what="Bores of the grid give way to single bores",
            expected="a grid and single bores that keep clear of each other",
            got=f"{', '.join(left_out)} too near", next_step="do not plan needles through these",
        )  # fmt: skip


def _check_bores(bores: BoreRings) -> Iterator[Finding]:
    narrow = _named(bores, ~(2 * bores.radii_mm >= SMALLEST_BORE_MM))
    if narrow:
        yield Finding(
            code="bore-too-narrow", severity="error", labels=narrow,
            what="A bore is too narrow to print",
            expected=f"at least {SMALLEST_BORE_MM:g} mm",
            got=f"{2 * bores.radii_mm.min():.2f} mm",
            next_step="widen it",
        )  # fmt: skip
    limit = np.tan(np.deg2rad(LARGEST_TILT_DEG)) + 1e-9
    steep = _named(bores, ~(bores.tangents <= limit))
    if steep:
        yield Finding(
            code="bore-too-tilted", severity="error", labels=steep,
            what="A bore leans too far",
            expected=f"at most {LARGEST_TILT_DEG:g}° from the plate's normal",
            got=f"{np.rad2deg(np.arctan(bores.tangents.max())):.1f}°",
            next_step="tilt the plate on the protractor instead",
        )  # fmt: skip


def _check_rim(spec: TemplateSpec, bores: BoreRings) -> Iterator[Finding]:
    faces = (
        ("operator", 0.0, bores.operator_footprints_mm),
        ("patient", spec.plate.thickness_mm, bores.footprints_mm),
    )
    for face, z_mm, footprints in faces:
        left = depth_inside_mm(spec.plate, bores.centres_at_mm(z_mm)[:, :2]) - footprints
        outside = ~(left >= 0)
        thin = ~outside & ~(left >= spec.printer.min_wall_mm)
        for code, broken in (("bore-outside-plate", outside), ("rim-too-thin", thin)):
            if broken.any():
                yield Finding(
                    code=code, severity="error", labels=_named(bores, broken),
                    what=f"A bore comes too near the rim on the {face} face",
                    expected=f"at least {spec.printer.min_wall_mm:g} mm of material",
                    got=f"{left[broken].min():.2f} mm",
                    next_step="move the bore, or enlarge the plate",
                )  # fmt: skip


def _check_webs(spec: TemplateSpec, bores: BoreRings) -> Iterator[Finding]:
    limit_mm = spec.printer.min_wall_mm
    pairs, webs = least_webs_mm(bores, spec.plate.thickness_mm, within_mm=limit_mm)
    for row in np.flatnonzero(~(webs >= spec.printer.min_wall_mm)):
        first, second = pairs[row]
        yield Finding(
            code="web-too-thin" if webs[row] > 0 else "bores-meet", severity="error",
            labels=(bores.labels[first], bores.labels[second]),
            what="The material between two bores is too thin",
            expected=f"at least {spec.printer.min_wall_mm:g} mm",
            got=f"{webs[row]:.2f} mm",
            next_step="move the bores apart, or make them narrower",
        )  # fmt: skip


def _check_sleeves(bores: BoreRings) -> Iterator[Finding]:
    sleeved = bores.sleeves_mm > 0
    corner = corner_radius_mm(bores.sleeve_radii_mm)
    clear = (bores.sleeves_mm - corner * bores.tangents) * bores.directions[:, 2]
    short = sleeved & ~(clear >= SLEEVE_FOOT_MM)
    if short.any():
        yield Finding(
            code="sleeve-too-short", severity="error", labels=_named(bores, short),
            what="A tilted sleeve's rim sinks into the operator face",
            expected=f"a rim at least {SLEEVE_FOOT_MM:g} mm above the face",
            got=f"{clear[short].min():.2f} mm",
            next_step="lengthen the sleeve, or leave it out",
        )  # fmt: skip
    for row, other in sleeves_in_the_way(bores):
        yield Finding(
            code="sleeve-in-the-way", severity="error",
            labels=(bores.labels[row], bores.labels[other]),
            what="A sleeve stands in the way of another bore's needle",
            expected=f"a free straight way of {FREE_APPROACH_MM:g} mm in front of every bore",
            got=f"sleeve {bores.labels[row]} on the way to {bores.labels[other]}",
            next_step="shorten the sleeve, or move the bores apart",
        )  # fmt: skip


def _check_marks(marks: Marks) -> Iterator[Finding]:
    if marks.missing:
        yield Finding(
            code="no-room-for-mark", severity="error", labels=marks.missing,
            what="There is no room to engrave what keeps the plate from being mistaken",
            expected="a free place for every row and column label, TOP, SKIN, serial and hash",
            got=f"none for {', '.join(marks.missing)}",
            next_step="enlarge the plate, shorten the serial, or move bores and markers",
        )  # fmt: skip
    if marks.omitted:
        yield Finding(
            code="no-room-for-label", severity="warning", labels=marks.omitted,
            what="Some bores have no engraved name", expected="a free place beside every bore",
            got=f"none for {', '.join(marks.omitted)}", next_step="use the sheet beside the plate",
        )  # fmt: skip


__all__ = ["Finding", "check_needle", "check_spec", "refuse_errors"]
