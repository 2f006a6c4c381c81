"""The arm reaches from the plate's edge to the rail, clear of the patient and of needles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from phantoms import tissues
from phantoms.errors import HardwareRefusedError
from phantoms.hardware import (
    DrivenNeedle,
    PlacedPlate,
    arm_metals,
    arm_parts,
    build_arm,
    build_needle,
    course_of,
    plate_parts,
    points_along,
    truth_of_arm,
)
from phantoms.motion import inverse_rigid, moved_points, rigid_about, rotation_about
from phantoms.program import signed_distance_mm
from phantoms.shapes import ellipsoid

if TYPE_CHECKING:
    from template_gen.models import TemplateSpec

BODY = ellipsoid([0.0, 110.0, 0.0], [180.0, 110.0, 400.0])
RAIL = np.array([240.0, 190.0, 30.0])


def level(spec: TemplateSpec) -> PlacedPlate:
    turn = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    tilt = rotation_about([1.0, 0.3, 0.2], 0.05) @ turn
    return PlacedPlate(spec, rigid_about(tilt, [0.0, 0.0, 0.0], [-20.0, -30.0, 5.0]))


def outside(points: np.ndarray) -> np.ndarray:
    return signed_distance_mm(BODY, points)


def test_the_arm_keeps_off_skin_and_needles(plate: PlacedPlate) -> None:
    held = level(plate.spec)
    needles = [
        DrivenNeedle(
            needle=build_needle("fixing", bore, gauge=16, length_mm=180.0),
            plate=held,
            bore=bore,
            guide_depth_mm=110.0,
        )
        for bore in ("A1", "D1", "E5", "A5", "C3")
    ]
    arm = build_arm(held, RAIL, outside_body_mm=outside, needles=needles)
    assert arm.joints_mm[-1] == pytest.approx(RAIL)
    shafts = np.vstack(
        [points_along(course_of(each), np.linspace(0, 180, 400)) for each in needles]
    )
    body = np.random.default_rng(1).uniform(-1.0, 1.0, (200_000, 3)) * [180.0, 110.0, 400.0]
    body += np.array([0.0, 110.0, 0.0])
    body = body[signed_distance_mm(BODY, body) <= 0.0]
    for part in arm_parts(arm):
        assert signed_distance_mm(part.shape, body).min() > 5.0 or part.name == "arm clamp"
        assert signed_distance_mm(part.shape, shafts).min() > 5.0
    clamp = arm_parts(arm)[-1]
    assert signed_distance_mm(clamp.shape, body).min() > 0.0
    assert [metal.material for metal in arm_metals(arm)] == ["aluminium"] * 3
    assert truth_of_arm(arm)["joints_lps_mm"][-1] == pytest.approx(RAIL.tolist())


def test_the_clamp_grips_the_edge_and_enters_neither_resin_nor_bores(plate: PlacedPlate) -> None:
    held = level(plate.spec)
    arm = build_arm(held, RAIL, outside_body_mm=outside)
    assert arm.edge == (1, 0)
    clamp = arm_parts(arm)[-1]
    assert clamp.tissue == tissues.ALUMINIUM
    slab = plate_parts(held)[0].shape
    points = np.random.default_rng(2).uniform(-60.0, 60.0, (100_000, 3)) + np.array([0.0, 0.0, 7.5])
    in_slab = signed_distance_mm(slab, points) < -0.01
    in_clamp = signed_distance_mm(clamp.shape, moved_points(held.lps_from_template, points)) < 0.0
    assert in_clamp.any()
    assert not (in_slab & in_clamp).any()
    # it touches the faces of the plate near the edge
    low = moved_points(inverse_rigid(held.lps_from_template), arm.joints_mm[0])
    assert abs(low[0]) < 0.5 * held.spec.plate.width_mm + 20.0


def test_an_arm_without_a_free_way_is_refused(plate: PlacedPlate) -> None:
    with pytest.raises(HardwareRefusedError, match="no way"):
        build_arm(level(plate.spec), RAIL, outside_body_mm=lambda points: np.full(len(points), 3.0))
