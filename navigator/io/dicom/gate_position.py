"""Whether the slices stand in one even stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.io.dicom.rounded_positions import (
    ROUNDED_TO_MM,
    UNEVEN_MM,
    UNEVEN_SHARE,
    is_rounded,
    uneven_steps,
    usual_step_mm,
)
from navigator.io.dicom.stack import DRIFT_MM, SAME_POSITION_MM, STRAIGHT_LINE_MM
from navigator.io.dicom.wording import SEND_AGAIN, names_of
from navigator.io.findings import Finding, Severity, wide_spacing_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navigator.arrays import Booleans, Floats
    from navigator.io.dicom.stack import Stack

MOST_ROUNDED_STEPS = 5
"""Rounding of single steps is let add up over this many."""


def position_findings(stack: Stack) -> Iterator[Finding]:
    """Judge the places of slices.

    Parameters
    ----------
    stack : Stack
        Slices in order.

    Yields
    ------
    Finding
        Duplicate or missing positions, uneven or wide spacing, a bent or a tilted stack.
    """
    if len(stack.headers) < 2:
        return
    steps = stack.steps_mm
    same = steps < SAME_POSITION_MM
    if same.any():
        yield _duplicates(stack, same)
    if not same.all():
        yield from _spacing_findings(stack, steps, typical=usual_step_mm(stack))


def _duplicates(stack: Stack, same: Booleans) -> Finding:
    """Describe slices that share a position."""
    doubled = [
        header
        for index, header in enumerate(stack.headers)
        if same[max(index - 1, 0) : index + 1].any()
    ]
    return Finding(
        code="duplicate-positions",
        severity=Severity.REFUSE,
        what="Several slices lie at one position",
        expected="one slice at each position",
        got=f"{len(stack.headers)} slices at {int((~same).sum()) + 1} positions",
        next_step="export each reconstruction or phase as a series of its own",
        files=names_of(doubled),
    )


def _spacing_findings(stack: Stack, steps: Floats, typical: float) -> Iterator[Finding]:
    """Describe steps that differ, sideways drift, and wide spacing."""
    same = steps < SAME_POSITION_MM
    uneven = uneven_steps(steps, typical)
    if uneven.any() and is_rounded(stack):
        yield _rounded(stack, steps)
    elif uneven.any():
        yield _uneven(stack, steps, uneven)
    elif not (same.any() or stack.bend_mm <= STRAIGHT_LINE_MM):
        yield Finding(
            code="bent-stack",
            severity=Severity.REFUSE,
            what="The slices do not stand in one straight row",
            expected=f"positions within {STRAIGHT_LINE_MM} mm of even steps",
            got=f"{stack.bend_mm:.3f} mm",
            next_step=SEND_AGAIN,
        )
    if not stack.drift_mm <= DRIFT_MM:
        angle = np.rad2deg(np.arctan2(stack.drift_mm, float(np.abs(steps.sum()))))
        yield Finding(
            code="tilted-stack",
            severity=Severity.NOTE,
            what="The stack is tilted (gantry tilt); it is kept sheared, as it is",
            expected=f"a sideways drift up to {DRIFT_MM} mm",
            got=f"{stack.drift_mm:.2f} mm over the stack, {angle:.2f} degrees",
            next_step="nothing; every voxel keeps its true place",
        )
    yield from wide_spacing_findings(typical)


def _rounded(stack: Stack, steps: Floats) -> Finding:
    """Say that steps differ by rounding, which even steps are used, and how far they are off."""
    return Finding(
        code="positions-rounded",
        severity=Severity.NOTE,
        what=f"The positions of the slices are rounded to {ROUNDED_TO_MM} mm; even steps were used",
        expected=f"steps of {float(np.mean(steps)):.4f} mm, as from the first slice to the last",
        got=f"steps from {steps.min():.3f} to {steps.max():.3f} mm; no slice was moved by more "
        f"than {stack.bend_mm:.3f} mm",
        next_step="nothing; export the series with all decimals if it can be had",
    )


def _uneven(stack: Stack, steps: Floats, uneven: Booleans) -> Finding:
    """Tell a gap of whole slices from steps that are merely uneven."""
    real = steps[steps >= SAME_POSITION_MM]
    allowed = max(UNEVEN_SHARE * float(real.min()), UNEVEN_MM)
    single = float(np.median(real[real <= real.min() + allowed]))
    counts = np.round(steps / single)
    # rounding adds up over a gap, but beyond a few slices any distance would pass for one
    rounding_mm = allowed * np.clip(counts, 1, MOST_ROUNDED_STEPS)
    is_gap = bool((np.abs(steps - counts * single) <= rounding_mm).all())
    beside = [
        header
        for index, header in enumerate(stack.headers)
        if uneven[max(index - 1, 0) : index + 1].any()
    ]
    missing = int((counts - 1)[counts > 1].sum())
    return Finding(
        code="missing-slices" if is_gap else "uneven-spacing",
        severity=Severity.REFUSE,
        what="Slices are missing from the stack" if is_gap else "The slices are unevenly spaced",
        expected=f"steps that agree within {allowed:.3f} mm",
        got=f"steps from {steps.min():.3f} to {steps.max():.3f} mm"
        + (f", {missing} missing" if is_gap else ""),
        next_step=SEND_AGAIN if is_gap else "choose a reconstruction with even spacing",
        files=names_of(beside),
    )
