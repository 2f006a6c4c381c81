"""The outlines that pictures of a case show, and their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.ablation.margin import signed_margins_mm
from navigator.imaging.resample import sample_membership
from navigator.model.anatomy import Role
from navigator.report.slices import Outline

if TYPE_CHECKING:
    from collections.abc import Callable

    from navigator.app.inputs import PlanningInputs
    from navigator.arrays import Floats
    from navigator.geometry.rigid import RigidTransform
    from navigator.model.ablation import AblationZone
    from navigator.model.volume import Mask

TUMOUR_COLOUR, ZONE_COLOUR, LIVER_COLOUR = "#ff3b5c", "#ff9f1c", "#8ac926"
OBSTACLE_COLOURS = {
    "bone": "#f1f1e6",
    "vessel": "#4d96ff",
    "lung": "#b8c0ff",
    "bowel": "#c77dff",
    "cartilage": "#bdb2a7",
    "kidney": "#f4a261",
    "gallbladder": "#52b788",
    "spleen": "#e0aaff",
}
OTHER_COLOUR = "#9aa5b1"


def build_outlines(
    inputs: PlanningInputs,
    zone: AblationZone | None,
    planning_from_picture: RigidTransform | None = None,
) -> tuple[Outline, ...]:
    """List what is drawn over slices of a scan.

    Parameters
    ----------
    inputs : PlanningInputs
        Structures and lesion, in the planning frame.
    zone : AblationZone or None
        The expected zone, in the planning frame.
    planning_from_picture : RigidTransform or None
        Where the pictures are cut from another scan: carries its points to the planning scan.

    Returns
    -------
    tuple of Outline
        Tumour and zone first, then liver and obstacles.
    """

    def carried(field: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
        if planning_from_picture is None:
            return field
        return lambda points: field(planning_from_picture.map_points(points))

    outlines = [
        Outline(
            name="tumour", colour=TUMOUR_COLOUR, field=carried(tumour_field(inputs)), width_pt=2.0
        )
    ]
    if zone is not None:
        expected = zone
        outlines.append(
            Outline(
                name="expected zone",
                colour=ZONE_COLOUR,
                field=carried(lambda points: signed_margins_mm(points, [expected])),
                width_pt=2.0,
            )
        )
    for structure in inputs.labels.structures:
        if structure.role in (Role.TARGET_ORGAN, Role.OBSTACLE):
            organ = structure.role is Role.TARGET_ORGAN
            colour = OBSTACLE_COLOURS.get(structure.name, OTHER_COLOUR)
            # labels exclude each other: the organ's outline goes round the lesions in it
            mask = inputs.labels.organ_mask() if organ else inputs.labels.mask(structure.name)
            outlines.append(
                Outline(
                    name=structure.name,
                    colour=LIVER_COLOUR if organ else colour,
                    field=carried(membership_field(mask)),
                    width_pt=0.9,
                )
            )
    return tuple(outlines)


def tumour_field(inputs: PlanningInputs) -> Callable[[Floats], Floats]:
    """Tell inside from outside of the tumour.

    Parameters
    ----------
    inputs : PlanningInputs
        Its request says whether the lesion is a structure or a sphere.

    Returns
    -------
    callable
        Takes (n, 3) points in the planning frame, millimetres; positive inside.
    """
    wanted = inputs.request.lesions[0]
    if wanted.structure is not None:
        return membership_field(inputs.labels.mask(wanted.structure))
    if wanted.sphere is None:
        raise ValueError("RequestedLesion: expected a structure or a sphere")
    centre, radius = np.array(wanted.sphere.centre_lps_mm), 0.5 * wanted.sphere.diameter_mm
    return lambda points: radius - np.linalg.norm(points - centre, axis=-1)


def membership_field(mask: Mask) -> Callable[[Floats], Floats]:
    """Tell inside from outside of a structure.

    Parameters
    ----------
    mask : Mask
        The structure.

    Returns
    -------
    callable
        Takes (n, 3) points in its frame, millimetres; positive inside.
    """
    return lambda points: sample_membership(mask, points) - 0.5
