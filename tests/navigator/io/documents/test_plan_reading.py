"""A plan is read back as it was, and one whose numbers contradict each other is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navigator.errors import InputRefusedError
from navigator.io.documents import load_plan, plan_to_json, save_json
from navigator.io.documents.integrity import sealed
from navigator.model.outcome import Reason, Verdict, VerdictStatus
from navigator.model.plan import Plan, PlannedNeedle, Provenance
from navigator.model.trajectory import Trajectory
from tests.navigator.io.documents.sound_documents import (
    KINDS,
    plan_document,
    pose,
    room_plan_document,
    sound_plan,
)
from tests.navigator.io.documents.test_documents import LATER, PLATE, SCAN, motion

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN_MM = 1e-9
"""Nine digits are written."""


def saved(folder: Path, document: dict[str, Any]) -> Path:
    save_json(document, folder / "plan.json")
    return folder / "plan.json"


def test_a_plan_is_read_back_as_it_was(tmp_path: Path) -> None:
    truth, read = sound_plan(), load_plan(saved(tmp_path, plan_document()))
    assert (read.frame, read.room, read.form, read.notes) == (SCAN, None, (1, 1), ())
    (needle,), (wanted,) = read.plan.needles, truth.needles
    assert (needle.name, needle.role, needle.bore) == ("N1", "antenna", "H8")
    assert needle.trajectory.frame == SCAN
    assert needle.trajectory.entry_mm.tolist() == [0, 0, 0]
    assert needle.trajectory.tip_mm.tolist() == [0, 80, 0]
    assert needle.clearance_mm == wanted.clearance_mm
    assert needle.zone is not None
    assert wanted.zone is not None
    assert needle.zone.size == wanted.zone.size
    assert needle.zone.centre_mm.tolist() == [0, 70, 0]
    assert read.plan.placement is not None
    assert truth.placement is not None
    assert read.plan.placement.angles == truth.placement.angles
    assert read.plan.placement.angles_frame is None
    assert read.plan.placement.template_hash == "ab" * 32
    assert read.plan.placement.lps_from_template.source == PLATE
    np.testing.assert_array_equal(read.plan.placement.lps_from_template.matrix, pose().matrix)
    assert read.plan.margin is not None
    assert truth.margin is not None
    assert read.plan.margin.mam_mm == truth.margin.mam_mm
    assert read.plan.margin.area_share == truth.margin.area_share
    assert read.plan.margin.thinnest_point_mm.tolist() == [1, 2, 3]
    assert read.plan.verdict == truth.verdict
    assert read.plan.provenance == truth.provenance
    assert (read.plan.candidates_seen, read.plan.candidates_allowed) == (1000, 10)


def test_what_is_read_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    path = saved(tmp_path, plan_document())
    again = load_plan(path).plan
    save_json(plan_to_json(again), tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_a_plan_in_the_room_knows_its_points_in_both_scans(tmp_path: Path) -> None:
    read = load_plan(saved(tmp_path, room_plan_document()))
    assert read.room is not None
    assert read.room.frame == LATER
    (way,) = read.room.trajectories
    later = motion(LATER, SCAN)
    assert np.abs(way.tip_mm - later.map_points([0, 80, 0])).max() <= WRITTEN_MM
    assert read.room.intraop_from_template is not None
    both = later @ pose()
    assert np.abs(read.room.intraop_from_template.matrix - both.matrix).max() <= WRITTEN_MM
    assert read.room.intraop_from_template.source == PLATE


def test_a_rejected_plan_is_read_with_its_verdict(tmp_path: Path) -> None:
    rejected = Verdict(VerdictStatus.REJECTED, (Reason("no-bore-reaches", "No bore reaches"),))
    empty = Plan(
        needles=(), placement=None, margin=None, verdict=rejected,
        provenance=Provenance(input_hashes={}, engine_version="0.1.0"),
        candidates_seen=5, candidates_allowed=0,
    )  # fmt: skip
    read = load_plan(saved(tmp_path, plan_to_json(empty)))
    assert read.plan.verdict == rejected
    assert (read.plan.needles, read.frame) == ((), None)


@given(
    st.tuples(*[st.floats(-900, 900)] * 3),
    st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda way: np.linalg.norm(way) > 0.1),
    st.floats(1.0, 400.0),
    st.dictionaries(st.text("abcdé 中", min_size=1, max_size=6), st.floats(-50, 300)),
)
def test_any_free_needle_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    tip: tuple[float, ...],
    way: tuple[float, ...],
    depth_mm: float,
    clearance_mm: dict[str, float],
) -> None:
    direction = np.array(way) / np.linalg.norm(way)
    needle = PlannedNeedle(
        name="F1", role="fixing", bore=None, guide_depth_mm=None, zone=None,
        trajectory=Trajectory(
            entry_mm=np.array(tip) - depth_mm * direction, tip_mm=np.array(tip), frame=SCAN
        ),
        clearance_mm=clearance_mm,
    )  # fmt: skip
    plan = replace(sound_plan(), needles=(needle,), placement=None, margin=None)
    folder = tmp_path_factory.mktemp("plan")
    read = load_plan(saved(folder, plan_to_json(plan)))
    (back,) = read.plan.needles
    assert np.abs(back.trajectory.tip_mm - np.array(tip)).max() <= WRITTEN_MM
    assert abs(back.trajectory.insertion_depth_mm - depth_mm) <= 1e-6
    assert set(back.clearance_mm) == set(clearance_mm)


def changed(way: str, value: object) -> dict[str, Any]:
    """Give the sound plan with one value changed and sealed anew, as a defect of ours would."""
    document = plan_document()
    *outer, last = [int(part) if part.isdigit() else part for part in way.split(".")]
    inner: Any = document
    for step in outer:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return sealed(document)


N = "trajectories.0"
MIRROR = np.diag([1.0, 1.0, -1.0, 1.0]).tolist()
FAULTS: list[tuple[str, object]] = [
    ("verdict", "fine"), ("verdict", ...), ("reasons", []), ("reasons", ...), ("frame", ""),
    ("frame", None), ("frame", "9.9"), ("trajectories", ...), ("trajectories", {}),
    (f"{N}.id", 5), (f"{N}.id", ""), (f"{N}.role", "knife"), (f"{N}.bore", None),
    (f"{N}.entry_lps_mm", [0, 0]), (f"{N}.entry_lps_mm", [0, 0, "0"]),
    (f"{N}.entry_lps_mm", [0, 1, 0]), (f"{N}.tip_lps_mm", [0, 81, 0]),
    (f"{N}.tip_lps_mm", [0, 80e3, 0]), (f"{N}.insertion_depth_mm", 81.0),
    (f"{N}.insertion_depth_mm", -80.0), (f"{N}.insertion_depth_mm", 0),
    (f"{N}.insertion_depth_mm", ...), (f"{N}.guide_depth_mm", 98.0),
    (f"{N}.guide_depth_mm", None), (f"{N}.guide_depth_mm", True),
    (f"{N}.power_w", 100_000.0), (f"{N}.power_w", 0), (f"{N}.power_w", None),
    (f"{N}.time_s", 1e6), (f"{N}.time_s", -5), (f"{N}.time_s", None),
    (f"{N}.zone", 5), (f"{N}.zone.centre_lps_mm", [0, 60, 0]),
    (f"{N}.zone.axis_lps", [0, -1, 0]), (f"{N}.zone.axis_lps", [0, 2, 0]),
    (f"{N}.zone.axis_lps", [0, 0, 1]), (f"{N}.zone.long_axis_mm", 400.0),
    (f"{N}.zone.long_axis_range_mm", [44, 36]), (f"{N}.zone.long_axis_range_mm", [41, 44]),
    (f"{N}.zone.centre_to_tip_mm", {"value": 10, "low": 11, "high": 12}),
    (f"{N}.zone.centre_to_tip_mm.value", 9.5), (f"{N}.zone.setting", ...),
    (f"{N}.clearance_mm", {"bone": None}), (f"{N}.clearance_mm", [2.5]),
    (f"{N}.cooling", "water"), (f"{N}.tip_intraop_lps_mm", [0, 80, 0]),
    ("placement.lps_from_template", MIRROR), ("placement.lps_from_template", np.eye(3).tolist()),
    ("placement.lps_from_template", (2 * np.eye(4)).tolist()),
    ("placement.lateral_tilt_deg", 361.0), ("placement.lateral_tilt_deg", -720.0),
    ("placement.craniocaudal_tilt_deg", 91.0), ("placement.in_plane_rotation_deg", 181.0),
    ("placement.angles_frame.scan", "intraoperative scan"), ("placement.angles_frame", None),
    ("placement.frame", "9.9"), ("placement.template_sha256", "ab"),
    ("placement.template_sha256", None), ("placement.intraop_from_template", np.eye(4).tolist()),
    ("margin.mam_mm.low", 6.0), ("margin.mam_mm", 5.25), ("margin.covered_percent", 101.0),
    ("margin.area_percent.ge_10", 50.0), ("margin.area_percent.ge_10", ...),
    ("margin.area_percent.more", 0.0), ("margin.p_mam_at_least_goal", 1.5),
    ("optimality.zones", -1), ("optimality.proven", 1), ("optimality", ...),
    ("provenance.sha256.scan", "cd"), ("provenance.sha256.template", "ef" * 32),
    ("provenance.engine_version", ...), ("intraop_frame", "5.6"),
]  # fmt: skip


@pytest.mark.hazard(22, 23, 33)
@pytest.mark.parametrize(("way", "value"), FAULTS, ids=lambda part: str(part)[:40])
def test_a_wrong_value_is_refused_even_with_the_right_hashes(
    way: str, value: object, tmp_path: Path
) -> None:
    path = saved(tmp_path, changed(way, value))
    with pytest.raises(InputRefusedError) as caught:
        load_plan(path)
    assert caught.value.refusal.code == "invalid-plan"
    assert str(path) in caught.value.refusal.where


@pytest.mark.hazard(23)
@pytest.mark.parametrize("angle_deg", [-90.0, 0.0, 5e-324, 60.0, 90.0])
def test_angles_within_their_range_are_read(angle_deg: float, tmp_path: Path) -> None:
    path = saved(tmp_path, changed("placement.craniocaudal_tilt_deg", angle_deg))
    assert load_plan(path).plan.placement is not None


def test_two_needles_of_one_name_are_refused(tmp_path: Path) -> None:
    document = plan_document()
    document["trajectories"] *= 2
    with pytest.raises(InputRefusedError, match="names of their own"):
        load_plan(saved(tmp_path, sealed(document)))


@pytest.mark.hazard(14)
@pytest.mark.parametrize("part", ["tip_intraop_lps_mm", "intraop_from_template", "length"])
def test_a_plan_half_in_the_room_is_refused(part: str, tmp_path: Path) -> None:
    document = room_plan_document()
    if part == "length":
        document["trajectories"][0]["tip_intraop_lps_mm"] = [0.0, 0.0, 0.0]
    elif part == "intraop_from_template":
        del document["placement"][part]
    else:
        del document["trajectories"][0][part]
    with pytest.raises(InputRefusedError, match="invalid-plan"):
        load_plan(saved(tmp_path, sealed(document)))


@pytest.mark.hazard(22)
@pytest.mark.parametrize("kind", KINDS)
def test_no_reader_takes_what_is_no_document(kind: str, tmp_path: Path) -> None:
    _, load = KINDS[kind]
    for text in ("", "{", "[]", "5", "null", '"plan/1"', "{}", '{"schema": "plan/1"}', "\0"):
        (tmp_path / "x.json").write_text(text, encoding="utf-8")
        with pytest.raises(InputRefusedError):
            load(tmp_path / "x.json")
    for path in (tmp_path, tmp_path / "no.json", tmp_path / "x.json" / "y.json"):
        with pytest.raises(InputRefusedError):
            load(path)
