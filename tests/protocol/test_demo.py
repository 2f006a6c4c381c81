"""What the engine finds in a synthetic patient lies as near the truth as the protocol asks."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from tests.protocol.needle_checker import (
    Voxels,
    bore_place_mm,
    clearance_mm,
    labels_crossed,
    margin_mm,
    pose_matrix,
    protractor_deg,
    read_voxels,
    skin_depth_mm,
    sphere_points,
    tip_through_bore_mm,
    tissue_inside_plate,
)
from tests.protocol.stl_reader import bore_fit, read_facets, unmatched_edges, volume_mm3

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.protocol.conftest import DemoRun

    Record = Callable[[str, object], None]

pytestmark = pytest.mark.slow

PLATE_PLACE_MM, PLATE_TURN_DEG = 0.3, 0.2
REGISTRATION_AT_TUMOUR_MM = 1.5
MARGIN_MM = 0.3
"""What the issue asks for."""
BORE_MM, BORE_DEG = 0.01, 0.01
BOX_CLEARANCE_MM = 0.1
SKIN_VOXEL_MM = 1.5
"""The thickest voxel of the planning scan."""
ROUNDING_MM = 1e-6
"""Documents keep nine decimals."""
OUTSIDE, BODY, LIVER, GTV = 0, 1, 2, 3


def carried(matrix: np.ndarray, point: np.ndarray) -> np.ndarray:
    return matrix[:3, :3] @ point + matrix[:3, 3]


def turn_deg(first: np.ndarray, second: np.ndarray) -> float:
    """Measure the turn between two poses by how far it moves the axes: accurate near zero."""
    apart = first[:3, :3] - second[:3, :3]
    chord = np.linalg.norm(apart) / np.sqrt(2.0)
    return float(np.rad2deg(2.0 * np.arcsin(min(1.0, chord / 2.0))))


def tumour(demo: DemoRun) -> tuple[np.ndarray, float]:
    ball = demo.read("truth.json")["tumour"]
    return np.array(ball["centre_lps_mm"]), ball["diameter_mm"] / 2


def needle_of(demo: DemoRun, name: str) -> dict[str, Any]:
    needles = demo.read(name)["trajectories"]
    assert len(needles) == 1
    found: dict[str, Any] = needles[0]
    return found


def as_driven(demo: DemoRun) -> dict[str, Any]:
    """Drive the needle of the room where the plate truly stands, seen from the planning scan."""
    planned = needle_of(demo, "plan_in_room.json")
    truth = demo.read("truth.json")
    pose = np.array(truth["intraop_from_template"])
    planning_from_intraop = np.linalg.inv(np.array(truth["intraop_from_planning"]))
    tip = tip_through_bore_mm(planning_from_intraop @ pose, demo.read("template.json"), planned)
    axis = (planning_from_intraop @ pose)[:3, 2]
    entry = tip - planned["insertion_depth_mm"] * axis
    return {"tip_lps_mm": tip.tolist(), "entry_lps_mm": entry.tolist()}


def test_the_plate_is_found_where_it_stands(demo: DemoRun, record_property: Record) -> None:
    found = demo.matrix("placement.json", "lps_from_template")
    truth = demo.matrix("truth.json", "intraop_from_template")
    apart, turn = float(np.linalg.norm(found[:3, 3] - truth[:3, 3])), turn_deg(found, truth)
    record_property("plate_mm", apart)
    record_property("plate_deg", turn)
    assert apart <= PLATE_PLACE_MM
    assert turn <= PLATE_TURN_DEG


def test_the_registration_carries_the_tumour_to_where_it_lies(
    demo: DemoRun, record_property: Record
) -> None:
    found = demo.matrix("registration.json", "intraop_from_planning")
    truth = demo.matrix("truth.json", "intraop_from_planning")
    centre, _ = tumour(demo)
    moved = np.linalg.norm(carried(truth, centre) - centre)
    error = np.linalg.norm(carried(found, centre) - carried(truth, centre))
    record_property("registration_mm", float(error))
    assert moved > REGISTRATION_AT_TUMOUR_MM, "a motion that small proves nothing"
    assert error <= REGISTRATION_AT_TUMOUR_MM
    assert demo.read("registration.json")["verdict"] != "rejected"


@pytest.mark.parametrize("name", ["plan.json", "plan_in_room.json"])
def test_the_reported_margin_is_that_of_the_true_ball(
    demo: DemoRun, name: str, record_property: Record
) -> None:
    centre, radius = tumour(demo)
    plan = demo.read(name)
    zone = plan["trajectories"][0]["zone"]
    reported = plan["margin"]["mam_mm"]
    analytic = margin_mm(sphere_points(centre, radius), zone)
    record_property(f"margin_mm of {name}", reported["value"] - analytic)
    assert reported["value"] == pytest.approx(analytic, abs=MARGIN_MM)
    assert reported["low"] <= analytic <= reported["high"]


@pytest.fixture(scope="session")
def planning_scan(demo: DemoRun) -> Voxels:
    return read_voxels(demo.folder / "planning")


@pytest.fixture(scope="session")
def painted_labels(demo: DemoRun) -> Voxels:
    return read_voxels(demo.folder / "labels.nrrd")


@pytest.mark.parametrize("name", ["plan.json", "plan_in_room.json"])
def test_no_obstacle_is_crossed_and_clearances_are_those_of_the_voxels(
    demo: DemoRun, painted_labels: Voxels, name: str
) -> None:
    request, needle = demo.read("request.json"), needle_of(demo, name)
    diameter = request["antenna_diameter_mm"]
    assert labels_crossed(painted_labels, needle, diameter) <= {OUTSIDE, BODY, LIVER, GTV}
    assert GTV in labels_crossed(painted_labels, needle, diameter)
    for structure, label in request["labels"].items():
        if label in (BODY, LIVER, GTV):
            assert structure not in needle["clearance_mm"]
            continue
        brute = clearance_mm(painted_labels, [label], needle, diameter)
        assert needle["clearance_mm"][structure] == pytest.approx(brute, abs=BOX_CLEARANCE_MM)
        assert brute >= request["constraints"]["min_clearance_mm"].get(structure, 0.0) - ROUNDING_MM


def test_the_needle_as_truly_driven_crosses_no_obstacle_and_reaches_its_tip(
    demo: DemoRun, painted_labels: Voxels, record_property: Record
) -> None:
    driven, planned = as_driven(demo), needle_of(demo, "plan_in_room.json")
    diameter = demo.read("request.json")["antenna_diameter_mm"]
    assert labels_crossed(painted_labels, driven, diameter) <= {OUTSIDE, BODY, LIVER, GTV}
    miss = np.linalg.norm(np.subtract(driven["tip_lps_mm"], planned["tip_lps_mm"]))
    record_property("tip_mm", float(miss))
    assert miss <= REGISTRATION_AT_TUMOUR_MM + PLATE_PLACE_MM + 1.0


def test_the_skin_entry_is_on_the_scan_s_own_skin(demo: DemoRun, planning_scan: Voxels) -> None:
    for name in ("plan.json", "plan_in_room.json"):
        needle = needle_of(demo, name)
        way = np.subtract(needle["tip_lps_mm"], needle["entry_lps_mm"])
        assert needle["insertion_depth_mm"] == pytest.approx(np.linalg.norm(way), abs=ROUNDING_MM)
        skin = skin_depth_mm(planning_scan, needle)
        assert needle["insertion_depth_mm"] == pytest.approx(skin, abs=SKIN_VOXEL_MM)


@pytest.mark.hazard(33)
@pytest.mark.parametrize("name", ["plan.json", "plan_in_room.json"])
def test_bore_and_guide_depth_lead_to_the_written_tip(demo: DemoRun, name: str) -> None:
    needle, pose = needle_of(demo, name), pose_matrix(demo.read(name)["placement"])
    tip = tip_through_bore_mm(pose, demo.read("template.json"), needle)
    assert np.allclose(tip, needle["tip_lps_mm"], atol=ROUNDING_MM)
    way = np.subtract(needle["tip_lps_mm"], needle["entry_lps_mm"])
    assert np.allclose(way / np.linalg.norm(way), pose[:3, 2], atol=ROUNDING_MM)
    zone = needle["zone"]
    behind = np.subtract(needle["tip_lps_mm"], zone["centre_lps_mm"])
    expected = zone["centre_to_tip_mm"]["value"] * np.array(zone["axis_lps"])
    assert np.allclose(behind, expected, atol=ROUNDING_MM)
    assert np.allclose(zone["axis_lps"], pose[:3, 2], atol=ROUNDING_MM)


@pytest.mark.hazard(29)
def test_the_protractor_shows_what_the_pose_is(demo: DemoRun) -> None:
    gravity = np.array(demo.read("request.json")["gravity_lps"], dtype=float)
    planned = demo.read("plan.json")["placement"]
    in_room = demo.read("plan_in_room.json")["placement"]
    # in the room the protractor hangs on the table: its angles are of the intraoperative scan
    standing = demo.matrix("placement.json", "lps_from_template")
    for placement, pose in ((planned, pose_matrix(planned)), (in_room, standing)):
        shown = [
            placement[f"{name}_deg"]
            for name in ("lateral_tilt", "craniocaudal_tilt", "in_plane_rotation")
        ]
        assert np.allclose(shown, protractor_deg(pose, gravity), atol=1e-5)
    step = demo.read("request.json")["constraints"]["protractor_step_deg"]
    for name in ("lateral_tilt_deg", "craniocaudal_tilt_deg"):
        steps = planned[name] / step
        assert steps == pytest.approx(round(steps), abs=1e-6)


def test_the_planned_plate_stands_outside_the_patient(demo: DemoRun, planning_scan: Voxels) -> None:
    pose = pose_matrix(demo.read("plan.json")["placement"])
    plate = demo.read("template.json")["plate"]
    assert tissue_inside_plate(planning_scan, pose, plate) == 0


@pytest.mark.hazard(25, 26, 27)
def test_the_written_plate_is_watertight_and_its_bores_are_where_they_belong(
    demo: DemoRun,
) -> None:
    template = demo.read("template.json")
    plate, grid = template["plate"], template["grid"]
    facets = read_facets(demo.folder / "template" / "template.stl")
    assert unmatched_edges(facets) == 0
    whole = plate["width_mm"] * plate["height_mm"] * plate["thickness_mm"]
    assert 0.7 * whole < volume_mm3(facets) < whole
    vertices = facets.reshape(-1, 3)
    within = 0.45 * grid["pitch_mm"]
    bore_count = 0
    for row in range(grid["rows"]):
        for column in range(grid["columns"]):
            place = bore_place_mm(template, f"{chr(ord('A') + column)}{row + 1}")
            centre, axis, diameter = bore_fit(vertices, place, plate["thickness_mm"], within)
            assert np.linalg.norm(centre - place) <= BORE_MM
            assert np.rad2deg(np.hypot(axis[0], axis[1])) <= BORE_DEG
            assert 2 * diameter >= grid["bore_diameter_mm"]
            bore_count += 1
    assert bore_count == grid["rows"] * grid["columns"]


class PageReader(HTMLParser):
    """Gather what a page asks a browser to load, its pictures and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[bytes] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and what it asks for."""
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "poster") and value:
                prefix = "data:image/png;base64,"
                if tag == "img" and value.startswith(prefix):
                    self.pictures.append(base64.b64decode(value[len(prefix) :], validate=True))
                else:
                    self.loads.append(value)

    def handle_data(self, data: str) -> None:
        """Note the words."""
        self.words.append(data)


def read_page(demo: DemoRun) -> tuple[PageReader, str]:
    text = (demo.folder / "report.html").read_text(encoding="utf-8")
    reader = PageReader()
    reader.feed(text)
    return reader, text


def test_the_report_needs_no_other_file_and_no_network(demo: DemoRun) -> None:
    page, text = read_page(demo)
    assert page.loads == []
    assert not page.tags & {"script", "link", "iframe", "object", "embed", "base"}
    assert not re.search(r"(?:https?:)?//[a-z]", re.sub(r"base64,[A-Za-z0-9+/=]+", "", text))
    assert not re.search(r"@import|url\(", text)


def test_the_report_s_pictures_show_something(demo: DemoRun) -> None:
    page, _ = read_page(demo)
    assert len(page.pictures) == 3, "plan slices, scene, slices in the room"
    for content in page.pictures:
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=float)
        assert min(picture.shape[:2]) >= 400
        for quarter in np.array_split(picture, 2, axis=0):
            assert quarter.std() > 5.0


@pytest.mark.hazard(33, 34)
def test_the_report_shows_the_numbers_that_hold_now(demo: DemoRun) -> None:
    page, _ = read_page(demo)
    words = " | ".join(word.strip() for word in page.words if word.strip())
    needle = needle_of(demo, "plan_in_room.json")
    start = words.index("At the table: what holds now")
    table = words[start : words.index("Against the truth")]
    assert f"Bore | {needle['bore']} |" in table
    assert f"Guide depth | {needle['guide_depth_mm']:.1f} mm" in table
    assert f"Insertion depth | {needle['insertion_depth_mm']:.1f} mm" in table
    assert f"Power | {needle['power_w']:g} W" in table
    minutes, rest = divmod(int(needle["time_s"]), 60)
    assert f"Time | {minutes} min" + (f" {rest:02d} s" if rest else "") in table
    mam = demo.read("plan_in_room.json")["margin"]["mam_mm"]["value"]
    assert f"Least margin (MAM) | {round(mam, 1) + 0.0:.1f} mm" in words


def test_the_table_against_the_truth_is_true(demo: DemoRun) -> None:
    rows = {row["quantity"]: row for row in demo.read("summary.json")["comparison"]}
    centre, radius = tumour(demo)
    found = demo.matrix("registration.json", "intraop_from_planning")
    truth = demo.matrix("truth.json", "intraop_from_planning")
    pose = demo.matrix("placement.json", "lps_from_template")
    true_pose = demo.matrix("truth.json", "intraop_from_template")
    plan = demo.read("plan_in_room.json")
    analytic = margin_mm(sphere_points(centre, radius), plan["trajectories"][0]["zone"])
    errors = {
        "patient's shift at the tumour": np.linalg.norm(
            carried(found, centre) - carried(truth, centre)
        ),
        "plate's place, centre of its face": np.linalg.norm(pose[:3, 3] - true_pose[:3, 3]),
        "plate's direction": turn_deg(pose, true_pose),
        "least margin of the plan": plan["margin"]["mam_mm"]["value"] - analytic,
    }
    for quantity, error in errors.items():
        shown = float(rows[quantity]["error"].split()[0])
        assert shown == pytest.approx(float(error), abs=0.006), quantity


def test_the_phases_are_told_one_after_the_other(demo: DemoRun) -> None:
    assert len(demo.told) >= 5
    assert len(set(demo.told)) == len(demo.told)
