"""The room's numbers replace the plan's, and where the room is rejected no number holds."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.app.case_report import build_case_report
from navigator.app.documents import located_document, registration_document
from navigator.app.inputs import load_planning_inputs
from navigator.app.procedure import CaseResult, title_of
from navigator.app.steps import (
    RoomCheck,
    carry_plate_to_planning,
    plan_case,
    room_plan_document,
)
from navigator.app.two_scans import check_same_patient
from navigator.detection.plate import LocatedPlate
from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents import plan_to_json, registration_to_json, save_json
from navigator.io.identity import PatientIdentity
from navigator.model.outcome import Reason, Verdict, VerdictStatus
from navigator.model.placement import template_frame
from navigator.registration.neighbourhood import LocalAgreement
from navigator.registration.quality import RegistrationQuality
from navigator.registration.rigid import RigidRegistration
from navigator.report.content import KeyNumber, KeyNumbers, Paragraph, Report, Table
from tests.navigator.app.tiny_patient import write_patient
from tests.protocol.needle_checker import protractor_deg

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.app.inputs import PlanningInputs
    from navigator.model.plan import Plan

ROOM = Frame(FrameKind.LPS, "room")
GRAVITY = np.array([0.0, 1.0, 0.0])
REJECTED = Verdict(VerdictStatus.REJECTED, (Reason("far-off", "Far off; scan again"),))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> PlanningInputs:
    return load_planning_inputs(write_patient(tmp_path_factory.mktemp("tiny") / "p").request)


@pytest.fixture(scope="module")
def plan(inputs: PlanningInputs) -> Plan:
    return plan_case(inputs)


def turned(seed: int) -> np.ndarray:
    """Draw a rigid matrix by QR."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(np.eye(3) + 0.2 * rng.normal(size=(3, 3)))
    turn = turn * np.sign(np.diag(turn))
    matrix = np.eye(4)
    matrix[:3, :3] = turn if np.linalg.det(turn) > 0 else -turn
    matrix[:3, 3] = rng.uniform(-50, 50, 3)
    return matrix


def transform(matrix: np.ndarray, target: Frame, source: Frame) -> RigidTransform:
    return RigidTransform(matrix=matrix, target=target, source=source)


def registered(inputs: PlanningInputs, matrix: np.ndarray, verdict: Verdict) -> RigidRegistration:
    return RigidRegistration(
        intraop_from_planning=transform(matrix, ROOM, inputs.scene.lesion.frame),
        quality=RegistrationQuality(
            overlap=0.99, correlation=0.9, inverse_consistency_mm=0.2,
            start_disagreement_mm=0.1, expected_tre_mm=0.6,
        ),
        verdict=verdict,
    )  # fmt: skip


def located(inputs: PlanningInputs, matrix: np.ndarray | None, verdict: Verdict) -> LocatedPlate:
    assert inputs.spec is not None
    return LocatedPlate(
        lps_from_template=None if matrix is None
        else transform(matrix, ROOM, template_frame(inputs.spec)),
        markers=(), fre_mm=0.1, expected_tre_mm=0.2, ambiguity_ratio=9.0, verdict=verdict,
    )  # fmt: skip


def room_check(
    inputs: PlanningInputs, plan: Plan | None, *, registration: Verdict, plate: Verdict
) -> RoomCheck:
    pose = np.eye(4) if plate.is_usable else None
    worst = max(
        (registration, plate), key=lambda verdict: list(VerdictStatus).index(verdict.status)
    )
    return RoomCheck(
        scan=inputs.scan,
        registration=registered(inputs, np.eye(4), registration),
        located=located(inputs, pose, plate),
        plan=plan,
        verdict=worst if plan is None else plan.verdict,
    )


