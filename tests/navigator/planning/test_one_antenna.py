"""A plan never breaks a limit, is found where there is one, and where there is none says why."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from navigator.geometry.rigid import RigidTransform
from navigator.model.device import Antenna
from navigator.model.outcome import Reason, VerdictStatus
from navigator.model.placement import template_frame
from navigator.model.volume import Mask, Volume
from navigator.planning.clearance import build_clearance_field
from navigator.planning.depth import choose_depth
from navigator.planning.directions import find_directions, protractor_normals
from navigator.planning.one_antenna import (
    plan_free_hand,
    plan_one_antenna,
    plan_through_standing_plate,
)
from navigator.planning.plate import bore_lines, placement_from_pose
from navigator.planning.scene import Constraints, Scene
from tests.navigator.planning.scenes import (
    DOWN,
    FRAME,
    PROVENANCE,
    SKIN_Y_MM,
    ball,
    box,
    centres_mm,
    grid,
    lesion,
    painted,
    patient_of,
    plate,
    scene,
    zone_size,
)

if TYPE_CHECKING:
    from navigator.model.placement import TemplatePlacement
    from navigator.model.plan import Plan

OF = grid()
ROUNDING_MM = 1e-6
SPEC = plate()


def clearance_by_points_mm(
    mask: Mask, entry: np.ndarray, tip: np.ndarray, diameter: float
) -> float:
    """Measure with dense points on the axis and every voxel as a cube."""
    half = float(mask.grid.spacing_mm[0]) / 2
    centres = mask.grid.points_from_indices(np.argwhere(mask.members))
    way = tip - entry
    far, _ = cKDTree(entry + np.linspace(0, 1, 60)[:, None] * way).query(centres)
    near = centres[far <= far.min() + 2.0 * math.sqrt(3.0) * half + 2.0]
    axis = entry + np.linspace(0, 1, math.ceil(np.linalg.norm(way) / 0.1) + 1)[:, None] * way
    beyond = np.maximum(np.abs(axis[:, None] - near[None]) - half, 0.0)
    return float(np.sqrt((beyond**2).sum(-1)).min()) - diameter / 2


def check_plan_keeps_every_limit(of: Scene, plan: Plan) -> None:
    """Judge a plan by brute force."""
    limits = of.constraints
    for needle in plan.needles:
        entry, tip = needle.trajectory.entry_mm, needle.trajectory.tip_mm
        assert np.linalg.norm(tip - entry) <= limits.max_insertion_depth_mm + ROUNDING_MM
        for name, mask in of.obstacles.items():
            brute = clearance_by_points_mm(mask, entry, tip, of.antenna.diameter_mm)
            assert needle.clearance_mm[name] == pytest.approx(brute, abs=0.06)
            assert brute >= limits.min_clearance_mm.get(name, 0.0) - ROUNDING_MM
        assert entry[1] == pytest.approx(SKIN_Y_MM, abs=2.0), "the flat patient's skin"
    if plan.placement is not None and plan.needles:
        tilt = np.rad2deg(np.arccos(np.clip(plan.placement.normal @ DOWN, -1, 1)))
        assert tilt <= limits.max_tilt_deg + ROUNDING_MM


def codes(plan: Plan) -> set[str]:
    return {reason.code for reason in plan.verdict.reasons}


@settings(max_examples=12, deadline=None)
@given(
    places=st.lists(
        st.tuples(st.floats(-25, 25), st.floats(-30, 20), st.floats(-25, 25), st.floats(4, 9)),
        min_size=1, max_size=4,
    ),
    limit=st.floats(0, 8),
)  # fmt: skip
def test_no_plan_breaks_a_limit(
    places: list[tuple[float, float, float, float]], limit: float
) -> None:
    obstacles = {
        f"organ{index}": ball(OF, (x, y, z), radius)
        for index, (x, y, z, radius) in enumerate(places)
    }
    of = scene(
        obstacles=obstacles,
        constraints=Constraints(
            min_clearance_mm=dict.fromkeys(obstacles, limit), max_tilt_deg=12.0,
            protractor_step_deg=4.0, max_insertion_depth_mm=90.0,
        ),
    )  # fmt: skip
    for plan in (plan_one_antenna(of, SPEC, PROVENANCE), plan_free_hand(of, PROVENANCE)):
        if not plan.needles:
            assert plan.verdict.status is VerdictStatus.REJECTED
            assert codes(plan) == {"no-bore-reaches"}
        check_plan_keeps_every_limit(of, plan)


def test_a_free_patient_gets_an_upright_shallow_needle() -> None:
    plan = plan_one_antenna(scene(), SPEC, PROVENANCE)
    needle = plan.needles[0]
    assert plan.verdict.status is VerdictStatus.ACCEPTED
    assert needle.bore == "C3"
    assert np.allclose(needle.trajectory.direction, DOWN, atol=1e-9)
    # 50 mm from skin to tumour, and the tip 14 mm beyond, in whole millimetres of the guide
    assert needle.trajectory.insertion_depth_mm == pytest.approx(64.0, abs=1.6)
    assert needle.guide_depth_mm is not None
    assert needle.guide_depth_mm == round(needle.guide_depth_mm)
    assert plan.margin is not None
    assert plan.margin.covered_share == 1.0


def walled(gap_mm: float = 0.0) -> Mask:
    """Put a wall of bone between tumour and skin, with a round hole on the way straight down."""
    return painted(
        OF,
        lambda at: (
            (np.abs(at[..., 1] + 20) <= 4) & (np.hypot(at[..., 0] - 10.5, at[..., 2]) >= gap_mm)
        ),
    )


def test_a_tumour_walled_in_by_bone_is_refused_with_counts() -> None:
    of = scene(obstacles={"bone": walled()})
    for plan in (plan_one_antenna(of, SPEC, PROVENANCE), plan_free_hand(of, PROVENANCE)):
        assert plan.verdict.status is VerdictStatus.REJECTED
        assert codes(plan) == {"no-bore-reaches"}
        assert plan.needles == ()
        assert plan.margin is None
        message = plan.verdict.reasons[0].message
        assert re.search(r"\d+ too near bone", message)
        tried = int(re.search(r"(\d+) ways tried", message).group(1))  # type: ignore[union-attr] - or fail
        near = int(re.search(r"(\d+) too near bone", message).group(1))  # type: ignore[union-attr] - or fail
        assert 0 < near <= tried
        assert "do" in message or "allow" in message


def test_a_hole_in_the_wall_is_found() -> None:
    of = scene(
        obstacles={"bone": walled(gap_mm=7.0)},
        constraints=Constraints(
            min_clearance_mm={"bone": 2.0}, max_tilt_deg=30.0, protractor_step_deg=1.0
        ),
    )
    for plan in (plan_one_antenna(of, SPEC, PROVENANCE), plan_free_hand(of, PROVENANCE)):
        assert plan.needles
        check_plan_keeps_every_limit(of, plan)
        way = plan.needles[0].trajectory
        at_wall = way.entry_mm + (-20 - way.entry_mm[1]) / way.direction[1] * way.direction
        assert np.hypot(at_wall[0] - 10.5, at_wall[2]) <= 7.0


@pytest.mark.parametrize("gap_mm", [4.0, 4.6, 5.2, 6.0])
def test_a_way_that_exists_is_not_missed(gap_mm: float) -> None:
    """Try every direction of the protractor by hand; the planner may not miss what they find."""
    of = scene(
        obstacles={"bone": walled(gap_mm)},
        constraints=Constraints(
            min_clearance_mm={"bone": 1.0}, max_tilt_deg=24.0, protractor_step_deg=1.0
        ),
    )
    field = build_clearance_field(of.obstacles, np.array([[-80.0] * 3, [80.0] * 3]))
    normals, _ = protractor_normals(of.constraints, DOWN)
    free = 0
    for normal in normals:
        # only lines that pass the hole at all are worth a look
        at_wall = of.lesion.centre_mm - 30.0 / normal[1] * normal
        if np.hypot(at_wall[0] - 10.5, at_wall[2]) > gap_mm:
            continue
        tip = of.lesion.centre_mm + 14.0 * normal
        entry = of.lesion.centre_mm - 51.5 / normal[1] * normal
        free += clearance_by_points_mm(of.obstacles["bone"], entry, tip, 2.0) >= 1.0 + 0.1
    found = find_directions(of, field, 14.0)
    assert len(found.normals) >= free
    plan = plan_free_hand(of, PROVENANCE)
    assert bool(plan.needles) or free == 0
    check_plan_keeps_every_limit(of, plan)


@pytest.mark.hazard(37)
def test_an_antenna_thicker_than_every_bore_is_never_planned_and_that_is_said() -> None:
    of = scene(antenna=Antenna(name="thick", diameter_mm=2.2))
    plan = plan_one_antenna(of, plate(bore_mm=2.1), PROVENANCE)
    assert plan.needles == ()
    assert codes(plan) == {"no-bore-reaches"}
    assert "bore narrower than the antenna" in plan.verdict.reasons[0].message


@pytest.mark.hazard(37)
@pytest.mark.parametrize("bore_mm", [2.2, 2.1999, 2.7, 2.71])
def test_bores_are_judged_by_their_play(bore_mm: float) -> None:
    of = scene(antenna=Antenna(name="thick", diameter_mm=2.2))
    plan = plan_one_antenna(of, plate(bore_mm=bore_mm), PROVENANCE)
    assert bool(plan.needles) == (bore_mm >= 2.2)
    assert ("tight-bore" in codes(plan)) == (bore_mm == 2.2)
    assert ("loose-bore" in codes(plan)) == (bore_mm > 2.7)


@pytest.mark.hazard(37)
def test_a_way_longer_than_the_needle_is_never_planned() -> None:
    limits = Constraints(max_tilt_deg=6.0, protractor_step_deg=2.0, max_insertion_depth_mm=60.0)
    of = scene(constraints=limits)
    for plan in (plan_one_antenna(of, SPEC, PROVENANCE), plan_free_hand(of, PROVENANCE)):
        assert plan.needles == ()
        assert "too deep" in plan.verdict.reasons[0].message


@pytest.mark.hazard(39)
@pytest.mark.parametrize("missing", ["vessel", "bowel", "lung"])
def test_an_organ_that_nobody_outlined_is_unknown_and_not_free(missing: str) -> None:
    organs = {"bone": (45, 0, 0), "vessel": (-45, 0, 0), "bowel": (0, 0, 45), "lung": (0, 0, -45)}
    limits = Constraints(
        min_clearance_mm=dict.fromkeys(organs, 2.0), max_tilt_deg=6.0, protractor_step_deg=2.0
    )
    outlined = {name: ball(OF, at, 6.0) for name, at in organs.items() if name != missing}
    for plan in (
        plan_one_antenna(scene(obstacles=outlined, constraints=limits), SPEC, PROVENANCE),
        plan_free_hand(scene(obstacles=outlined, constraints=limits), PROVENANCE),
    ):
        assert plan.verdict.status is VerdictStatus.WARNING
        unknown = [r.message for r in plan.verdict.reasons if r.code == "structure-unknown"]
        assert len(unknown) == 1
        assert missing in unknown[0]


def test_the_border_s_remarks_become_warnings_of_the_plan() -> None:
    remark = Reason("odd-scan", "Something odd was seen")
    plan = plan_one_antenna(scene(remarks=(remark,)), SPEC, PROVENANCE)
    assert remark in plan.verdict.reasons
    assert plan.verdict.status is VerdictStatus.WARNING


def test_residual_tumour_rejects_and_a_small_margin_warns() -> None:
    small = scene(sizes=(zone_size(12.0, 12.0, 6.0),))
    plan = plan_one_antenna(small, SPEC, PROVENANCE)
    assert "residual-tumour" in codes(plan)
    assert plan.verdict.status is VerdictStatus.REJECTED
    middle = scene(sizes=(zone_size(20.0, 20.0, 10.0),))
    plan = plan_one_antenna(middle, SPEC, PROVENANCE)
    assert "margin-below-goal" in codes(plan)
    assert plan.verdict.status is VerdictStatus.WARNING


def test_a_zone_that_reaches_an_organ_is_a_warning() -> None:
    near = scene(obstacles={"bowel": ball(OF, (15, 10, 0), 5.0)})
    assert "zone-reaches-structure" in codes(plan_one_antenna(near, SPEC, PROVENANCE))
    assert "zone-reaches-structure" not in codes(plan_one_antenna(scene(), SPEC, PROVENANCE))


def standing(
    spec_origin: tuple[float, float, float], lean: tuple[float, float] = (0.0, 0.0)
) -> TemplatePlacement:
    """Stand the plate somewhere over the patient, columns to the left."""
    z = np.array([lean[0], 1.0, lean[1]]) / np.linalg.norm([lean[0], 1.0, lean[1]])
    x = np.array([1.0, 0, 0]) - z[0] * z
    x /= np.linalg.norm(x)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([x, np.cross(z, x), z], axis=1)
    matrix[:3, 3] = spec_origin
    pose = RigidTransform(matrix=matrix, target=FRAME, source=template_frame(SPEC))
    return placement_from_pose(pose, SPEC, DOWN)


@pytest.mark.parametrize(
    ("origin", "lean"),
    [
        ((0.0, -60.0, 0.0), (0.0, 0.0)),
        ((2.2, -60.0, -1.7), (0.0, 0.0)),
        ((6.0, -62.0, 4.0), (-0.08, -0.06)),
        ((-9.0, -65.0, 9.0), (0.1, -0.1)),
        ((40.0, -60.0, 0.0), (0.0, 0.0)),
    ],
)
def test_the_plate_as_it_lies_gets_the_best_of_all_its_bores(
    origin: tuple[float, float, float], lean: tuple[float, float]
) -> None:
    of = scene(
        obstacles={"bone": ball(OF, (4, -15, 3), 4.0)},
        constraints=Constraints(min_clearance_mm={"bone": 1.0}),
    )
    placement = standing(origin, lean)
    allowed: dict[str, float] = {}
    for line in bore_lines(SPEC, placement):
        choice = choose_depth(line.origin_mm, line.direction, of.lesion, of.sizes)
        tip = line.origin_mm + choice.guide_depth_mm * line.direction
        entry = tip + (SKIN_Y_MM + 0.5 - tip[1]) / line.direction[1] * line.direction
        keeps = clearance_by_points_mm(of.obstacles["bone"], entry, tip, 2.0)
        if keeps >= 1.0:
            allowed[line.label] = min(choice.mam_mm, of.lesion.wanted_margin_mm)
    plan = plan_through_standing_plate(of, SPEC, placement, PROVENANCE)
    check_plan_keeps_every_limit(of, plan)
    chosen = plan.needles[0].bore
    assert chosen is not None
    assert allowed[chosen] >= max(allowed.values()) - 0.1
    assert plan.placement is placement


def test_a_plate_inside_the_patient_is_refused() -> None:
    buried = standing((0.0, SKIN_Y_MM - 5.0, 0.0))
    plan = plan_through_standing_plate(scene(), SPEC, buried, PROVENANCE)
    assert plan.needles == (), "its patient face lies 10 mm below the skin"


def test_a_plate_below_the_skin_is_refused_with_its_reason() -> None:
    sunk = standing((0.0, SKIN_Y_MM + 10.0, 0.0))
    plan = plan_through_standing_plate(scene(), SPEC, sunk, PROVENANCE)
    assert plan.needles == ()
    assert codes(plan) == {"plate-in-patient"}
    assert "below the planned skin" in plan.verdict.reasons[0].message


@pytest.mark.hazard(30)
@pytest.mark.parametrize(
    ("gap_mm", "code"),
    [(3.0, None), (0.0, None), (-1.0, None), (-3.5, "plate-presses"), (-4.5, "plate-presses"),
     (-7.0, "plate-in-patient"), (-60.0, "plate-in-patient")],
)  # fmt: skip
def test_a_standing_plate_may_hardly_reach_below_the_skin(gap_mm: float, code: str | None) -> None:
    """Its patient face lies `gap_mm` over the outer voxels' centres of the flat skin."""
    face = float(
        scene().body.grid.points_from_indices(np.argwhere(scene().body.members))[:, 1].min()
    )
    thickness = SPEC.plate.thickness_mm
    placement = standing((0.0, face - gap_mm - thickness, 0.0))
    plan = plan_through_standing_plate(scene(), SPEC, placement, PROVENANCE)
    assert bool(plan.needles) == (code != "plate-in-patient")
    assert codes(plan) == (set() if code is None else {code})


