"""From a request on disk to the scene that a plan is made in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from navigator.ablation.lesions import build_mask_lesion, build_sphere_lesion
from navigator.app.devices import antenna_from_request, zone_sizes_from_request
from navigator.app.plausibility import plausibility_remarks
from navigator.app.remarks import (
    check_lesion_is_whole,
    energy_remarks,
    lesion_remarks,
    needle_remarks,
    scan_remarks,
    structure_remarks,
    unnamed_labels,
    unnamed_remarks,
)
from navigator.errors import InputRefusedError, StructureRefusedError
from navigator.imaging.resample import sample_membership
from navigator.imaging.tissue import find_body, find_imaged
from navigator.imaging.upright import rectify
from navigator.io.documents import PlanRequest, load_plan_request
from navigator.io.findings import Finding, Severity
from navigator.io.progress import tell_nobody
from navigator.io.structures import load_structures
from navigator.io.volumes import LoadedScan, load_scan
from navigator.model.anatomy import LabelMap, Lesion, Role, with_lesions
from navigator.planning.scene import Constraints, ScannedBody, Scene
from template_gen import TemplateSpec, load_spec, spec_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from navigator.io.documents import RequestedLesion
    from navigator.model.volume import Mask


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


def load_planning_inputs(
    request_path: Path, *, progress: Callable[[str], None] = tell_nobody
) -> PlanningInputs:
    """Read a request and everything that it names.

    Parameters
    ----------
    request_path : Path
        A ``plan-request/1`` file.
    progress : callable of str
        Told how far reading is.

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
    read = load_scan(request.scan, series_uid=request.series, tell=progress)
    scan = upright_scan(read)
    lesions = tuple(item.structure for item in request.lesions if item.structure is not None)
    loaded = load_structures(
        request.structures,
        request.labels,
        scan.volume.grid,
        lesions=lesions,
        patient=scan.patient,
        twin=None if scan is read else read.volume.grid,
    )
    labels = with_lesions(loaded.labels, lesions)
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
        scene=build_scene(request, scan, labels, spec, seen=loaded.findings),
        spec=spec,
        hashes=hashes,
    )


def upright_scan(scan: LoadedScan) -> LoadedScan:
    """Resample a tilted stack to right angles, and say so; any other scan stays as it is.

    Distances and surfaces are measured on rectilinear grids.

    Parameters
    ----------
    scan : LoadedScan
        As it was read.

    Returns
    -------
    LoadedScan
        Of the same hash: what it was made from is the scan as it was read.
    """
    volume = rectify(scan.volume)
    if volume.values_hu is scan.volume.values_hu:
        return scan if volume is scan.volume else replace(scan, volume=volume)
    note = Finding(
        code="stack-resampled",
        severity=Severity.NOTE,
        what="The tilted stack was resampled to right angles, trilinearly, for planning",
        expected="axes at right angles",
        got=f"{' x '.join(map(str, scan.volume.grid.shape_kji))} voxels, resampled to "
        f"{' x '.join(map(str, volume.grid.shape_kji))}",
        next_step="nothing; places are kept, fine edges are a little softer",
    )
    return replace(scan, volume=volume, findings=(*scan.findings, note))


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
    request: PlanRequest,
    scan: LoadedScan,
    labels: LabelMap,
    spec: TemplateSpec | None,
    *,
    seen: tuple[Finding, ...] = (),
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
    seen : tuple of Finding
        What was seen while the structures came in.

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
    patient = ScannedBody(
        scan=scan.volume, body=find_body(scan.volume), imaged=find_imaged(scan.volume)
    )
    lesion = _lesion(request, labels)
    check_lesion_is_whole(lesion, patient.imaged)
    sizes, needs_factor = zone_sizes_from_request(request)
    antenna, assumed = antenna_from_request(request, spec)
    remarks = (
        *scan_remarks(scan, "planning scan"),
        *structure_remarks(seen),
        *lesion_remarks(lesion, labels),
        *plausibility_remarks(labels, scan.volume, patient.body),
        *unnamed_remarks(request, labels),
        *energy_remarks(request, needs_factor=needs_factor),
        *needle_remarks(request),
        *assumed,
    )
    return Scene(
        lesion=lesion,
        patient=patient,
        obstacles=_obstacles(labels),
        unnamed=unnamed_labels(labels),
        gravity_lps=np.array(request.gravity_lps),
        antenna=antenna,
        sizes=sizes,
        constraints=Constraints(**request.constraints.model_dump()),
        remarks=remarks,
    )


def _obstacles(labels: LabelMap) -> dict[str, Mask]:
    """Take out of a label map what a needle must keep clear of."""
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
    return obstacles


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
        mask, margin_mm = labels.mask(wanted.structure), wanted.margin_mm
        lesion = build_mask_lesion(name=wanted.name, mask=mask, wanted_margin_mm=margin_mm)
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
