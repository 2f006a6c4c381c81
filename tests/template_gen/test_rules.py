"""A plate that would break, or guide a needle wrongly, is refused by a code and by names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from template_gen.drilling import bore_rings
from template_gen.errors import GeometryRefusedError
from template_gen.models import Bore, Grid, Marker, Plate, PrinterProfile, TemplateSpec
from template_gen.outlines import corner_radius_mm, depth_inside_mm, plate_outline
from template_gen.rules import check_needle, check_spec, refuse_errors
from template_gen.solid import build_solid
from template_gen.webs import least_webs_mm
from tests.template_gen.strategies import single_bores


def plate_with(*bores: Bore, **other: Any) -> TemplateSpec:  # noqa: ANN401 - any field
    parts: dict[str, Any] = {
        "serial": "R-1",
        "plate": Plate(width_mm=80, height_mm=80, thickness_mm=15, corner_radius_mm=6),
        "printer": PrinterProfile(name="any", bore_compensation_mm=0.0, min_wall_mm=0.8),
        "markers": (),
    }
    return TemplateSpec(**{**parts, **other}, bores=bores)


def bore(label: str, x_mm: float, y_mm: float, **other: Any) -> Bore:  # noqa: ANN401 - any field
    return Bore(**{"label": label, "x_mm": x_mm, "y_mm": y_mm, "diameter_mm": 2.0, **other})


def marker(label: str, x_mm: float, y_mm: float, z_mm: float) -> Marker:
    return Marker(label=label, x_mm=x_mm, y_mm=y_mm, z_mm=z_mm, diameter_mm=5.0)


HALF = float(np.sqrt(0.5))
STEEP = (0.8, 0.0, 0.6)
UNSOUND = [
    (plate_with(bore("P1", 0, 0), bore("P2", 1.9, 0)), "bores-meet", {"P1", "P2"}),
    (plate_with(bore("P1", 0, 0), bore("P2", 2.7, 0)), "web-too-thin", {"P1", "P2"}),
    # 10 mm apart on the operator face, crossing under it.
    (plate_with(bore("P1", -5, 0, direction=(HALF, 0, HALF)),
                bore("P2", 5, 0, direction=(-HALF, 0, HALF))), "bores-meet", {"P1", "P2"}),
    (plate_with(bore("P1", 38.5, 0)), "rim-too-thin", {"P1"}),
    (plate_with(bore("P1", 41, 0)), "bore-outside-plate", {"P1"}),
    # Inside the plate's square, outside its rounded corner.
    (plate_with(bore("P1", 38, 38)), "bore-outside-plate", {"P1"}),
    # Inside on the operator face, outside on the patient face.
    (plate_with(bore("P1", 30, 0, direction=(0.6, 0, 0.8))), "bore-outside-plate", {"P1"}),
    (plate_with(bore("P1", 0, 0, direction=STEEP)), "bore-too-tilted", {"P1"}),
    (plate_with(bore("P1", 0, 0, diameter_mm=0.3)), "bore-too-narrow", {"P1"}),
    (plate_with(bore("P1", 0, 0, direction=(0.6, 0, 0.8), sleeve_mm=1.0)), "sleeve-too-short",
     {"P1"}),
    (plate_with(bore("P1", 0, 0, sleeve_mm=8.0), bore("P2", 3.4, 0)), "sleeve-in-the-way",
     {"P1", "P2"}),
    # The sleeve leans over the other bore, whose own mouth is far away.
    (plate_with(bore("P1", 0, 0, direction=(0.6, 0, 0.8), sleeve_mm=30.0), bore("P2", -15, 0)),
     "sleeve-in-the-way", {"P1", "P2"}),
    (plate_with(bore("P1", 0, 0), markers=(marker("K1", 3.0, 0, 7.0),)), "marker-too-near",
     {"K1", "P1"}),
    # The bore passes under the pocket's mouth and through its floor.
    (plate_with(bore("P1", 12, 0, direction=(-0.6, 0, 0.8)), markers=(marker("K1", 2, 0, 9.0),)),
     "marker-too-near", {"K1", "P1"}),
    (plate_with(bore("P1", 0, 0), markers=(marker("K1", 20, 0, 7.0), marker("K2", 25, 0, 7.0))),
     "marker-too-near", {"K1", "K2"}),
    (plate_with(bore("P1", 0, 0), markers=(marker("K1", 38, 0, 7.0),)), "marker-at-rim", {"K1"}),
    (plate_with(bore("P1", 0, 0), markers=(marker("K1", 20, 0, 1.0),)), "marker-stands-proud",
     {"K1"}),
    (plate_with(bore("P1", 0, 0), markers=(marker("K1", 20, 0, 12.0),)), "marker-floor-too-thin",
     {"K1"}),
    (plate_with(bore("P1", 0, 0),
                plate=Plate(width_mm=20, height_mm=20, thickness_mm=15, corner_radius_mm=6)),
     "no-room-for-mark", {"SKIN (patient face)"}),
]  # fmt: skip


@pytest.mark.hazard(27, 38)
@pytest.mark.parametrize(("spec", "code", "labels"), UNSOUND)
def test_an_unsound_plate_is_refused_with_code_and_names(
    spec: TemplateSpec, code: str, labels: set[str]
) -> None:
    findings = [item for item in check_spec(spec) if item.severity == "error"]
    assert code in {item.code for item in findings}
    assert any(labels <= set(item.labels) for item in findings if item.code == code)
    with pytest.raises(GeometryRefusedError) as caught:
        build_solid(spec)
    assert caught.value.refusal.code == findings[0].code
    assert caught.value.findings == tuple(findings)


def test_the_same_bores_far_enough_apart_are_sound() -> None:
    spec = plate_with(bore("P1", 0, 0), bore("P2", 2.9, 0))
    assert {item.code for item in check_spec(spec)} <= {"too-few-markers", "no-room-for-label"}
    refuse_errors(check_spec(spec))


def test_grid_bores_give_way_and_are_named() -> None:
    grid = Grid(rows=3, columns=3, pitch_mm=8.0, bore_diameter_mm=2.0)
    spec = plate_with(bore("P1", 0.5, 0.5), grid=grid)
    (finding,) = (item for item in check_spec(spec) if item.code == "grid-bore-left-out")
    assert finding.labels == ("B2",)
    assert finding.severity == "warning"


def test_every_message_says_what_was_expected_what_was_found_and_what_to_do() -> None:
    for spec, _, _ in UNSOUND:
        for item in check_spec(spec):
            assert all((item.what, item.expected, item.got, item.next_step))
            assert item.message == (
                f"{item.what}: expected {item.expected}, got {item.got}; {item.next_step}"
            )


@pytest.mark.hazard(37)
def test_a_needle_must_pass_and_must_not_rattle() -> None:
    spec = plate_with(bore("P1", 0, 0, diameter_mm=2.0), bore("P2", 10, 0, diameter_mm=3.0))
    assert check_needle(spec, 1.9)[0].labels == ("P2",)
    assert [item.code for item in check_needle(spec, 1.9)] == ["needle-too-loose"]
    refused = check_needle(spec, 2.0)[0]
    assert (refused.code, refused.severity, refused.labels) == (
        "needle-does-not-pass", "error", ("P1",),
    )  # fmt: skip
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="needle_diameter_mm"):
            check_needle(spec, wrong)


@settings(deadline=None, max_examples=60)
@given(single_bores("P1", 25.0), single_bores("P2", 25.0))
def test_webs_are_those_of_a_brute_force_search(first: Bore, second: Bore) -> None:
    """The oracle walks both axes in small steps."""
    spec = plate_with(first, second)
    bores = bore_rings(spec)
    pairs, webs = least_webs_mm(bores, 15.0, within_mm=np.inf)
    assert pairs.tolist() == [[0, 1]]
    radii = corner_radius_mm(bores.radii_mm)
    lines = []
    for row in (0, 1):
        tangent = bores.tangents[row]
        over = radii[row] * tangent
        length = 15.0 / bores.directions[row, 2]
        steps = np.linspace(-over, length + over, 1500)
        lines.append(bores.entries_mm[row] + steps[:, None] * bores.directions[row])
    apart = np.linalg.norm(lines[0][:, None] - lines[1][None], axis=2).min()
    assert webs[0] == pytest.approx(apart - radii.sum(), abs=2e-2)
    assert webs[0] <= apart - radii.sum() + 1e-9


@given(
    st.floats(-60, 60), st.floats(-60, 60), st.floats(0, 19), st.floats(40, 90), st.floats(40, 90)
)
def test_depth_inside_the_rim_is_the_distance_to_the_drawn_outline(
    x: float, y: float, corner: float, width: float, height: float
) -> None:
    plate = Plate(width_mm=width, height_mm=height, thickness_mm=10, corner_radius_mm=corner)
    ring = plate_outline(plate)
    start, along = ring, np.roll(ring, -1, axis=0) - ring
    length = np.einsum("ni,ni->n", along, along)
    share = np.einsum("ni,ni->n", np.array([x, y]) - start, along) / np.where(length, length, 1)
    nearest = start + np.clip(share, 0, 1)[:, None] * along
    distance = np.linalg.norm(nearest - [x, y], axis=1).min()
    depth = depth_inside_mm(plate, np.array([[x, y]]))[0]
    assert abs(depth) == pytest.approx(distance, abs=0.03)
