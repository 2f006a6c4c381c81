"""What is written can be read back, is the same bytes each time, and never holds a NaN."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.errors import FileRefusedError, InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform, matrix_from_rotation_and_shift
from navigator.io.documents import (
    RegistrationDocument,
    json_text,
    load_placement,
    load_points_csv,
    load_registration,
    load_zones,
    located_template_to_json,
    plan_to_json,
    registration_to_json,
    save_json,
    save_points_csv,
)
from navigator.io.documents.integrity import sealed
from navigator.model.ablation import AblationZone, Interval, Margin, ZoneSize
from navigator.model.outcome import Reason, Verdict, VerdictStatus
from navigator.model.placement import ProtractorAngles, TemplatePlacement
from navigator.model.plan import Plan, PlannedNeedle, Provenance
from navigator.model.trajectory import Trajectory

SCAN = Frame(FrameKind.LPS, "1.2/3.4")
LATER = Frame(FrameKind.LPS, "1.2/5.6")
PLATE = Frame(FrameKind.TEMPLATE, "T-0001")
WARNING = Verdict(VerdictStatus.WARNING, (Reason("unknown-bowel", "The bowel is unknown"),))
READING_LIMIT_MM = 1e-6


def motion(target: Frame, source: Frame, seed: int = 3) -> RigidTransform:
    rng = np.random.default_rng(seed)
    matrix = matrix_from_rotation_and_shift(
        Rotation.random(random_state=seed).as_matrix(), rng.uniform(-300, 300, 3)
    )
    return RigidTransform(matrix=matrix, target=target, source=source)


def one_needle_plan() -> Plan:
    """Build a plan that can be checked by hand: straight down 80 mm, zone 10 mm above the tip."""
    zone = AblationZone(
        centre_mm=[0.0, 70.0, 0.0],
        axis=[0.0, 1.0, 0.0],
        size=ZoneSize(
            power_w=100.0,
            time_s=300.0,
            long_axis_mm=Interval(value=40.0, low=36.0, high=44.0),
            short_axis_mm=Interval(value=35.0, low=31.0, high=39.0),
            centre_to_tip_mm=Interval(value=10.0, low=9.0, high=11.0),
            setting="in-vivo",
            sources=("a paper",),
        ),
        frame=SCAN,
    )
    needle = PlannedNeedle(
        name="N1",
        role="antenna",
        bore="H8",
        trajectory=Trajectory(entry_mm=[0, 0, 0], tip_mm=[0, 80, 0], frame=SCAN),
        guide_depth_mm=97.5,
        zone=zone,
        clearance_mm={"vessel": 4.0, "bone": 2.5},
    )
    return Plan(
        needles=(needle,),
        placement=TemplatePlacement(
            lps_from_template=motion(SCAN, PLATE),
            angles=ProtractorAngles(
                lateral_tilt_deg=5.0, craniocaudal_tilt_deg=-3.0, in_plane_rotation_deg=0.0
            ),
            template_hash="ab" * 32,
        ),
        margin=Margin(
            mam_mm=Interval(value=5.25, low=3.25, high=7.25),
            area_share={"lt_0": 0.0, "0_to_5": 0.25, "5_to_10": 0.5, "ge_10": 0.25},
            covered_share=1.0,
            wanted_margin_covered_share=0.75,
            thinnest_point_mm=[1.0, 2.0, 3.0],
            frame=SCAN,
        ),
        verdict=WARNING,
        provenance=Provenance(input_hashes={"scan": "cd" * 32}, engine_version="0.1.0"),
        candidates_seen=1000,
        candidates_allowed=10,
    )


def test_a_plan_has_the_fields_of_the_interface() -> None:
    document = plan_to_json(one_needle_plan())
    (needle,) = document["trajectories"]
    assert needle["entry_lps_mm"] == [0, 0, 0]
    assert needle["tip_lps_mm"] == [0, 80, 0]
    assert (needle["id"], needle["role"], needle["bore"]) == ("N1", "antenna", "H8")
    assert (needle["insertion_depth_mm"], needle["guide_depth_mm"]) == (80.0, 97.5)
    assert (needle["power_w"], needle["time_s"]) == (100.0, 300.0)
    assert needle["zone"]["centre_lps_mm"] == [0, 70, 0]
    assert (needle["zone"]["long_axis_mm"], needle["zone"]["short_axis_mm"]) == (40.0, 35.0)
    assert needle["zone"]["axis_lps"] == [0, 1, 0]
    assert needle["clearance_mm"] == {"bone": 2.5, "vessel": 4.0}
    assert document["placement"]["lateral_tilt_deg"] == 5.0
    assert np.shape(document["placement"]["lps_from_template"]) == (4, 4)
    assert document["placement"]["angles_frame"] == {"scan": "planning scan", "frame": SCAN.uid}
    assert document["margin"]["mam_mm"] == {"value": 5.25, "low": 3.25, "high": 7.25}
    assert document["margin"]["covered_percent"] == 100.0
    assert document["margin"]["area_percent"]["5_to_10"] == 50.0
    assert document["optimality"]["zones"] == document["optimality"]["lower_bound"] == 1
    assert document["verdict"] == "warning"
    assert document["reasons"] == [{"code": "unknown-bowel", "message": "The bowel is unknown"}]
    assert document["provenance"]["sha256"] == {"scan": "cd" * 32}
    assert document["schema"] == "plan/1"


def test_a_plan_without_a_way_is_a_document_too() -> None:
    rejected = Verdict(VerdictStatus.REJECTED, (Reason("no-bore-reaches", "No bore reaches"),))
    plan = Plan(
        needles=(),
        placement=None,
        margin=None,
        verdict=rejected,
        provenance=Provenance(input_hashes={}, engine_version="0.1.0"),
        candidates_seen=5,
        candidates_allowed=0,
    )
    document = json.loads(json_text(plan_to_json(plan)))
    assert document["verdict"] == "rejected"
    assert document["trajectories"] == []
    assert document["margin"] is document["placement"] is document["frame"] is None


@pytest.mark.hazard(59)
def test_the_same_plan_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        save_json(plan_to_json(one_needle_plan()), tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_the_zones_of_a_plan_are_read_back(tmp_path: Path) -> None:
    plan = one_needle_plan()
    save_json(plan_to_json(plan), tmp_path / "plan.json")
    (zone,) = load_zones(tmp_path / "plan.json", SCAN)
    truth = plan.needles[0].zone
    assert truth is not None
    assert zone.size.long_axis_mm.value == truth.size.long_axis_mm.value
    assert zone.size.short_axis_mm.value == truth.size.short_axis_mm.value
    np.testing.assert_array_equal(zone.centre_mm, truth.centre_mm)
    np.testing.assert_array_equal(zone.axis, truth.axis)
    assert zone.frame == SCAN


@pytest.mark.parametrize(
    "row",
    [{"centre_lps_mm": [0, 0]}, {"long_axis_mm": 0}, {"short_axis_mm": "wide"}, None],
)
def test_a_zone_with_a_wrong_field_is_refused(tmp_path: Path, row: dict[str, Any] | None) -> None:
    good = {"centre_lps_mm": [0, 0, 0], "axis_lps": [0, 0, 1]}
    axes = {"long_axis_mm": 40, "short_axis_mm": 30}
    zones = [] if row is None else [{**good, **axes, **row}]
    save_json({"schema": "zones/1", "zones": zones}, tmp_path / "zones.json")
    with pytest.raises(InputRefusedError):
        load_zones(tmp_path / "zones.json", SCAN)


@given(seed=st.integers(0, 10_000))
def test_a_registration_carries_points_as_before_it_was_saved(seed: int) -> None:
    before = RegistrationDocument(
        intraop_from_planning=motion(LATER, SCAN, seed),
        verdict=WARNING,
        metrics={"expected_tre_mm": 1.25, "overlap": 0.9, "inverse_consistency_mm": None},
        input_hashes={"planning": "aa" * 32, "intraop": "bb" * 32},
    )
    with tempfile.TemporaryDirectory() as folder:
        save_json(registration_to_json(before), Path(folder) / "reg.json")
        after = load_registration(Path(folder) / "reg.json")
    assert (after.verdict, after.metrics, after.input_hashes) == (
        *(before.verdict, before.metrics, before.input_hashes),
    )
    assert after.intraop_from_planning.target == LATER
    assert after.intraop_from_planning.source == SCAN
    point = [200.0, -150.0, 900.0]
    moved = after.intraop_from_planning.map_points(point)
    truth = before.intraop_from_planning.map_points(point)
    assert np.abs(moved - truth).max() < READING_LIMIT_MM


def good_registration() -> dict[str, Any]:
    return registration_to_json(
        RegistrationDocument(
            intraop_from_planning=motion(LATER, SCAN),
            verdict=Verdict.accepted(),
            metrics={},
            input_hashes={},
        )
    )


@pytest.mark.hazard(19, 22, 45)
@pytest.mark.parametrize(
    "change",
    [
        {"intraop_from_planning": np.diag([1.0, 1.0, -1.0, 1.0])},
        {"intraop_from_planning": 2 * np.eye(4)},
        {"intraop_from_planning": np.eye(3)},
        {"intraop_from_planning": None},
        {"planning_frame": ""},
        {"verdict": "fine"},
        {"verdict": "rejected"},
        {"reasons": None},
        {"deformable": {"field": "x"}},
        {"overlap": "much"},
        {"schema": "registration/2"},
        {"minor": -1},
        {"minor": True},
        {"intraop_frame": "1.2/3.4"},
        {"expected_tre_mm": -1.0},
        {"overlap": 98.9},
        {"units": {"length": "cm"}},
        {"remark": "looks fine"},
        {"sha256": {"planning": "aa"}},
    ],
)
def test_a_registration_that_was_changed_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    save_json(sealed({**good_registration(), **change}), tmp_path / "reg.json")
    with pytest.raises(InputRefusedError):
        load_registration(tmp_path / "reg.json")


def test_a_placement_is_read_back_and_a_rejected_one_is_not(tmp_path: Path) -> None:
    pose = motion(SCAN, PLATE)
    markers = [{"label": "M1", "lps_mm": [1.0, 2.0, 3.0], "residual_mm": 0.04}]
    metrics = {"fre_mm": 0.05, "expected_tre_mm": 0.06, "ambiguity_ratio": 12.0}
    good = located_template_to_json(
        pose, WARNING, markers=markers, metrics=metrics, sha256={"template": "ab" * 32}
    )
    assert (good["template"], good["template_sha256"]) == (PLATE.uid, "ab" * 32)
    save_json(good, tmp_path / "pose.json")
    read = load_placement(tmp_path / "pose.json").lps_from_template
    assert (read.target, read.source) == (SCAN, PLATE)
    np.testing.assert_allclose(read.matrix, pose.matrix, atol=1e-9)
    rejected = Verdict(VerdictStatus.REJECTED, (Reason("no-plate", "No plate was found"),))
    bad = located_template_to_json(None, rejected, markers=[], metrics={})
    save_json(bad, tmp_path / "none.json")
    with pytest.raises(InputRefusedError, match="placement-rejected"):
        load_placement(tmp_path / "none.json")


@pytest.mark.hazard(22)
@pytest.mark.parametrize("bad", [np.nan, np.inf, np.float32("nan"), np.array([1.0, -np.inf])])
def test_a_number_that_is_none_is_never_written(tmp_path: Path, bad: object) -> None:
    with pytest.raises(InputRefusedError, match="not-finite") as refused:
        save_json({"a": [{"depth_mm": bad}]}, tmp_path / "x.json")
    assert "a[0].depth_mm" in refused.value.refusal.where
    assert list(tmp_path.iterdir()) == []


@pytest.mark.hazard(43)
def test_a_save_that_fails_leaves_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    save_json({"a": 1}, path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileRefusedError, match="No space left"):
        save_json({"a": 2}, path)
    assert json.loads(path.read_text()) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8).map(str.strip),
            st.tuples(*[st.floats(-1e4, 1e4, allow_nan=False)] * 3),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_points_are_read_back_as_they_were(rows: list[tuple[str, tuple[float, ...]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.csv"
        save_points_csv(path, [label for label, _ in rows], [point for _, point in rows])
        labels, points = load_points_csv(path)
    assert labels == tuple(label for label, _ in rows)
    assert np.abs(points - [point for _, point in rows]).max() <= READING_LIMIT_MM


@pytest.mark.hazard(34)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "label,x,y,z\nA,1,2,3\n",
        "label,x_mm,y_mm,z_mm\n",
        "label,x_mm,y_mm,z_mm\nA,1,2\n",
        "label,x_mm,y_mm,z_mm\nA,1,2,3,4\n",
        "label,x_mm,y_mm,z_mm\nA,1,2,nan\n",
        "label,x_mm,y_mm,z_mm\nA,1,2,three\n",
        'label,x_mm,y_mm,z_mm\nA,"1,5",2,3\n',
        'label,x_mm,y_mm,z_mm\n"A,1,2,3\n',
    ],
)
def test_points_that_cannot_be_read_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "points.csv").write_text(text)
    with pytest.raises(InputRefusedError, match="invalid-points"):
        load_points_csv(tmp_path / "points.csv")


def test_points_by_hand(tmp_path: Path) -> None:
    save_points_csv(tmp_path / "p.csv", ["tip, left"], [[-0.0000001, 12.3456789, 3]])
    assert (tmp_path / "p.csv").read_text() == (
        'label,x_mm,y_mm,z_mm\n"tip, left",0.000000,12.345679,3.000000\n'
    )
