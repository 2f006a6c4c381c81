"""Tumour that is left is never accepted, and a plan's zones are no better than the plan."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.app.choices import MaskChoice
from navigator.app.margins import margin_document
from navigator.errors import InputRefusedError

if TYPE_CHECKING:
    from pathlib import Path

COUNT, MIDDLE = 48, 24.0
BALL = {"centre_lps_mm": [MIDDLE] * 3, "axis_lps": [0.0, 0.0, 1.0]}


def ball(radius_mm: float, offset_mm: float = 0.0) -> np.ndarray:
    k, j, i = np.indices((COUNT,) * 3)
    far = (k - MIDDLE) ** 2 + (j - MIDDLE) ** 2 + (i - MIDDLE - offset_mm) ** 2
    return np.asarray(far <= radius_mm**2)


def saved(folder: Path, name: str, mask: np.ndarray) -> MaskChoice:
    path = folder / f"{name}.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(mask.astype(np.uint8)), str(path))
    return MaskChoice(path, "1")


def zone(diameter_mm: float, offset_mm: float = 0.0) -> dict[str, Any]:
    centre = [MIDDLE + offset_mm, MIDDLE, MIDDLE]
    axes = {"long_axis_mm": diameter_mm, "short_axis_mm": diameter_mm}
    return {**BALL, "centre_lps_mm": centre, **axes}


def planned(folder: Path, tumour: MaskChoice, diameter_mm: float, **changes: object) -> Path:
    digest = hashlib.sha256(tumour.path.read_bytes()).hexdigest()
    document = {
        "schema": "plan/1", "verdict": "accepted", "reasons": [],
        "trajectories": [{"id": "N1", "zone": zone(diameter_mm)}],
        "provenance": {"sha256": {"structures": digest}}, **changes,
    }  # fmt: skip
    path = folder / "plan.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def measure(
    tumour: MaskChoice,
    wanted_margin_mm: float | None = 5.0,
    *,
    ablation: MaskChoice | None = None,
    zones: Path | None = None,
) -> dict[str, Any]:
    return margin_document(
        tumour=tumour,
        ablation=ablation,
        zones=zones,
        organ=None,
        wanted_margin_mm=wanted_margin_mm,
    )


def codes(document: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in document["reasons"]]


@pytest.fixture
def tumour(tmp_path: Path) -> MaskChoice:
    return saved(tmp_path, "tumour", ball(8.0))


def test_a_planned_zone_is_not_taken_for_an_achieved_one(
    tumour: MaskChoice, tmp_path: Path
) -> None:
    found = measure(tumour, ablation=saved(tmp_path, "03_planned_ablation_zone_N1", ball(14.0)))
    assert "planned-not-achieved" in codes(found)
    assert found["verdict"] == "warning"
    achieved = measure(tumour, ablation=saved(tmp_path, "ablation_zone", ball(14.0)))
    assert "planned-not-achieved" not in codes(achieved)


def test_a_ball_around_a_ball_is_accepted(tumour: MaskChoice, tmp_path: Path) -> None:
    document = measure(tumour, ablation=saved(tmp_path, "dead", ball(16.0)))
    assert document["verdict"] == "accepted"
    assert document["covered_percent"] == 100.0
    mam = document["mam_mm"]
    assert mam["value"] == pytest.approx(8.0, abs=0.5)
    # half a voxel of 1 mm for each of the two outlines
    assert mam["high"] - mam["value"] == pytest.approx(1.0)
    assert mam["value"] - mam["low"] == pytest.approx(1.0)


@pytest.mark.hazard(19)
@pytest.mark.parametrize("hole_radius_mm", [0.5, 1.5, 4.0])
def test_a_hole_inside_the_tumour_is_residual_tumour(
    tumour: MaskChoice, tmp_path: Path, hole_radius_mm: float
) -> None:
    dead = saved(tmp_path, "dead", ball(16.0) & ~ball(hole_radius_mm))
    document = measure(tumour, ablation=dead)
    assert document["verdict"] == "rejected"
    assert "residual-tumour" in codes(document)
    assert document["covered_percent"] < 100.0
    if hole_radius_mm > 3:
        assert document["mam_mm"]["value"] < -2.0, "the hole's middle is the thinnest point"


@pytest.mark.hazard(19)
def test_a_gap_between_two_zones_inside_the_tumour_is_residual_tumour(tmp_path: Path) -> None:
    """A dumbbell of a tumour whose two ends are covered and whose thin bridge is not."""
    bridge = np.zeros((COUNT,) * 3, dtype=bool)
    bridge[24, 24, 12:37] = True
    tumour = saved(tmp_path, "tumour", ball(4.0, -10.0) | ball(4.0, 10.0) | bridge)
    path = tmp_path / "zones.json"
    rows = [zone(14.0, -10.0), zone(14.0, 10.0)]
    path.write_text(json.dumps({"schema": "zones/1", "zones": rows}), encoding="utf-8")
    document = measure(tumour, zones=path)
    assert document["verdict"] == "rejected"
    assert codes(document)[0] == "residual-tumour"


def test_zones_count_the_half_voxel_of_one_outline(tumour: MaskChoice, tmp_path: Path) -> None:
    mam = measure(tumour, zones=planned(tmp_path, tumour, 32.0))["mam_mm"]
    assert mam["value"] - mam["low"] == pytest.approx(0.5)


@pytest.mark.hazard(41)
def test_a_margin_that_nobody_asked_for_is_not_taken_for_enough(
    tumour: MaskChoice, tmp_path: Path
) -> None:
    plan = planned(tmp_path, tumour, 32.0)
    without, given = measure(tumour, None, zones=plan), measure(tumour, zones=plan)
    assert (without["verdict"], codes(without)) == ("warning", ["no-margin-goal"])
    assert (given["verdict"], codes(given)) == ("accepted", [])
    assert codes(measure(tumour, 0.0, zones=plan)) == [], "nought is a goal too"


@pytest.mark.hazard(18)
def test_the_zones_of_a_rejected_plan_are_rejected(tumour: MaskChoice, tmp_path: Path) -> None:
    reasons = [{"code": "far-off", "message": "Far off"}]
    document = measure(
        tumour, zones=planned(tmp_path, tumour, 32.0, verdict="rejected", reasons=reasons)
    )
    assert document["verdict"] == "rejected"
    assert codes(document) == ["plan-rejected", "far-off"]


@pytest.mark.hazard(18)
def test_the_verdict_is_never_better_than_the_plan_s(tumour: MaskChoice, tmp_path: Path) -> None:
    reasons = [{"code": "tight-bore", "message": "Tight"}]
    plan = planned(tmp_path, tumour, 32.0, verdict="warning", reasons=reasons)
    document = measure(tumour, zones=plan)
    assert (document["verdict"], document["reasons"]) == ("warning", reasons)


@pytest.mark.parametrize("verdict", [None, "fine", 5])
def test_a_plan_without_a_verdict_is_refused(
    tumour: MaskChoice, tmp_path: Path, verdict: object
) -> None:
    with pytest.raises(InputRefusedError, match="verdict"):
        measure(tumour, zones=planned(tmp_path, tumour, 32.0, verdict=verdict))


@pytest.mark.parametrize(
    "provenance",
    [{"sha256": {"structures": "ab" * 32}}, {"sha256": {}}, {"sha256": 5}, {}, None, "x"],
)
def test_a_plan_made_on_other_structures_is_told(
    tumour: MaskChoice, tmp_path: Path, provenance: object
) -> None:
    plan = planned(tmp_path, tumour, 32.0, provenance=provenance)
    document = measure(tumour, zones=plan)
    assert (document["verdict"], codes(document)) == ("warning", ["other-structures"])
