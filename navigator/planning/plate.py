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

PRESSING_WARNED_MM, PRESSING_REJECTED_MM = 2.0, 5.0
"""How far a standing plate may reach below the planned skin: registration and soft skin explain
2 mm; beyond 5 mm the plate is not where it was found, or the patient is not."""


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


def plate_depth_in_skin_mm(
    skin_mm: Floats, spec: TemplateSpec, placement: TemplatePlacement
) -> float:
    """Measure how far a plate reaches below the skin.

    Parameters
    ----------
    skin_mm : (n, 3) array
        Points on the skin, millimetres.
    spec : TemplateSpec
        The plate.
    placement : TemplatePlacement
        Where it stands.

    Returns
    -------
    float
        Millimetres from the patient face up to the highest skin under the plate; negative where
        there is air between them.
    """
    skin = placement.lps_from_template.inverse().map_points(skin_mm)
    half = 0.5 * np.array([spec.plate.width_mm, spec.plate.height_mm])
    under = (np.abs(skin[:, :2]) <= half).all(axis=1)
    return spec.plate.thickness_mm - float(skin[under, 2].min(initial=np.inf))


def tilt_deg(placement: TemplatePlacement) -> float:
    """Measure the angle between a plate's normal and gravity.

    Parameters
    ----------
    placement : TemplatePlacement
        With the protractor's angles.

    Returns
    -------
    float
        Degrees.
    """
    angles = np.deg2rad([placement.angles.lateral_tilt_deg, placement.angles.craniocaudal_tilt_deg])
    return float(np.rad2deg(np.arccos(np.clip(np.cos(angles).prod(), -1.0, 1.0))))


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