@pytest.mark.hazard(14, 20)
@pytest.mark.parametrize("seed", range(8))
def test_the_plate_is_carried_to_the_planning_scan(inputs: PlanningInputs, seed: int) -> None:
    assert inputs.spec is not None
    motion, pose = turned(seed), turned(seed + 100)
    # a plate over the patient's front: its normal leans from gravity, not along it
    pose[:3, :3] = pose[:3, :3] @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    placement = carry_plate_to_planning(
        inputs,
        inputs.spec,
        transform(motion, ROOM, inputs.scene.lesion.frame),
        transform(pose, ROOM, template_frame(inputs.spec)),
    )
    expected = np.linalg.inv(motion) @ pose
    assert np.allclose(placement.lps_from_template.matrix, expected, atol=1e-9)
    assert placement.lps_from_template.target == inputs.scene.lesion.frame
    angles = placement.angles
    shown = (angles.lateral_tilt_deg, angles.craniocaudal_tilt_deg, angles.in_plane_rotation_deg)
    # the protractor hangs on the table, so its angles are those of the room
    assert placement.angles_frame == ROOM
    assert np.allclose(shown, protractor_deg(pose, GRAVITY), atol=1e-6)


def tables(report: Report) -> list[tuple[str, Table]]:
    return [
        (section.title, block)
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Table)
    ]