@pytest.mark.hazard(30)
def test_one_corner_of_a_standing_plate_in_the_patient_is_enough() -> None:
    """A bump of the body under a corner, far from every bore that would be used."""
    low = np.array([12.0, SKIN_Y_MM - 12.0, 12.0])
    bump = box(OF, tuple(low), (25.0, SKIN_Y_MM + 5.0, 25.0))
    flat = scene().body
    of = scene(body=Mask(flat.members | bump.members, OF))
    placement = standing((0.0, SKIN_Y_MM - 3.0 - SPEC.plate.thickness_mm, 0.0))
    assert codes(plan_through_standing_plate(of, SPEC, placement, PROVENANCE)) == {
        "plate-in-patient"
    }
    assert plan_through_standing_plate(scene(), SPEC, placement, PROVENANCE).needles


@pytest.mark.hazard(29)
@pytest.mark.parametrize(
    ("lean_deg", "stands"), [(5.0, True), (6.4, True), (6.6, False), (40, False)]
)
def test_a_standing_plate_keeps_the_limit_of_tilt(lean_deg: float, stands: bool) -> None:  # noqa: FBT001 - a parameter
    lean = np.tan(np.deg2rad(lean_deg))
    tilted = standing((-60.0 * lean, SKIN_Y_MM - 40.0, 0.0), (lean, 0.0))
    plan = plan_through_standing_plate(scene(), SPEC, tilted, PROVENANCE)
    assert ("plate-tilted" in codes(plan)) != stands, "the scene allows 6 degrees"
    assert stands or not plan.needles


