"""On a real scan the planned needle crosses nothing but liver, and every number of it is true."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from navigator.app.procedure import run_procedure
from tests.protocol.needle_checker import (
    Voxels,
    clearance_mm,
    labels_crossed,
    load,
    margin_mm,
    pose_matrix,
    protractor_deg,
    read_voxels,
    skin_depth_mm,
    sphere_points,
    tip_through_bore_mm,
    tissue_inside_plate,
)

pytestmark = [pytest.mark.slow, pytest.mark.real_data]

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "real_ct"
UNLABELLED, LIVER = 0, 5
RIBS, VESSELS, LUNGS, BOWEL = range(92, 116), range(52, 69), range(10, 15), (6, 18, 19, 20)
"""TotalSegmentator's numbers, from its own class table."""
BOX_CLEARANCE_MM, MARGIN_MM, ROUNDING_MM, SKIN_VOXEL_MM = 0.1, 0.1, 1e-6, 3.0


@dataclass(frozen=True, slots=True)
class RealCase:
    """The example as it was asked for, and what came of it."""

    request: dict[str, Any]
    template: dict[str, Any]
    plan: dict[str, Any]
    scan: Voxels
    labels: Voxels
    folder: Path

    @property
    def needle(self) -> dict[str, Any]:
        """The one needle."""
        found: dict[str, Any] = self.plan["trajectories"][0]
        return found

    @property
    def diameter_mm(self) -> float:
        """Of the antenna."""
        return float(self.request["antenna_diameter_mm"])


@pytest.fixture(scope="session")
def real_case(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RealCase:
    assert (real_data / "totalseg_abdomen").is_dir()
    folder = tmp_path_factory.mktemp("real") / "case"
    run_procedure(EXAMPLE / "request.json", folder)
    request = load(EXAMPLE / "request.json")
    return RealCase(
        request=request,
        template=load(EXAMPLE / request["template"]),
        plan=load(folder / "plan.json"),
        scan=read_voxels(EXAMPLE / request["scan"]),
        labels=read_voxels(EXAMPLE / request["structures"]),
        folder=folder,
    )


def test_there_is_one_usable_needle(real_case: RealCase) -> None:
    assert len(real_case.plan["trajectories"]) == 1
    assert real_case.plan["verdict"] in ("accepted", "warning")


def test_no_rib_vessel_lung_bowel_or_any_other_organ_is_crossed(real_case: RealCase) -> None:
    crossed = labels_crossed(real_case.labels, real_case.needle, real_case.diameter_mm)
    for organ in (RIBS, VESSELS, LUNGS, BOWEL):
        assert not crossed & set(organ)
    assert crossed <= {UNLABELLED, LIVER}
    assert LIVER in crossed


def test_there_are_ribs_vessels_lung_and_bowel_to_be_crossed(real_case: RealCase) -> None:
    present = set(np.unique(real_case.labels.values).tolist())
    for organ in (RIBS, VESSELS, LUNGS, BOWEL):
        assert present & set(organ)


def test_every_clearance_is_that_of_the_voxels_and_keeps_its_limit(real_case: RealCase) -> None:
    limits = real_case.request["constraints"]["min_clearance_mm"]
    reported = real_case.needle["clearance_mm"]
    obstacles = {name: at for name, at in real_case.request["labels"].items() if name != "liver"}
    assert set(reported) == set(obstacles)
    for name, at in obstacles.items():
        wanted = at if isinstance(at, list) else [at]
        brute = clearance_mm(real_case.labels, wanted, real_case.needle, real_case.diameter_mm)
        assert reported[name] == pytest.approx(brute, abs=BOX_CLEARANCE_MM), name
        assert brute >= limits.get(name, 0.0) - ROUNDING_MM, name
        assert brute > 0


def test_the_entry_lies_on_the_skin_and_the_depth_is_from_there(real_case: RealCase) -> None:
    needle = real_case.needle
    way = np.subtract(needle["tip_lps_mm"], needle["entry_lps_mm"])
    assert needle["insertion_depth_mm"] == pytest.approx(np.linalg.norm(way), abs=ROUNDING_MM)
    assert (
        needle["insertion_depth_mm"] <= real_case.request["constraints"]["max_insertion_depth_mm"]
    )
    skin = skin_depth_mm(real_case.scan, needle)
    assert needle["insertion_depth_mm"] == pytest.approx(skin, abs=SKIN_VOXEL_MM)


@pytest.mark.hazard(33)
def test_bore_and_guide_depth_lead_to_the_written_tip(real_case: RealCase) -> None:
    needle, pose = real_case.needle, pose_matrix(real_case.plan["placement"])
    assert np.allclose(pose[:3, :3].T @ pose[:3, :3], np.eye(3), atol=1e-8)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)
    tip = tip_through_bore_mm(pose, real_case.template, needle)
    assert np.allclose(tip, needle["tip_lps_mm"], atol=ROUNDING_MM)
    way = np.subtract(needle["tip_lps_mm"], needle["entry_lps_mm"])
    assert np.allclose(way / np.linalg.norm(way), pose[:3, 2], atol=ROUNDING_MM)
    above_skin = needle["guide_depth_mm"] - needle["insertion_depth_mm"]
    assert above_skin >= real_case.template["plate"]["thickness_mm"]