def texts(report: Report) -> str:
    return " ".join(
        block.text
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Paragraph)
    )


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out: they have their own tests."""
    for name in (
        "case_report.draw_plan_slices",
        "case_report.draw_case_scene",
        "report_sections.draw_room_slices",
    ):
        monkeypatch.setattr(f"navigator.app.{name}", lambda *_: b"")


@pytest.mark.usefixtures("undrawn")
def test_a_plan_alone_shows_its_numbers_as_planned(inputs: PlanningInputs, plan: Plan) -> None:
    report = build_case_report(inputs, plan, None, title="t")
    first = report.sections[0]
    assert "as planned" in first.title
    (numbers,) = [block for block in first.blocks if isinstance(block, KeyNumbers)]
    shown = {number.label: number.value for number in numbers.numbers}
    needle = plan.needles[0]
    assert shown["Bore"] == needle.bore
    assert shown["Guide depth"] == f"{needle.guide_depth_mm:.1f} mm"
    assert plan.placement is not None
    for label, angle in (
        ("Lateral tilt", plan.placement.angles.lateral_tilt_deg),
        ("Craniocaudal tilt", plan.placement.angles.craniocaudal_tilt_deg),
        ("In-plane rotation", plan.placement.angles.in_plane_rotation_deg),
    ):
        assert abs(float(shown[label].rstrip("°"))) == pytest.approx(abs(angle), abs=0.05)
    assert report.verdict == plan.verdict


@pytest.mark.usefixtures("undrawn")
@pytest.mark.hazard(18)
@pytest.mark.parametrize("rejected", ["registration", "plate"])
def test_a_rejected_room_voids_every_number_of_the_plan(
    inputs: PlanningInputs, plan: Plan, rejected: str
) -> None:
    verdicts = {"registration": Verdict.accepted(), "plate": Verdict.accepted()}
    room = room_check(inputs, None, **{**verdicts, rejected: REJECTED})
    report = build_case_report(inputs, plan, room, title="t")
    assert report.verdict.status is VerdictStatus.REJECTED
    assert "No hole, depth or angle holds now" in texts(report)
    for section in report.sections:
        assert not any(isinstance(block, KeyNumbers) for block in section.blocks)
    needle = plan.needles[0]
    void = {str(needle.bore), f"{needle.guide_depth_mm:.1f} mm"}
    for title, table in tables(report):
        if not re.search("void|as planned", f"{title} {table.caption}", re.IGNORECASE):
            assert not void & {cell for row in table.rows for cell in row}, title


@pytest.mark.usefixtures("undrawn")
@pytest.mark.hazard(18)
def test_a_rejected_plan_shows_no_number_to_be_used(inputs: PlanningInputs, plan: Plan) -> None:
    """E.g. one whose zone leaves tumour outside: it has a needle, and must not be used."""
    residual = replace(plan, verdict=REJECTED)
    for room in (
        None,
        room_check(inputs, residual, registration=Verdict.accepted(), plate=Verdict.accepted()),
    ):
        report = build_case_report(inputs, residual, room, title="t")
        assert "Far off" in texts(report)
        assert not [
            block
            for section in report.sections
            for block in section.blocks
            if isinstance(block, KeyNumbers)
        ]
        void = {str(plan.needles[0].bore), f"{plan.needles[0].guide_depth_mm:.1f} mm"}
        for title, table in tables(report):
            assert not void & {cell for row in table.rows for cell in row}, title


@pytest.mark.hazard(18)
def test_whose_numbers_hold_by_every_pair_of_verdicts(inputs: PlanningInputs, plan: Plan) -> None:
    accepted, warned = Verdict.accepted(), Verdict(VerdictStatus.WARNING, REJECTED.reasons)
    nothing = replace(plan, needles=(), margin=None, verdict=REJECTED)
    for verdict, usable in ((accepted, True), (warned, True), (REJECTED, False)):
        judged = replace(plan, verdict=verdict)
        alone = CaseResult(inputs=inputs, plan=judged, room=None, seconds={})
        assert alone.in_force == ("plan" if usable else None)
        for in_room in (judged, nothing, None):
            room = room_check(inputs, in_room, registration=accepted, plate=accepted)
            room = replace(room, verdict=verdict)
            checked = CaseResult(inputs=inputs, plan=plan, room=room, seconds={})
            holds = usable and in_room is judged
            assert checked.in_force == ("plan_in_room" if holds else None)


@pytest.mark.usefixtures("undrawn")
def test_a_room_without_a_way_does_not_blame_the_registration(
    inputs: PlanningInputs, plan: Plan
) -> None:
    nothing = replace(plan, needles=(), margin=None, verdict=REJECTED)
    accepted = Verdict.accepted()
    room = room_check(inputs, nothing, registration=accepted, plate=accepted)
    report = build_case_report(inputs, plan, room, title="t")
    assert report.verdict.status is VerdictStatus.REJECTED
    assert "registration or plate pose was rejected" not in texts(report)


@pytest.mark.usefixtures("undrawn")
def test_what_holds_in_the_room_stands_first(inputs: PlanningInputs, plan: Plan) -> None:
    accepted = Verdict.accepted()
    room = room_check(inputs, plan, registration=accepted, plate=accepted)
    report = build_case_report(inputs, plan, room, title="t")
    assert "what holds now" in report.sections[0].title
    (checks,) = [table for _, table in tables(report) if table.caption == "Intraoperative scan"]
    shown = dict(checks.rows)  # type: ignore[arg-type] - two cells a row
    assert shown["Registration"] == "accepted"
    assert shown["Overlap of the planned body"] == "99.0 %"
    assert any("not an accuracy" in name for name in shown), "FRE is never shown as accuracy"


@pytest.mark.usefixtures("undrawn")
def test_how_far_the_liver_has_moved_is_shown(inputs: PlanningInputs, plan: Plan) -> None:
    accepted = Verdict.accepted()
    room = room_check(inputs, plan, registration=accepted, plate=accepted)
    around = LocalAgreement(imaged_share=0.987, correlation=0.9, shift_mm=np.array([3.0, 0.0, 4.0]))
    quality = replace(room.registration.quality, surroundings=around)
    moved = replace(room, registration=replace(room.registration, quality=quality))
    shown = [
        row for _, table in tables(build_case_report(inputs, plan, moved, title="t"))
        for row in table.rows
    ]  # fmt: skip
    assert ("They lie beside the body's registration by", "5.0 mm") in shown
    assert ("Tumour's surroundings in the new scan", "98.7 %") in shown


@pytest.mark.hazard(13)
@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        (("P1", "19500101"), ("P1", "19500101"), False),
        (("P1", ""), ("p1 ", "19500101"), False),
        (("P1", "19500101"), ("P2", "19500101"), True),
        (("P1", "19500101"), ("P1", "19500102"), True),
        (("", ""), ("P2", "19500101"), False),
        (None, ("P2", "19500101"), False),
    ],
)
def test_scans_of_two_patients_are_refused_before_anything_is_computed(
    inputs: PlanningInputs,
    one: tuple[str, str] | None,
    other: tuple[str, str] | None,
    refused: bool,  # noqa: FBT001 - a parameter
) -> None:
    planning, intraop = (
        replace(
            inputs.scan,
            patient=None if who is None else PatientIdentity(patient_id=who[0], birth_date=who[1]),
        )
        for who in (one, other)
    )
    if not refused:
        check_same_patient(planning, intraop)
        return
    with pytest.raises(InputRefusedError) as caught:
        check_same_patient(planning, intraop)
    assert caught.value.refusal.code == "wrong-patient"
    for secret in (*(one or ()), *(other or ())):
        assert not secret or secret not in str(caught.value)


def test_documents_name_frames_hashes_and_verdicts(inputs: PlanningInputs) -> None:
    matrix = turned(3)
    registration = registered(inputs, matrix, REJECTED)
    document = registration_to_json(
        registration_document(registration, inputs.scan, inputs.scan, 1.5)
    )
    assert document["verdict"] == "rejected"
    assert document["reasons"] == [{"code": "far-off", "message": "Far off; scan again"}]
    assert np.allclose(document["intraop_from_planning"], matrix)
    assert document["seconds"] == 1.5
    assert inputs.scan.source_hash in str(document)
    nowhere = located_document(located(inputs, None, REJECTED))
    assert nowhere["lps_from_template"] is None
    assert nowhere["fre_mm"] is None
    found = located_document(located(inputs, np.eye(4), Verdict.accepted()))
    assert found["fre_mm"] == 0.1


def test_the_verdict_of_a_case_is_the_room_s_where_there_is_one(
    inputs: PlanningInputs, plan: Plan
) -> None:
    alone = CaseResult(inputs=inputs, plan=plan, room=None, seconds={})
    assert alone.verdict == plan.verdict
    room = room_check(inputs, None, registration=REJECTED, plate=Verdict.accepted())
    checked = CaseResult(inputs=inputs, plan=plan, room=room, seconds={})
    assert checked.verdict.status is VerdictStatus.REJECTED


@pytest.mark.usefixtures("undrawn")
@pytest.mark.hazard(14)
def test_every_point_stands_under_the_name_of_its_scan(inputs: PlanningInputs, plan: Plan) -> None:
    accepted, motion = Verdict.accepted(), turned(5)
    room = room_check(inputs, plan, registration=accepted, plate=accepted)
    room = replace(room, registration=registered(inputs, motion, accepted))
    way = plan.needles[0].trajectory
    for check, scans in ((None, ["Planning"]), (room, ["Planning", "Intraoperative"])):
        shown = tables(build_case_report(inputs, plan, check, title="t"))
        (points,) = [table for _, table in shown if "Point" in table.headers]
        assert list(points.headers[1:]) == [f"{scan} scan, LPS mm" for scan in scans]
        for row, place in zip(points.rows, (way.entry_mm, way.tip_mm), strict=True):
            there = [place, motion[:3, :3] @ place + motion[:3, 3]]
            for cell, expected in zip(row[1:], there, strict=False):
                found = [float(value) for value in cell.split(", ")]
                assert np.allclose(found, expected, atol=0.051)
        assert not [t for _, t in shown for header in t.headers if header.endswith(", LPS mm")
                    and "scan" not in header]  # fmt: skip


@pytest.mark.hazard(14)
def test_the_plan_in_the_room_names_both_scans(inputs: PlanningInputs, plan: Plan) -> None:
    assert inputs.spec is not None
    accepted, motion, pose = Verdict.accepted(), turned(7), turned(8)
    pose[:3, :3] = pose[:3, :3] @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    room = room_check(inputs, plan, registration=accepted, plate=accepted)
    registration, plate = (
        registered(inputs, motion, accepted),
        located(inputs, pose, accepted),
    )
    assert plate.lps_from_template is not None
    placement = carry_plate_to_planning(
        inputs, inputs.spec, registration.intraop_from_planning, plate.lps_from_template
    )
    standing = replace(plan, placement=placement)
    room = replace(room, registration=registration, located=plate, plan=standing)
    document = room_plan_document(room)
    assert document is not None
    assert document["placement"]["angles_frame"] == {
        "scan": "intraoperative scan", "frame": ROOM.uid
    }  # fmt: skip
    assert document["intraop_frame"] == ROOM.uid
    assert np.allclose(document["placement"]["intraop_from_template"], pose)
    (needle,) = document["trajectories"]
    for name in ("entry", "tip"):
        there = motion[:3, :3] @ needle[f"{name}_lps_mm"] + motion[:3, 3]
        assert np.allclose(needle[f"{name}_intraop_lps_mm"], there)
    assert room_plan_document(replace(room, plan=None)) is None


@pytest.mark.usefixtures("undrawn")
def test_plan_and_room_stand_side_by_side(inputs: PlanningInputs, plan: Plan) -> None:
    accepted = Verdict.accepted()
    room = room_check(inputs, plan, registration=accepted, plate=accepted)
    for verdict, count in ((plan.verdict, 10), (REJECTED, 2)):
        report = build_case_report(inputs, plan, replace(room, verdict=verdict), title="t")
        (table,) = [t for _, t in tables(report) if t.caption.startswith("Planned and now")]
        assert len(table.rows) == count
        assert ("Plate's origin moved by", "-", "0.0 mm") in table.rows
        assert ("Plate turned by", "-", "0.0°") in table.rows


@pytest.mark.usefixtures("undrawn")
def test_the_report_names_plate_and_plan_by_their_ids(
    inputs: PlanningInputs, plan: Plan, tmp_path: Path
) -> None:
    assert inputs.spec is not None
    accepted = Verdict.accepted()
    room = room_check(inputs, plan, registration=accepted, plate=accepted)
    report = build_case_report(inputs, plan, room, title="t")
    assert inputs.spec.serial in report.subtitle
    shown = {number.label: number.value for number in numbers_of(report)}
    assert shown["Plate"] == inputs.spec.serial
    (sources,) = [dict(t.rows) for _, t in tables(report) if "SHA-256" in t.headers]  # type: ignore[arg-type] - two cells a row
    in_room = room_plan_document(room)
    assert in_room is not None
    for name, document in (("plan", plan_to_json(plan)), ("plan_in_room", in_room)):
        save_json(document, tmp_path / "saved.json")
        digest = hashlib.sha256((tmp_path / "saved.json").read_bytes()).hexdigest()
        assert sources[f"{name}.json, first digits"] == digest[:12]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.hazard(29)
def test_a_free_hand_report_gives_the_needle_s_own_tilts(
    inputs: PlanningInputs, plan: Plan
) -> None:
    free = replace(inputs, spec=None)
    assert "template" not in title_of(free)
    assert "through a coordinate template" in title_of(inputs)
    needle = replace(plan.needles[0], bore=None, guide_depth_mm=None)
    entry, tip = np.array([0.0, -50.0, 0.0]), np.array([50.0, 0.0, 0.0])
    way = replace(needle.trajectory, entry_mm=entry, tip_mm=tip)
    driven = replace(plan, needles=(replace(needle, trajectory=way),), placement=None)
    shown = {n.label: n for n in numbers_of(build_case_report(free, driven, None, title="t"))}
    assert shown["Lateral tilt"].value == "45.0°"
    assert "→ tip to patient's left; needle against gravity" in shown["Lateral tilt"].hint
    assert shown["Craniocaudal tilt"].value == "0.0°"
    assert not {"Plate", "Bore", "In-plane rotation"} & set(shown)
    sideways = replace(free, scene=replace(free.scene, gravity_lps=np.array([1.0, 0.0, 0.0])))
    shown = {n.label: n for n in numbers_of(build_case_report(sideways, driven, None, title="t"))}
    assert "Lateral tilt" not in shown, "for a patient on a side these angles are not defined"


def numbers_of(report: Report) -> list[KeyNumber]:
    return [
        number
        for block in report.sections[0].blocks
        if isinstance(block, KeyNumbers)
        for number in block.numbers
    ]