@pytest.mark.hazard(20)
def test_the_doubt_of_the_room_widens_the_margin_s_range() -> None:
    sure = plan_one_antenna(scene(), SPEC, PROVENANCE)
    unsure = plan_one_antenna(scene(position_doubt_mm=2.5), SPEC, PROVENANCE)
    assert sure.margin is not None
    assert unsure.margin is not None
    assert unsure.margin.mam_mm.value == sure.margin.mam_mm.value
    assert unsure.margin.mam_mm.low == pytest.approx(sure.margin.mam_mm.low - 2.5)
    assert unsure.margin.mam_mm.high == pytest.approx(sure.margin.mam_mm.high + 2.5)
    assert "margin-uncertain" not in codes(sure)
    assert "margin-uncertain" in codes(unsure), "8 mm less 2.5 mm, of 5 mm wanted, with 0.5 less"


@pytest.mark.hazard(20, 39)
@pytest.mark.parametrize(
    ("left_mm", "code"),
    [(3.1, None), (2.9, "clearance-uncertain"), (0.1, "clearance-uncertain"),
     (-0.1, "structure-may-be-touched")],
)  # fmt: skip
def test_clearances_are_judged_with_the_doubt_about_everything_s_place(
    left_mm: float, code: str | None
) -> None:
    """A wall beside the upright needle, 3 mm asked for, and `left_mm` left by the doubt."""
    of = scene(
        obstacles={"bone": painted(OF, lambda at: at[..., 0] >= 6.0)},
        constraints=Constraints(min_clearance_mm={"bone": 3.0}, max_tilt_deg=6.0),
    )
    placement = standing((0.0, SKIN_Y_MM - 20.0, 0.0))
    sure = plan_through_standing_plate(of, SPEC, placement, PROVENANCE).needles[0]
    doubt = sure.clearance_mm["bone"] - left_mm
    unsure = dataclasses.replace(of, position_doubt_mm=doubt)
    plan = plan_through_standing_plate(unsure, SPEC, placement, PROVENANCE)
    assert plan.needles[0].clearance_mm == sure.clearance_mm
    found = codes(plan) & {"clearance-uncertain", "structure-may-be-touched"}
    assert found == (set() if code is None else {code})
    rejected = code == "structure-may-be-touched"
    assert (plan.verdict.status is VerdictStatus.REJECTED) == rejected