@pytest.mark.hazard(29)
def test_the_protractor_shows_what_the_pose_is(real_case: RealCase) -> None:
    placement = real_case.plan["placement"]
    shown = [
        placement[f"{name}_deg"]
        for name in ("lateral_tilt", "craniocaudal_tilt", "in_plane_rotation")
    ]
    gravity = np.array(real_case.request["gravity_lps"], dtype=float)
    assert np.allclose(shown, protractor_deg(pose_matrix(placement), gravity), atol=1e-5)
    step = real_case.request["constraints"]["protractor_step_deg"]
    assert np.allclose(np.array(shown[:2]) / step, np.round(np.array(shown[:2]) / step), atol=1e-6)
    normal = pose_matrix(placement)[:3, 2]
    tilt = np.rad2deg(np.arccos(normal @ gravity / np.linalg.norm(gravity)))
    assert tilt <= real_case.request["constraints"]["max_tilt_deg"] + 1e-6


def test_the_zone_lies_its_offset_behind_the_tip(real_case: RealCase) -> None:
    needle = real_case.needle
    zone = needle["zone"]
    way = np.subtract(needle["tip_lps_mm"], needle["entry_lps_mm"])
    assert np.allclose(zone["axis_lps"], way / np.linalg.norm(way), atol=ROUNDING_MM)
    behind = np.subtract(needle["tip_lps_mm"], zone["centre_lps_mm"])
    expected = zone["centre_to_tip_mm"]["value"] * np.array(zone["axis_lps"])
    assert np.allclose(behind, expected, atol=ROUNDING_MM)


def test_the_margin_is_that_of_the_ball_in_the_spheroid(real_case: RealCase) -> None:
    ball = real_case.request["lesions"][0]["sphere"]
    surface = sphere_points(np.array(ball["centre_lps_mm"]), ball["diameter_mm"] / 2)
    reported = real_case.plan["margin"]
    zone = real_case.needle["zone"]
    assert reported["mam_mm"]["value"] == pytest.approx(margin_mm(surface, zone), abs=MARGIN_MM)
    least = {
        end: margin_mm(
            surface,
            {
                **zone,
                "long_axis_mm": zone["long_axis_range_mm"][at],
                "short_axis_mm": zone["short_axis_range_mm"][at],
            },
        )
        for at, end in enumerate(("low", "high"))
    }
    assert reported["mam_mm"]["low"] <= least["low"] + MARGIN_MM
    assert reported["mam_mm"]["high"] >= least["high"] - MARGIN_MM
    thinnest = np.array(reported["thinnest_point_lps_mm"])
    from_centre = np.linalg.norm(thinnest - ball["centre_lps_mm"])
    assert from_centre == pytest.approx(ball["diameter_mm"] / 2, abs=1e-3)
    assert margin_mm(thinnest[None], zone) == pytest.approx(reported["mam_mm"]["value"], abs=1e-3)


def test_the_plate_stands_outside_the_patient(real_case: RealCase) -> None:
    pose = pose_matrix(real_case.plan["placement"])
    assert tissue_inside_plate(real_case.scan, pose, real_case.template["plate"]) == 0


def test_everything_promised_is_in_the_folder(real_case: RealCase) -> None:
    names = {str(path.relative_to(real_case.folder)) for path in real_case.folder.rglob("*")}
    promised = {"plan.json", "summary.json", "report.html", "report.pdf", "template/template.stl"}
    assert promised | {"template/template.3mf", "template/manifest.json"} <= names
    assert not [name for name in names if name.startswith(".") or ".part" in name]
