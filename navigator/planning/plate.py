"""Standing the plate on the skin, and the bores as lines in the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.rigid import RigidTransform, matrix_from_rotation_and_shift
from navigator.model.placement import (
    TemplatePlacement,
    angles_from_rotation,
    rotation_from_normal,
    template_frame,
)
from template_gen import all_bores, spec_hash

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from navigator.geometry.frames import Frame
    from template_gen import TemplateSpec

SKIN_GAP_MM = 2.0
"""Air left between plate and skin: the plate is held by its arm and does not press."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """What the plate shall point at.

    Parameters
    ----------
    target_mm : (3,) array
        The target, millimetres in `frame`.
    normal : (3,) array
        Unit direction into the patient.
    frame : Frame
        The scan.
    """

    target_mm: Floats
    normal: Floats
    frame: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class BoreLine:
    """A bore as a line in the patient.

    Parameters
    ----------
    label : str
        e.g. ``H8``.
    origin_mm : (3,) array
        Its centre on the operator face, millimetres in the scan's frame.
    direction : (3,) array
        Unit direction into the patient.
    diameter_mm : float
        Diameter, millimetres.
    """

    label: str
    origin_mm: Floats
    direction: Floats
    diameter_mm: float


def placement_from_pose(
    lps_from_template: RigidTransform, spec: TemplateSpec, gravity_lps: Floats
) -> TemplatePlacement:
    """Read the protractor off a pose and tie it to its plate.

    Parameters
    ----------
    lps_from_template : RigidTransform
        The pose.
    spec : TemplateSpec
        The plate.
    gravity_lps : (3,) array
        Direction of gravity.

    Returns
    -------
    TemplatePlacement
        Pose, angles and hash of the plate.
    """
    return TemplatePlacement(
        lps_from_template=lps_from_template,
        angles=angles_from_rotation(lps_from_template.rotation, gravity_lps),
        template_hash=spec_hash(spec),
    )


def central_straight_bore(spec: TemplateSpec) -> Floats:
    """Find where the bore nearest the plate's middle lies that runs along the normal.

    Parameters
    ----------
    spec : TemplateSpec
        The plate.

    Returns
    -------
    (2,) array
        x and y in the template frame, millimetres; the plate's middle where all bores are
        angled.
    """
    straight = [
        bore.entry_mm[:2] for bore in all_bores(spec) if np.hypot(*bore.direction[:2]) < 1e-6
    ]
    if not straight:
        return np.zeros(2)
    return np.asarray(min(straight, key=lambda xy: (float(np.hypot(*xy)), *xy.tolist())))


def stand_plate_on_skin(
    skin_mm: Floats, spec: TemplateSpec, *, pointer: Pointer, gravity_lps: Floats
) -> TemplatePlacement:
    """Put the plate over a target so that its central bore points at it and the skin stays free.

    Columns run to the patient's left (no turn in the plate's plane).

    Parameters
    ----------
    skin_mm : (n, 3) array
        Points on the skin, millimetres: the plate's patient face stays above all below it.
    spec : TemplateSpec
        The plate.
    pointer : Pointer
        What the central bore shall point at, and from where.
    gravity_lps : (3,) array
        Direction of gravity.

    Returns
    -------
    TemplatePlacement
        The plate's patient face keeps `SKIN_GAP_MM` of air over the highest skin below it.
    """
    rotation = rotation_from_normal(pointer.normal, 0.0, gravity_lps)
    skin = (skin_mm - pointer.target_mm) @ rotation
    bore = central_straight_bore(spec)
    half = 0.5 * np.array([spec.plate.width_mm, spec.plate.height_mm]) + SKIN_GAP_MM
    below = (np.abs(skin[:, :2] + bore) <= half).all(axis=1) & (skin[:, 2] < 0)
    highest = float(skin[below, 2].min(initial=0.0))
    origin = np.array([-bore[0], -bore[1], highest - SKIN_GAP_MM - spec.plate.thickness_mm])
    pose = RigidTransform(
        matrix=matrix_from_rotation_and_shift(rotation, pointer.target_mm + rotation @ origin),
        target=pointer.frame,
        source=template_frame(spec),
    )
    return placement_from_pose(pose, spec, gravity_lps)


def bore_lines(spec: TemplateSpec, placement: TemplatePlacement) -> tuple[BoreLine, ...]:
    """Carry every bore of a plate into the patient.

    Parameters
    ----------
    spec : TemplateSpec
        The plate.
    placement : TemplatePlacement
        Where it stands.

    Returns
    -------
    tuple of BoreLine
        In the order of the spec.
    """
    pose = placement.lps_from_template
    return tuple(
        BoreLine(
            label=bore.label,
            origin_mm=pose.map_points(bore.entry_mm),
            direction=pose.map_vectors(bore.direction),
            diameter_mm=bore.diameter_mm,
        )
        for bore in all_bores(spec)
    )