def test_the_smaller_zone_wins_where_both_serve_and_the_way_is_wide_enough() -> None:
    """A wide way beside the tumour is not worth a zone that is three times as large."""
    small, large = zone_size(28.0, 25.0, 13.0, 20.0), zone_size(44.0, 40.0, 20.0, 100.0)
    wall = painted(OF, lambda at: at[..., 0] >= 9.0)
    of = scene(
        sizes=(small, large), obstacles={"bone": wall},
        constraints=Constraints(min_clearance_mm={"bone": 3.0}, max_tilt_deg=0.0),
    )  # fmt: skip
    for plan in (
        plan_one_antenna(of, SPEC, PROVENANCE),
        plan_through_standing_plate(of, SPEC, standing((0.0, SKIN_Y_MM - 20, 0.0)), PROVENANCE),
    ):
        needle = plan.needles[0]
        assert needle.zone is not None
        assert needle.zone.size.power_w == 20.0
        assert np.hypot(needle.trajectory.tip_mm[0], needle.trajectory.tip_mm[2]) < 1.0


@pytest.mark.parametrize(("off_mm", "told"), [(0.0, False), (12.0, False), (15.0, True)])
def test_an_antenna_beside_the_tumour_is_told_of(off_mm: float, told: bool) -> None:  # noqa: FBT001 - a parameter
    """The outermost bores lie 10 mm from the plate's middle, the tumour's radius is 3 mm."""
    of = scene(
        sizes=(zone_size(60.0, 56.0, 28.0),),
        lesion=lesion(diameter_mm=6.0),
        constraints=Constraints(),
    )
    off = standing((off_mm, SKIN_Y_MM - 20.0, 0.0))
    plan = plan_through_standing_plate(of, SPEC, off, PROVENANCE)
    aside = abs(plan.needles[0].trajectory.tip_mm[0])
    assert aside == pytest.approx(max(off_mm - 10.0, 0.0), abs=1e-9)
    assert ("antenna-beside-tumour" in codes(plan)) == told


