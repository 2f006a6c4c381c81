"""From a request on disk to the scene that a plan is made in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.ablation.lesions import build_mask_lesion, build_sphere_lesion
from navigator.ablation.zones import find_zone_size, records_for_setting
from navigator.errors import DeviceRefusedError, InputRefusedError, StructureRefusedError
from navigator.imaging.resample import check_rectilinear, sample_membership
from navigator.imaging.tissue import find_body
from navigator.io.antennas import load_zone_records
from navigator.io.documents import PlanRequest, load_plan_request
from navigator.io.findings import Severity
from navigator.io.structures import load_label_map
from navigator.io.volumes import LoadedScan, load_scan
from navigator.model.anatomy import LabelMap, Lesion, Role
from navigator.model.device import Antenna
from navigator.model.outcome import Reason
from navigator.planning.scene import Constraints, Scene
from template_gen import TemplateSpec, all_bores, load_spec, spec_hash

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.documents import RequestedLesion
    from navigator.model.ablation import ZoneSize


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningInputs:
    """Everything that a plan is made from.

    Parameters
    ----------
    request : PlanRequest
        What was asked for.
    scan : LoadedScan
        The planning scan.
    labels : LabelMap
        Its structures.
    scene : Scene
        The patient as the planner sees it.
    spec : TemplateSpec or None
        The plate; None for a free-hand plan.
    hashes : dict of str to str
        SHA-256 of request, scan, structures and template.
    """

    request: PlanRequest
    scan: LoadedScan
    labels: LabelMap
    scene: Scene
    spec: TemplateSpec | None
    hashes: dict[str, str]


def load_planning_inputs(request_path: Path) -> PlanningInputs:
    """Read a request and everything that it names.

    Parameters
    ----------
    request_path : Path
        A ``plan-request/1`` file.

    Returns
    -------
    PlanningInputs
        Checked: geometry, labels, lesion inside the liver, antenna published.

    Raises
    ------
    InputRefusedError
        If anything of it cannot be used; the message says what and what to do.
    """
    request = load_plan_request(request_path)
    spec = None if request.template is None else load_spec(request.template)
    scan = load_scan(request.scan, series_uid=request.series)
    check_rectilinear(scan.volume.grid, "Planning")
    labels = load_label_map(request.structures, request.labels, scan.volume.grid)
    hashes = {
        "request": hash_of_file(request_path),
        "scan": scan.source_hash,
        "structures": hash_of_file(request.structures),
    }
    if spec is not None:
        hashes["template"] = spec_hash(spec)
    return PlanningInputs(
        request=request,
        scan=scan,
        labels=labels,
        scene=build_scene(request, scan, labels, spec),
        spec=spec,
        hashes=hashes,
    )


def hash_of_file(path: Path) -> str:
    """Hash a file's bytes.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build_scene(
    request: PlanRequest, scan: LoadedScan, labels: LabelMap, spec: TemplateSpec | None
) -> Scene:
    """Put together what the planner sees.

    Parameters
    ----------
    request : PlanRequest
        What was asked for.
    scan : LoadedScan
        The planning scan.
    labels : LabelMap
        Its structures.
    spec : TemplateSpec or None
        The plate.

    Returns
    -------
    Scene
        The body is found in the scan itself: a label map that misses some skin must not let
        a needle start inside the patient.

    Raises
    ------
    InputRefusedError
        If the lesion, the antenna or the obstacles cannot be used.
    """
    lesion = _lesion(request, labels)
    remarks = [*_scan_remarks(scan), *_lesion_remarks(lesion, labels)]
    obstacles = {
        structure.name: labels.mask(structure.name)
        for structure in labels.structures
        if structure.role is Role.OBSTACLE
    }
    if not obstacles:
        raise StructureRefusedError(
            code="no-obstacles",
            what="The request names no structure that a needle must keep clear of",
            where="labels",
            expected="bone, vessel, lung, bowel ... with their label values",
            got=", ".join(labels.names) or "none",
            next_step="segment what lies between skin and tumour; unknown is not free",
        )
    if request.fixing_needles:
        text = f"{request.fixing_needles} fixing needles were asked for"
        remarks.append(
            Reason("fixing-needles-unplanned", f"{text} and are not planned; place them by hand")
        )
    antenna = _antenna(request, spec, remarks)
    return Scene(
        lesion=lesion,
        body=find_body(scan.volume),
        obstacles=obstacles,
        gravity_lps=np.array(request.gravity_lps),
        antenna=antenna,
        sizes=_zone_sizes(request),
        constraints=Constraints(**request.constraints.model_dump()),
        remarks=tuple(remarks),
    )


