"""The pictures of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.app.outlines import OBSTACLE_COLOURS, OTHER_COLOUR, build_outlines
from navigator.model.anatomy import Role
from navigator.model.trajectory import map_trajectory
from navigator.report.drawing import draw_scene
from navigator.report.planes import anatomical_planes, plane_along_needle
from navigator.report.scene3d import Body3d, Scene3d
from navigator.report.slices import draw_slices
from template_gen import build_solid

if TYPE_CHECKING:
    from navigator.app.inputs import PlanningInputs
    from navigator.app.steps import RoomCheck
    from navigator.arrays import Floats
    from navigator.model.plan import Plan, PlannedNeedle

FREE_HAND_SHAFT_MM = 40.0
RIM_MM = 45.0
"""Anatomy shown around needle and tumour."""


def draw_plan_slices(inputs: PlanningInputs, plan: Plan) -> bytes:
    """Draw the planning scan with the plan's needle.

    Parameters
    ----------
    inputs : PlanningInputs
        Scan, structures, lesion.
    plan : Plan
        With a needle.

    Returns
    -------
    bytes
        PNG: axial, coronal, sagittal, along the needle.
    """
    needle = plan.needles[0]
    way = needle.trajectory
    half = way.insertion_depth_mm / 2 + RIM_MM
    planes = (
        *anatomical_planes(inputs.scene.lesion.centre_mm, half),
        plane_along_needle(way.entry_mm, way.tip_mm, padding_mm=RIM_MM),
    )
    return draw_slices(
        inputs.scan.volume,
        planes,
        build_outlines(inputs, needle.zone),
        way,
        shaft_start_mm(needle),
    )


def draw_room_slices(inputs: PlanningInputs, room: RoomCheck) -> bytes:
    """Draw the intraoperative scan with the needle that holds now.

    Parameters
    ----------
    inputs : PlanningInputs
        Structures and lesion, in the planning frame.
    room : RoomCheck
        With a plan that has a needle.

    Returns
    -------
    bytes
        PNG: axial, coronal, sagittal, along the needle.
    """
    if room.plan is None:
        raise ValueError("draw_room_slices: expected a room check with a plan")
    needle = room.plan.needles[0]
    intraop_from_planning = room.registration.intraop_from_planning
    way = map_trajectory(needle.trajectory, intraop_from_planning)
    centre = intraop_from_planning.map_points(inputs.scene.lesion.centre_mm)
    planes = (
        *anatomical_planes(centre, way.insertion_depth_mm / 2 + RIM_MM),
        plane_along_needle(way.entry_mm, way.tip_mm, padding_mm=RIM_MM),
    )
    outlines = build_outlines(inputs, needle.zone, intraop_from_planning.inverse())
    hub = intraop_from_planning.map_points(shaft_start_mm(needle))
    return draw_slices(room.scan.volume, planes, outlines, way, hub)


def shaft_start_mm(needle: PlannedNeedle) -> Floats:
    """Find where a needle's shaft is drawn from.

    Parameters
    ----------
    needle : PlannedNeedle
        With or without a plate.

    Returns
    -------
    (3,) array
        The bore's centre on the operator face, or 40 mm outside the skin; millimetres in the
        frame of the needle.
    """
    way = needle.trajectory
    depth = needle.guide_depth_mm or way.insertion_depth_mm + FREE_HAND_SHAFT_MM
    start: Floats = way.tip_mm - depth * way.direction
    return start


def draw_case_scene(inputs: PlanningInputs, plan: Plan) -> bytes:
    """Draw body, organs, tumour, zone, needle and plate in three dimensions.

    Parameters
    ----------
    inputs : PlanningInputs
        Structures, lesion, plate.
    plan : Plan
        With a needle.

    Returns
    -------
    bytes
        PNG.
    """
    needle = plan.needles[0]
    bodies = [Body3d(mask=inputs.scene.body, colour="#e8c9a9", opacity=0.14)]
    for structure in inputs.labels.structures:
        mask = inputs.labels.mask(structure.name)
        if structure.role is Role.TARGET_ORGAN:
            bodies.append(Body3d(mask=mask, colour="#a14a3b", opacity=0.35))
        elif structure.role is Role.OBSTACLE:
            colour = OBSTACLE_COLOURS.get(structure.name, OTHER_COLOUR)
            solid = structure.name in ("bone", "vessel")
            bodies.append(Body3d(mask=mask, colour=colour, opacity=1.0 if solid else 0.12))
    plate = None
    if plan.placement is not None and inputs.spec is not None:
        mesh = build_solid(inputs.spec)
        pose = plan.placement.lps_from_template
        plate = (pose.map_points(mesh.vertices_mm), mesh.triangles)
    if needle.zone is None:
        raise ValueError("draw_case_scene: expected a needle with a zone")
    return draw_scene(
        Scene3d(
            bodies=tuple(bodies),
            tumour_mm=inputs.scene.lesion.surface_mm,
            zone=needle.zone,
            trajectory=needle.trajectory,
            hub_mm=shaft_start_mm(needle),
            plate=plate,
        )
    )