@pytest.mark.hazard(39)
@pytest.mark.parametrize(
    ("hu", "code"), [(500.0, "unlabelled-bone"), (-900.0, "unlabelled-gas"), (60.0, None)]
)
def test_what_looks_like_bone_or_gas_beside_the_needle_and_has_no_label_is_told(
    hu: float, code: str | None
) -> None:
    plain = scene()
    # a ball whose edge reaches the upright needle's surface
    thing = ball(OF, (10.0, -20.0, 0.0), 9.5)
    values = np.where(thing.members, hu, plain.patient.scan.values_hu)
    patient = dataclasses.replace(plain.patient, scan=Volume(values, OF))
    placement = standing((0.0, SKIN_Y_MM - 20.0, 0.0))
    unlabelled = dataclasses.replace(plain, patient=patient)
    plan = plan_through_standing_plate(unlabelled, SPEC, placement, PROVENANCE)
    assert codes(plan) == (set() if code is None else {code})
    labelled = dataclasses.replace(unlabelled, obstacles={"bone": thing}, constraints=Constraints())
    plan = plan_through_standing_plate(labelled, SPEC, placement, PROVENANCE)
    assert not {"unlabelled-bone", "unlabelled-gas"} & codes(plan)


@pytest.mark.hazard(28)
def test_what_lies_over_the_skin_is_no_way() -> None:
    """Something too thin to be taken for body, e.g. a wall of a bowel that was opened away."""
    plain = scene()
    values = np.array(plain.patient.scan.values_hu)
    at = centres_mm(OF)
    values[(np.abs(at[..., 1] - (SKIN_Y_MM - 12.0)) <= 3.5)] = 0.0
    patient = dataclasses.replace(plain.patient, scan=Volume(values, OF))
    for plan in (
        plan_one_antenna(dataclasses.replace(plain, patient=patient), SPEC, PROVENANCE),
        plan_free_hand(dataclasses.replace(plain, patient=patient), PROVENANCE),
    ):
        assert plan.needles == ()
        assert "something lies over the skin" in plan.verdict.reasons[0].message


