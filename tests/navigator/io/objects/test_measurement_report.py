"""A structured report says every number of the plan with its unit, each point in its frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import highdicom as hd
import numpy as np
import pytest

from navigator.geometry.frames import Frame, FrameKind
from navigator.io.objects.measurement_groups import groups_of_plan, sites_of
from tests.programs import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from tests.navigator.io.objects.small_case import SmallCase

FLOAT32_LIMIT_MM = 5e-5
SAID = (
    ('Insertion depth")="110', "(mm,UCUM"),
    ('operator face of plate to tip")="131.5', "(mm,UCUM"),
    ('long axis")="40', "(mm,UCUM"),
    ('short axis")="30', "(mm,UCUM"),
    ('Power")="100', "(W,UCUM"),
    ('Time")="300', "(s,UCUM"),
    ('Lateral tilt")="1.5', "(deg,UCUM"),
    ('Craniocaudal tilt")="-2.25', "(deg,UCUM"),
    ('In-plane rotation")="0.75', "(deg,UCUM"),
    ('Minimal ablative margin")="5.25', "(mm,UCUM"),
    ('margin, low end")="3.5', "(mm,UCUM"),
    ('Tumour covered")="98.5', "(%,UCUM"),
    ('Clearance")="12.25', "(mm,UCUM"),
    ('Bore")="C4"', ""),
    ('Role")="antenna"', ""),
    ('Verdict")="warning"', ""),
    ('Reason")="Größe ± 1 mm"', ""),
)
"""What dsrdump has to print, by hand from the small plan: 0.6² + 0.8² = 1, so 110 mm of way."""


@pytest.mark.opens("plan report", by="dcmtk dsrdump")
def test_dcmtk_prints_every_number_with_its_unit(object_files: dict[str, Path]) -> None:
    lines = run_program("dsrdump", "+Pl", "+Pc", object_files["plan report"]).splitlines()
    for said, unit in SAID:
        assert any(said in line and unit in line for line in lines), said


@pytest.mark.opens("plan report", by="highdicom")
@pytest.mark.hazard(1, 14)
def test_points_and_paths_lie_in_the_scan_s_frame(
    case: SmallCase, object_files: dict[str, Path]
) -> None:
    found = hd.sr.srread(object_files["plan report"])
    points = {item.name.meaning: item for item in items_of(found) if item.ValueType == "SCOORD3D"}
    way = case.plan.needles[0].trajectory
    truth = {
        "Skin entry": [way.entry_mm],
        "Target": [way.tip_mm],
        "Path": [way.entry_mm, way.tip_mm],
        "Centre of the ablation zone": [[-20.5, 25.25, 210.125]],
        "Place of the least margin": [[-25.5, 22.0, 211.0]],
        "Centre of the operator face": [[-20.5, -60.0, 100.0]],
    }
    assert set(points) == set(truth)
    for name, expected in truth.items():
        item = points[name]
        assert item.ReferencedFrameOfReferenceUID == case.source.frame_of_reference_uid
        assert np.abs(np.reshape(item.GraphicData, (-1, 3)) - expected).max() < FLOAT32_LIMIT_MM


@pytest.mark.hazard(14)
@pytest.mark.parametrize("in_room", [False, True])
def test_angles_name_the_scan_that_they_were_read_in(*, in_room: bool, case: SmallCase) -> None:
    placement, room = case.plan.placement, Frame(FrameKind.LPS, "room")
    assert placement is not None
    hashes = {"intraop": "0" * 64} if in_room else {}
    plan = replace(
        case.plan,
        placement=replace(placement, angles_frame=room if in_room else None),
        provenance=replace(case.plan.provenance, input_hashes=hashes),
    )
    said = {
        each.name.value: each.text for group in groups_of_plan(plan, "1") for each in group.words
    }
    frame = room if in_room else placement.lps_from_template.target
    assert said["angles-scan"] == ("intraoperative scan" if in_room else "planning scan")
    assert said["angles-frame"] == frame.uid
    assert said["plan-kind"] == ("plan in the room" if in_room else "plan on the planning scan")


def items_of(dataset: Dataset) -> list[hd.sr.ContentItem]:
    """List every item of a content tree."""
    found = []
    waiting = list(dataset.ContentSequence)
    while waiting:
        item = waiting.pop()
        found.append(item)
        waiting += list(item.get("ContentSequence") or ())
    return found


def test_structures_that_share_a_code_keep_their_names() -> None:
    sites = sites_of(["bone", "left_lung", "right_lung", "thing"])
    assert sites["bone"].scheme == "SCT"
    ours = [sites[name] for name in ("left_lung", "right_lung", "thing")]
    assert [each.meaning for each in ours] == ["left_lung", "right_lung", "thing"]
    assert len({each.value for each in ours}) == 3
    assert all(len(each.value) <= 16 for each in ours)


def test_private_codes_say_whose_they_are(objects: dict[str, Dataset]) -> None:
    (scheme,) = objects["plan report"].CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == "99MWANAV"