def _lesion(request: PlanRequest, labels: LabelMap) -> Lesion:
    if len(request.lesions) != 1:
        raise InputRefusedError(
            code="several-lesions",
            what="This version plans one lesion at a time",
            where="lesions",
            expected="one lesion",
            got=f"{len(request.lesions)}: {', '.join(item.name for item in request.lesions)}",
            next_step="write one request for each lesion",
        )
    wanted = request.lesions[0]
    if wanted.structure is not None:
        lesion = build_mask_lesion(
            name=wanted.name, mask=labels.mask(wanted.structure), wanted_margin_mm=wanted.margin_mm
        )
    else:
        lesion = _sphere(wanted, labels)
    _check_inside_organ(lesion, labels)
    return lesion


def _sphere(wanted: RequestedLesion, labels: LabelMap) -> Lesion:
    if wanted.sphere is None:
        raise ValueError("RequestedLesion: expected a structure or a sphere")
    return build_sphere_lesion(
        name=wanted.name,
        centre_mm=wanted.sphere.centre_lps_mm,
        diameter_mm=wanted.sphere.diameter_mm,
        wanted_margin_mm=wanted.margin_mm,
        frame=labels.grid.frame,
    )


def _check_inside_organ(lesion: Lesion, labels: LabelMap) -> None:
    if not labels.has_role(Role.TARGET_ORGAN):
        return
    if sample_membership(labels.organ_mask(), lesion.centre_mm[None])[0] >= 0.5:
        return
    raise StructureRefusedError(
        code="lesion-outside-liver",
        what=f"The lesion {lesion.name} does not lie in the liver",
        where=f"lesion {lesion.name}, centre {(lesion.centre_mm.round(1) + 0.0).tolist()} mm LPS",
        expected="a centre inside the structure 'liver'",
        got="a point outside it",
        next_step="correct the centre (LPS millimetres, not RAS or voxels) or the liver's label",
    )


def _lesion_remarks(lesion: Lesion, labels: LabelMap) -> list[Reason]:
    if not labels.has_role(Role.TARGET_ORGAN):
        text = "no structure 'liver' was given: whether the lesion lies in it was not checked"
        return [Reason("liver-unknown", f"{text}; look at the pictures")]
    outside = float(np.mean(sample_membership(labels.organ_mask(), lesion.surface_mm) < 0.5))
    if outside > 0.02:
        text = f"{outside:.0%} of the lesion's surface lies outside the segmented liver"
        return [Reason("lesion-at-capsule", f"{text}; the margin there leaves the organ")]
    return []


def _scan_remarks(scan: LoadedScan) -> list[Reason]:
    return [
        Reason(finding.code, finding.message)
        for finding in scan.findings
        if finding.severity is Severity.CONFIRM
    ]


def _antenna(request: PlanRequest, spec: TemplateSpec | None, remarks: list[Reason]) -> Antenna:
    """Take the diameter from the request, or the widest bore's as the safe reading."""
    if request.antenna_diameter_mm is not None:
        return Antenna(name=request.antenna, diameter_mm=request.antenna_diameter_mm)
    if spec is None:
        raise DeviceRefusedError(
            code="antenna-diameter-missing",
            what="A free-hand plan needs the antenna's diameter",
            where="antenna_diameter_mm",
            expected="the outer diameter of the shaft in millimetres",
            got="nothing",
            next_step="measure it or take it from the maker's sheet, and add it to the request",
        )
    widest = max(bore.diameter_mm for bore in all_bores(spec))
    text = f"the antenna's diameter was not given: {widest:g} mm, the widest bore's, was assumed"
    remarks.append(Reason("antenna-diameter-assumed", f"{text}; check that it passes the bore"))
    return Antenna(name=request.antenna, diameter_mm=widest)


def _zone_sizes(request: PlanRequest) -> tuple[ZoneSize, ...]:
    """List the zones that may be asked for: all published ones, or the one that was fixed."""
    records = load_zone_records()
    rows, _ = records_for_setting(records, device=request.antenna, setting=request.setting)
    wanted = [(row.power_w, row.time_s) for row in rows if row.power_w is not None]
    if request.power_w is not None and request.time_s is not None:
        wanted = [(request.power_w, request.time_s)]
    elif request.power_w is not None or request.time_s is not None:
        raise DeviceRefusedError(
            code="power-without-time",
            what="Power and time are fixed together",
            where="power_w, time_s",
            expected="both, or neither",
            got=f"power_w {request.power_w}, time_s {request.time_s}",
            next_step="give both, or leave both out and let the planner choose",
        )
    return tuple(
        find_zone_size(
            records,
            device=request.antenna,
            power_w=power,
            time_s=time,
            setting=request.setting,
        )
        for power, time in dict.fromkeys(wanted)
    )