@pytest.mark.hazard(12, 28)
def test_a_skin_in_the_padding_is_no_entry() -> None:
    """The reconstruction circle ends inside the patient: padding is no air."""
    body = scene().body
    shown = Mask(centres_mm(OF)[..., 1] > SKIN_Y_MM + 5.0, OF)
    seen = Mask(body.members & shown.members, OF)
    cut = scene(patient=patient_of(seen, imaged=shown))
    for plan in (plan_one_antenna(cut, SPEC, PROVENANCE), plan_free_hand(cut, PROVENANCE)):
        assert plan.needles == ()
        assert "the skin above lies outside the scan" in plan.verdict.reasons[0].message


@pytest.mark.hazard(37)
def test_a_tip_beyond_the_body_or_the_scan_is_never_planned() -> None:
    """The tip lies 40 mm beyond the zone's centre, the back of the thin patient 30 mm."""
    long = (zone_size(30.0, 26.0, 40.0),)
    thin = scene(sizes=long, body=box(OF, (-70, SKIN_Y_MM, -70), (70, 40, 70)))
    for plan in (plan_one_antenna(thin, SPEC, PROVENANCE), plan_free_hand(thin, PROVENANCE)):
        assert plan.needles == ()
        assert "the tip would leave the body" in plan.verdict.reasons[0].message
    everything = scene(sizes=long)
    shown = Mask(centres_mm(OF)[..., 1] < 40.0, OF)
    cut = scene(sizes=long, patient=patient_of(everything.body, imaged=shown))
    plan = plan_free_hand(cut, PROVENANCE)
    assert "the tip would leave the scan" in plan.verdict.reasons[0].message


