"""The steps of the procedure, each on nouns that the border has already checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator import __version__
from navigator.app.planned_and_now import judge_against_plan
from navigator.app.remarks import scan_remarks
from navigator.app.two_scans import check_two_scans, two_scan_remarks
from navigator.detection.plate import LocatedPlate, locate_plate
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents import plan_in_room_to_json
from navigator.model.anatomy import Role
from navigator.model.outcome import Verdict, verdict_from_reasons, worst_verdict
from navigator.model.placement import TemplatePlacement, template_frame
from navigator.model.plan import Plan, Provenance
from navigator.planning.one_antenna import (
    plan_free_hand,
    plan_one_antenna,
    plan_through_standing_plate,
)
from navigator.planning.plate import placement_from_pose
from navigator.registration.neighbourhood import neighbourhood_of
from navigator.registration.rigid import RigidRegistration, register_rigid

if TYPE_CHECKING:
    from collections.abc import Callable

    from navigator.app.inputs import PlanningInputs
    from navigator.io.volumes import LoadedScan
    from navigator.model.volume import Mask
    from template_gen import TemplateSpec

SURROUNDINGS_MM = 30.0
"""How far around the lesion the liver is looked at: enough of its edge to be recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCheck:
    """What an intraoperative scan says about a plan.

    Parameters
    ----------
    scan : LoadedScan
        The intraoperative scan.
    registration : RigidRegistration
        Where the patient lies now.
    located : LocatedPlate
        Where the plate stands now, in the intraoperative frame.
    plan : Plan or None
        Bore and depth that hold now, in the planning frame; None where registration or pose
        was rejected: then no number holds.
    verdict : Verdict
        Of all three.
    """

    scan: LoadedScan
    registration: RigidRegistration
    located: LocatedPlate
    plan: Plan | None
    verdict: Verdict


def plan_case(inputs: PlanningInputs) -> Plan:
    """Plan as the request asks: plate to be placed, plate as it lies, or free hand.

    Parameters
    ----------
    inputs : PlanningInputs
        Scan, structures, plate and limits.

    Returns
    -------
    Plan
        With a verdict; without a needle where no way was found.
    """
    provenance = Provenance(input_hashes=inputs.hashes, engine_version=__version__)
    if inputs.spec is None:
        return plan_free_hand(inputs.scene, provenance)
    if inputs.request.placement is not None:
        pose = RigidTransform(
            matrix=np.array(inputs.request.placement.lps_from_template),
            target=inputs.scene.lesion.frame,
            source=template_frame(inputs.spec),
        )
        placement = placement_from_pose(pose, inputs.spec, inputs.scene.gravity_lps)
        return plan_through_standing_plate(inputs.scene, inputs.spec, placement, provenance)
    return plan_one_antenna(inputs.scene, inputs.spec, provenance)


def check_in_room(
    inputs: PlanningInputs,
    spec: TemplateSpec,
    intraop: LoadedScan,
    *,
    planned: Plan | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> RoomCheck:
    """Find patient and plate in an intraoperative scan, and the bore and depth that hold now.

    Parameters
    ----------
    inputs : PlanningInputs
        What was planned on.
    spec : TemplateSpec
        The plate.
    intraop : LoadedScan
        The intraoperative scan.
    planned : Plan or None
        The plan; where given, plate and energy that differ from it are warnings.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    RoomCheck
        Without a plan where registration or pose was rejected.

    Raises
    ------
    InputRefusedError
        If the scan is of another patient, or the planning scan itself.
    """
    check_two_scans(inputs.scan, intraop)
    registration = register_rigid(
        inputs.scan.volume,
        intraop.volume,
        planning_body=inputs.scene.body,
        organ=_surroundings(inputs),
        progress=progress,
    )
    progress("finding the plate's markers")
    located = locate_plate(intraop.volume, spec)
    odd = (*scan_remarks(intraop, "new scan"), *two_scan_remarks(inputs.scan, intraop))
    remarks = verdict_from_reasons(warnings=odd)
    found = worst_verdict(registration.verdict, located.verdict, remarks)
    plan = None
    if found.is_usable and located.lps_from_template is not None:
        progress("choosing the bore and depth that hold now")
        placement = carry_plate_to_planning(
            inputs, spec, registration.intraop_from_planning, located.lps_from_template
        )
        hashes = {**inputs.hashes, "intraop": intraop.source_hash}
        provenance = Provenance(input_hashes=hashes, engine_version=__version__)
        doubt = float(np.hypot(registration.quality.expected_tre_mm, located.expected_tre_mm))
        scene = replace(inputs.scene, position_doubt_mm=doubt)
        plan = plan_through_standing_plate(scene, spec, placement, provenance)
        against = Verdict.accepted() if planned is None else judge_against_plan(planned, plan)
        found = worst_verdict(found, against, plan.verdict)
    return RoomCheck(
        scan=intraop, registration=registration, located=located, plan=plan, verdict=found
    )


def room_plan_document(room: RoomCheck) -> dict[str, Any] | None:
    """Write the plan that holds in the room, with points and plate in both scans.

    Parameters
    ----------
    room : RoomCheck
        What was found.

    Returns
    -------
    dict or None
        Schema ``plan/1``; None where there is no plan.
    """
    if room.plan is None or room.located.lps_from_template is None:
        return None
    return plan_in_room_to_json(
        room.plan,
        intraop_from_planning=room.registration.intraop_from_planning,
        intraop_from_template=room.located.lps_from_template,
    )


def _surroundings(inputs: PlanningInputs) -> Mask:
    """Cut the lesion's surroundings out of the liver, where it was segmented."""
    lesion, labels = inputs.scene.lesion, inputs.labels
    return neighbourhood_of(
        inputs.scan.volume.grid,
        lesion.centre_mm,
        0.5 * lesion.longest_diameter_mm + SURROUNDINGS_MM,
        labels.organ_mask() if labels.has_role(Role.TARGET_ORGAN) else None,
    )


def carry_plate_to_planning(
    inputs: PlanningInputs,
    spec: TemplateSpec,
    intraop_from_planning: RigidTransform,
    intraop_from_template: RigidTransform,
) -> TemplatePlacement:
    """Say where the plate stands now in terms of the planning scan.

    Parameters
    ----------
    inputs : PlanningInputs
        What was planned on; its gravity belongs to the planning scan.
    spec : TemplateSpec
        The plate.
    intraop_from_planning, intraop_from_template : RigidTransform
        Registration and pose.

    Returns
    -------
    TemplatePlacement
        In the planning frame. The protractor is fixed to the table, so its angles are read
        against gravity in the intraoperative scan.
    """
    planning_from_template = intraop_from_planning.inverse() @ intraop_from_template
    in_room = placement_from_pose(intraop_from_template, spec, inputs.scene.gravity_lps)
    return TemplatePlacement(
        lps_from_template=planning_from_template,
        angles=in_room.angles,
        template_hash=in_room.template_hash,
        angles_frame=intraop_from_template.target,
    )