def test_a_zone_beyond_what_was_scanned_is_a_warning() -> None:
    shown = Mask(centres_mm(OF)[..., 2] < 12.0, OF)
    placement = standing((0.0, SKIN_Y_MM - 20.0, 0.0))
    cut = scene(patient=patient_of(scene().body, imaged=shown))
    plan = plan_through_standing_plate(cut, SPEC, placement, PROVENANCE)
    assert "zone-leaves-scan" in codes(plan)


def test_a_direction_with_less_margin_is_not_the_end_of_the_search() -> None:
    """A long zone straight down misses the margin of a long tumour that leans; leaning helps."""
    stretched = lesion(diameter_mm=14.0)
    turn = np.deg2rad(20.0)
    axis = np.array([np.sin(turn), np.cos(turn), 0.0])
    along = (stretched.surface_mm - stretched.centre_mm) @ axis
    longer = stretched.surface_mm + 0.5 * along[:, None] * axis
    of = scene(
        lesion=dataclasses.replace(stretched, surface_mm=longer),
        sizes=(zone_size(32.0, 24.5, 14.0),),
        constraints=Constraints(
            min_clearance_mm={"bone": 2.0}, max_tilt_deg=24.0, protractor_step_deg=4.0
        ),
    )
    upright = dataclasses.replace(of, constraints=Constraints(max_tilt_deg=0.0))
    for plan_it in (
        lambda s: plan_one_antenna(s, SPEC, PROVENANCE),
        lambda s: plan_free_hand(s, PROVENANCE),
    ):
        straight, free = plan_it(upright), plan_it(of)
        assert straight.margin.mam_mm.value < 5.0
        assert free.margin.mam_mm.value > straight.margin.mam_mm.value + 0.05


def test_a_limit_wider_than_the_block_of_needles_is_kept() -> None:
    """The field is measured in a block around all needles; a wide limit reaches beyond it."""
    of = grid(count=80, middle=(0, 40, 0))
    constraints = Constraints(
        min_clearance_mm={"bone": 80.0}, max_tilt_deg=2.0, protractor_step_deg=2.0,
        max_insertion_depth_mm=66.0,
    )  # fmt: skip
    patient = scene(
        body=box(of, (-70, SKIN_Y_MM, -70), (70, 155, 70)),
        obstacles={"bone": box(of, (-20, 98, -20), (20, 116, 20))},
        constraints=constraints,
    )
    plan = plan_one_antenna(patient, SPEC, PROVENANCE)
    assert plan.needles == (), "some 72 mm from tip to bone, and 80 mm were asked for"


def test_a_tilt_of_nothing_leaves_one_direction() -> None:
    normals, tilts = protractor_normals(Constraints(max_tilt_deg=0.0), DOWN)
    assert np.allclose(normals, [DOWN])
    assert tilts.tolist() == [0.0]


@pytest.mark.parametrize("step", [0.5, 1.0, 2.5, 7.0])
@pytest.mark.parametrize("largest", [5.0, 12.0, 40.0])
def test_all_and_only_the_protractor_s_directions_are_looked_at(
    step: float, largest: float
) -> None:
    normals, tilts = protractor_normals(
        Constraints(max_tilt_deg=largest, protractor_step_deg=step), DOWN
    )
    assert (tilts <= largest + 1e-6).all()
    lateral = np.rad2deg(np.arctan2(normals[:, 0], normals[:, 1])) / step
    cranial = np.rad2deg(np.arcsin(normals[:, 2])) / step
    assert np.allclose(lateral, np.round(lateral), atol=1e-6)
    assert np.allclose(cranial, np.round(cranial), atol=1e-6)
    seen = set(zip(np.round(lateral).astype(int), np.round(cranial).astype(int), strict=True))
    assert len(seen) == len(normals)
    reach = range(-math.ceil(largest / step), math.ceil(largest / step) + 1)
    wanted = {
        (a, b)
        for a in reach
        for b in reach
        if np.cos(np.deg2rad(a * step)) * np.cos(np.deg2rad(b * step))
        >= np.cos(np.deg2rad(largest)) - 1e-12
    }
    assert seen == wanted


@pytest.mark.hazard(59)
def test_the_same_patient_gets_the_same_plan() -> None:
    first, second = (plan_one_antenna(scene(), SPEC, PROVENANCE) for _ in range(2))
    assert np.array_equal(first.needles[0].trajectory.tip_mm, second.needles[0].trajectory.tip_mm)
    assert first.needles[0].clearance_mm == second.needles[0].clearance_mm
    assert first.verdict == second.verdict


@pytest.mark.hazard(28)
@pytest.mark.parametrize("gravity", [(0.0, 1.0, 0.0), (0.12, 1.0, -0.09), (0.0, -1.0, 0.0)])
def test_gravity_turns_the_upright_needle_with_it(gravity: tuple[float, float, float]) -> None:
    of = scene(gravity_lps=np.array(gravity), body=box(OF, (-60, -40, -60), (60, 50, 60)))
    plan = plan_free_hand(of, PROVENANCE)
    down = np.array(gravity) / np.linalg.norm(gravity)
    assert float(plan.needles[0].trajectory.direction @ down) > np.cos(np.deg2rad(6.0)) - 1e-9


def test_a_scene_without_zones_is_no_scene() -> None:
    with pytest.raises(ValueError, match="one zone or more"):
        dataclasses.replace(scene(), sizes=())
