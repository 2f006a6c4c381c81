"""Every command answers with its exit code and, asked for it, exactly one JSON object."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.cli import build_app
from template_gen import build_default_spec, load_spec, save_spec, spec_hash
from tests.navigator.app.tiny_patient import (
    COUNT,
    FIRST_MM,
    LABELS,
    LESION_MM,
    LESION_RADIUS_MM,
    SPACING_MM,
    TinyPatient,
    paint,
    write_image,
    write_request,
)
from tests.protocol.needle_checker import (
    clearance_mm,
    labels_crossed,
    pose_matrix,
    read_voxels,
    tip_through_bore_mm,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.navigator.cli.conftest import Answer

    Navigator = Callable[..., Answer]
    Tree = Callable[[Path], dict[str, int]]

COMMANDS = (
    "demo", "run", "plan", "zone", "margin", "inspect", "convert", "segment", "register",
    "map-points", "locate-template",
)  # fmt: skip
DONE, REFUSED, REJECTED = 0, 2, 3
EMPRINT = ("zone", "--antenna", "Medtronic Emprint", "--power-w", 75, "--time-s", 300)


def balls_of(patient: TinyPatient, name: str, *radii_mm: tuple[int, float]) -> Path:
    """Write a label map of balls about the lesion's centre, the first painted first."""
    steps = SPACING_MM * np.arange(COUNT)
    z, y, x = np.meshgrid(*(first + steps for first in FIRST_MM[::-1]), indexing="ij")
    far = np.sqrt(((np.stack([x, y, z], axis=-1) - LESION_MM) ** 2).sum(axis=-1))
    values = np.zeros(far.shape, np.uint8)
    for label, radius in radii_mm:
        values[far <= radius] = label
    write_image(values, patient.folder / name)
    return patient.folder / name


def rigid(shift: tuple[float, float, float], turn_rad: float = 0.0) -> np.ndarray:
    matrix = np.eye(4)
    cosine, sine = np.cos(turn_rad), np.sin(turn_rad)
    matrix[:2, :2] = [[cosine, -sine], [sine, cosine]]
    matrix[:3, 3] = shift
    return matrix


def registration(folder: Path, *, verdict: str = "accepted", **changes: object) -> Path:
    """Write a registration by the contract alone."""
    reasons = [] if verdict == "accepted" else [{"code": "far", "message": "far off"}]
    document: dict[str, Any] = {
        "schema": "registration/1", "verdict": verdict, "reasons": reasons,
        "planning_frame": "1.2.3", "intraop_frame": "1.2.4",
        "intraop_from_planning": rigid((10, -5, 3), 0.1).tolist(), "deformable": None,
        "expected_tre_mm": 0.5, "overlap": 1.0, "inverse_consistency_mm": 0.1,
        "sha256": {"planning": "0" * 64, "intraop": "1" * 64}, **changes,
    }  # fmt: skip
    path = folder / "registration.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_these_are_all_commands() -> None:
    names = {command.name for command in build_app().registered_commands}
    callbacks = {
        str(command.callback.__name__).replace("_", "-")
        for command in build_app().registered_commands
        if command.callback is not None and command.name is None
    }
    assert {name for name in names | callbacks if name} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_holds_an_example_of_the_command(navigator: Navigator, command: str) -> None:
    answer = navigator(command, "--help")
    assert answer.code == DONE
    assert f"Example: navigator {command}" in " ".join(answer.out.split())
    for option in ("--json", "--debug"):
        assert option in answer.out


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_usage_ends_with_two(navigator: Navigator, command: str) -> None:
    answer = navigator(command, "--no-such-option")
    assert answer.code == REFUSED
    assert answer.out == ""
    assert "no-such-option" in answer.err


def test_an_unknown_command_ends_with_two(navigator: Navigator) -> None:
    answer = navigator("no-such-command")
    assert answer.code == REFUSED
    assert "no-such-command" in answer.err


def test_plan_prints_what_it_writes_and_the_seconds(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    out = tiny.folder / "plan.json"
    answer = navigator("plan", tiny.request, "--out", out, "--json")
    assert answer.code == DONE
    printed, written = answer.document, json.loads(out.read_text(encoding="utf-8"))
    assert printed.pop("seconds") > 0
    assert "seconds" not in written
    assert json.dumps(_rounded(printed)) == json.dumps(_rounded(written))
    assert written["schema"] == "plan/1"


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) + 0.0 if isinstance(value, float) else value


def test_the_plan_of_the_tiny_patient_is_right_by_brute_force(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    answer = navigator("plan", tiny.request, "--out", tiny.folder / "plan.json", "--json")
    needle = answer.document["trajectories"][0]
    labels = read_voxels(tiny.folder / "labels.nii.gz")
    assert labels_crossed(labels, needle, 2.4) <= {0, 1, LABELS["liver"], LABELS["gtv"]}
    for name in ("bone", "vessel", "bowel"):
        brute = clearance_mm(labels, [LABELS[name]], needle, 2.4)
        assert needle["clearance_mm"][name] == pytest.approx(brute, abs=0.1)
    template = json.loads((tiny.folder / "template.json").read_text(encoding="utf-8"))
    tip = tip_through_bore_mm(pose_matrix(answer.document["placement"]), template, needle)
    assert np.allclose(tip, needle["tip_lps_mm"], atol=1e-5)


@pytest.mark.hazard(59)
def test_two_plans_of_one_request_are_the_same_bytes(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    outs = [tiny.folder / f"plan{index}.json" for index in range(2)]
    for out in outs:
        assert navigator("plan", tiny.request, "--out", out).code == DONE
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_a_person_reads_bore_depth_power_and_verdict(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    out = tiny.folder / "plan.json"
    answer = navigator("plan", tiny.request, "--out", out)
    needle = json.loads(out.read_text(encoding="utf-8"))["trajectories"][0]
    assert f"bore {needle['bore']}, guide depth {needle['guide_depth_mm']:.1f} mm" in answer.out
    assert f"{needle['power_w']:g} W for {needle['time_s']:g} s" in answer.out
    assert "verdict: " in answer.out
    assert "planning" in answer.err


def test_a_free_hand_plan_has_no_bore(navigator: Navigator, tiny: TinyPatient) -> None:
    request = write_request(tiny, "free.json", template=None)
    answer = navigator("plan", request, "--out", tiny.folder / "free-plan.json", "--json")
    assert answer.code == DONE
    needle = answer.document["trajectories"][0]
    assert needle["bore"] is None
    assert needle["guide_depth_mm"] is None
    assert answer.document["placement"] is None
    way = np.subtract(needle["tip_lps_mm"], needle["entry_lps_mm"])
    assert needle["insertion_depth_mm"] == pytest.approx(np.linalg.norm(way))


def test_a_plate_as_it_lies_keeps_its_pose(navigator: Navigator, tiny: TinyPatient) -> None:
    pose = [[1.0, 0, 0, -31.0], [0, 0, 1.0, -86.0], [0, -1.0, 0, 101.5], [0, 0, 0, 1.0]]
    request = write_request(tiny, "lies.json", placement={"lps_from_template": pose})
    answer = navigator("plan", request, "--out", tiny.folder / "lies-plan.json", "--json")
    assert answer.code == DONE
    assert np.allclose(answer.document["placement"]["lps_from_template"], pose)
    template = json.loads((tiny.folder / "template.json").read_text(encoding="utf-8"))
    needle = answer.document["trajectories"][0]
    tip = tip_through_bore_mm(np.array(pose), template, needle)
    assert np.allclose(tip, needle["tip_lps_mm"], atol=1e-5)


@pytest.mark.hazard(39)
def test_a_structure_that_limits_name_and_labels_lack_is_a_warning(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    labels = {name: label for name, label in LABELS.items() if name != "bowel"}
    request = write_request(tiny, "no-bowel.json", labels=labels)
    answer = navigator("plan", request, "--out", tiny.folder / "p.json", "--json")
    assert answer.code == DONE
    assert answer.document["verdict"] == "warning"
    unknown = [r for r in answer.document["reasons"] if r["code"] == "structure-unknown"]
    assert len(unknown) == 1
    assert "bowel" in unknown[0]["message"]


def test_an_organ_far_from_the_way_does_not_stop_the_plan(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    hounsfield, labels = paint()
    del hounsfield
    labels[28:32, 28:32, 54:57] = 9
    write_image(labels, tiny.folder / "labels.nii.gz")
    limits = {"min_clearance_mm": {"bone": 2.0}, "max_insertion_depth_mm": 79, "max_tilt_deg": 2}
    request = write_request(
        tiny, "far.json", labels={**LABELS, "kidney": 9}, constraints=limits, template=None
    )
    answer = navigator("plan", request, "--out", tiny.folder / "p.json", "--json")
    assert answer.code == DONE, answer.err
    assert answer.document["trajectories"][0]["clearance_mm"]["kidney"] > 60.0


def test_no_way_ends_with_three_and_writes_nothing(
    navigator: Navigator, tiny: TinyPatient, tree: Tree
) -> None:
    request = write_request(
        tiny, "walled.json",
        constraints={"min_clearance_mm": {"bone": 100.0}, "max_tilt_deg": 4},
    )  # fmt: skip
    before = tree(tiny.folder)
    for command in ("plan", "run"):
        answer = navigator(command, request, "--out", tiny.folder / "out", "--json")
        assert answer.code == REJECTED
        assert answer.document["verdict"] == "rejected"
        assert [r["code"] for r in answer.document["reasons"]] == ["no-bore-reaches"]
        assert "too near bone" in answer.document["reasons"][0]["message"]
    assert tree(tiny.folder) == before


def test_zone_gives_axes_with_ranges_and_sources(navigator: Navigator) -> None:
    answer = navigator(*EMPRINT, "--json")
    assert answer.code == DONE
    for axis in ("long_axis_mm", "short_axis_mm", "centre_to_tip_mm"):
        found = answer.document[axis]
        assert 0 < found["low"] <= found["value"] <= found["high"]
    assert answer.document["sources"]
    assert "source: " in navigator(*EMPRINT).out


def test_margin_of_two_balls_is_the_difference_of_their_radii(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    tumour = balls_of(tiny, "tumour.nii.gz", (1, 15.0))
    dead = balls_of(tiny, "dead.nii.gz", (2, 24.0))
    words = ("margin", "--tumour", tumour, "--ablation", dead, "--ablation-label", 2, "--json")
    answer = navigator(*words)
    assert answer.code == DONE
    mam = answer.document["mam_mm"]
    assert mam["low"] <= 9.0 <= mam["high"]
    assert mam["value"] == pytest.approx(9.0, abs=1.5)
    assert sum(answer.document["area_percent"].values()) == pytest.approx(100.0)
    assert set(answer.document["shell_coverage_percent"]) == {"3", "5", "6", "10"}
    assert answer.document["shell_coverage_percent"]["5"] == pytest.approx(100.0)
    wanted = navigator(*words, "--margin-mm", 12)
    assert wanted.document["verdict"] == "warning"


def test_residual_tumour_ends_with_three(navigator: Navigator, tiny: TinyPatient) -> None:
    tumour = balls_of(tiny, "tumour.nii.gz", (1, 24.0))
    dead = balls_of(tiny, "dead.nii.gz", (1, 15.0))
    answer = navigator("margin", "--tumour", tumour, "--ablation", dead, "--json")
    assert answer.code == REJECTED
    assert answer.document["mam_mm"]["value"] < -7.0


def test_margin_takes_the_zones_of_a_plan(navigator: Navigator, tiny: TinyPatient) -> None:
    plan = tiny.folder / "plan.json"
    planned = navigator("plan", tiny.request, "--out", plan, "--json").document
    answer = navigator(
        "margin", "--tumour", tiny.folder / "labels.nii.gz", "--label", LABELS["gtv"],
        "--zones", plan, "--json",
    )  # fmt: skip
    assert answer.code == DONE
    mam = planned["margin"]["mam_mm"]
    assert answer.document["mam_mm"]["value"] == pytest.approx(mam["value"], abs=0.1)
    assert answer.document["tumour_ml"] == pytest.approx(
        4 / 3 * np.pi * LESION_RADIUS_MM**3 / 1000, rel=0.35
    )


def test_inspect_lists_a_file(navigator: Navigator, tiny: TinyPatient) -> None:
    answer = navigator("inspect", tiny.folder / "scan.nii.gz", "--json")
    assert answer.code == DONE
    (series,) = answer.document["series"]
    assert series["shape_kji"] == [COUNT] * 3
    assert series["verdict"] in ("accepted", "confirm")
    assert str(COUNT) in navigator("inspect", tiny.folder / "scan.nii.gz").out


@pytest.mark.hazard(1, 2)
@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz", ".mha"])
def test_convert_keeps_every_voxel_at_its_place(
    navigator: Navigator, tiny: TinyPatient, suffix: str
) -> None:
    out = tiny.folder / f"out{suffix}"
    answer = navigator("convert", tiny.folder / "scan.nii.gz", out, "--json")
    assert answer.code == DONE
    assert answer.document["resampled"] is False
    first, second = (sitk.ReadImage(str(path)) for path in (tiny.folder / "scan.nii.gz", out))
    again = sitk.Resample(sitk.Cast(second, sitk.sitkFloat32), first, sitk.Transform(),
                          sitk.sitkNearestNeighbor, -9999.0, sitk.sitkFloat32)  # fmt: skip
    apart = sitk.GetArrayFromImage(again) - sitk.GetArrayFromImage(first)
    assert not apart.any()


@pytest.mark.hazard(20)
def test_map_points_goes_there_and_back(navigator: Navigator, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("label,x_mm,y_mm,z_mm\nT1,1,2,3\n\u4e2d,-100.5,0,80\n", encoding="utf-8")
    there, back = tmp_path / "there.csv", tmp_path / "back.csv"
    transform = registration(tmp_path)
    answer = navigator("map-points", transform, points, there, "--to", "intraop", "--json")
    assert (answer.code, answer.document["points"]) == (DONE, 2)
    rows = list(csv.DictReader(there.read_text(encoding="utf-8").splitlines()))
    mapped = np.array([[float(row[axis]) for axis in ("x_mm", "y_mm", "z_mm")] for row in rows])
    matrix = rigid((10, -5, 3), 0.1)
    expected = np.array([[1, 2, 3], [-100.5, 0, 80]]) @ matrix[:3, :3].T + matrix[:3, 3]
    assert np.allclose(mapped, expected, atol=1e-5)
    assert navigator("map-points", transform, there, back, "--to", "planning").code == DONE
    rows = list(csv.DictReader(back.read_text(encoding="utf-8").splitlines()))
    assert [row["label"] for row in rows] == ["T1", "\u4e2d"]
    assert float(rows[1]["x_mm"]) == pytest.approx(-100.5, abs=1e-5)


def test_a_scan_without_a_plate_ends_with_three(navigator: Navigator, tiny: TinyPatient) -> None:
    out = tiny.folder / "placement.json"
    answer = navigator(
        "locate-template", tiny.folder / "scan.nii.gz", tiny.folder / "template.json",
        "--out", out, "--json",
    )  # fmt: skip
    assert answer.code == REJECTED
    assert answer.document["lps_from_template"] is None
    assert answer.document["reasons"]
    plate = spec_hash(load_spec(tiny.folder / "template.json"))
    assert answer.document["template_sha256"] == plate, "a serial may be given to two plates"
    assert json.loads(out.read_text(encoding="utf-8"))["template_sha256"] == plate


@pytest.mark.hazard(19)
def test_a_registration_that_is_rejected_ends_with_three_and_carries_no_point(
    navigator: Navigator, tiny: TinyPatient, tiny_again: Path
) -> None:
    """The tiny trunk is the same all along its axis: where it lies along it cannot be known."""
    out, scan = tiny.folder / "registration.json", tiny.folder / "scan.nii.gz"
    answer = navigator("register", scan, tiny_again, "--out", out, "--json")
    assert answer.code == REJECTED
    assert answer.document["verdict"] == "rejected"
    assert answer.document["reasons"]
    points = tiny.folder / "points.csv"
    points.write_text("label,x_mm,y_mm,z_mm\nT1,1,2,3\n", encoding="utf-8")
    mapped = navigator("map-points", out, points, tiny.folder / "mapped.csv", "--to", "intraop")
    assert mapped.code == REFUSED
    assert not (tiny.folder / "mapped.csv").exists()


@pytest.mark.hazard(13)
def test_a_scan_is_not_registered_to_itself(navigator: Navigator, tiny: TinyPatient) -> None:
    out, scan = tiny.folder / "registration.json", tiny.folder / "scan.nii.gz"
    answer = navigator("register", scan, scan, "--out", out, "--json")
    assert (answer.code, answer.document["error"]["code"]) == (REFUSED, "same-scan")
    assert not out.exists()


@pytest.mark.hazard(22)
@pytest.mark.parametrize("command", ["convert", "locate-template"])
def test_a_label_map_is_no_scan(navigator: Navigator, tiny: TinyPatient, command: str) -> None:
    labels, out = tiny.folder / "labels.nii.gz", tiny.folder / "out.nrrd"
    words = {
        "convert": (labels, out),
        "locate-template": (labels, tiny.folder / "template.json"),
    }[command]
    answer = navigator(command, *words, "--json")
    assert (answer.code, answer.document["error"]["code"]) == (REFUSED, "not-hounsfield")
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.hazard(59)
def test_run_writes_a_case_and_the_same_case_again(
    navigator: Navigator, tiny: TinyPatient, tree: Tree
) -> None:
    out = tiny.folder / "case"
    answer = navigator("run", tiny.request, "--out", out, "--json")
    assert answer.code == DONE, answer.err
    assert answer.document["schema"] == "run-summary/1"
    names = tree(out)
    assert {"plan.json", "report.html", "report.pdf", "template/template.stl"} <= names.keys()
    first = {name: (out / name).read_bytes() for name in names if (out / name).is_file()}
    refused = navigator("run", tiny.request, "--out", out, "--json")
    assert (refused.code, refused.document["error"]["code"]) == (REFUSED, "output-exists")
    assert tree(out) == names
    assert navigator("run", tiny.request, "--out", out, "--overwrite").code == DONE
    again = {name: (out / name).read_bytes() for name in tree(out) if (out / name).is_file()}
    assert again.keys() == first.keys()
    changed = [name for name in first if first[name] != again[name]]
    assert changed in ([], ["summary.json"]), "only the summary tells how long it took"
    assert not [name for name in tree(tiny.folder) if name.startswith(".")]


def test_a_spec_of_few_markers_is_not_looked_for(navigator: Navigator, tiny: TinyPatient) -> None:
    spec = build_default_spec(rows=3, columns=3, pitch_mm=5.0, bore_diameter_mm=2.0)
    few = spec.model_copy(update={"markers": spec.markers[:2]})
    save_spec(few, tiny.folder / "few.json")
    answer = navigator(
        "locate-template", tiny.folder / "scan.nii.gz", tiny.folder / "few.json", "--json"
    )
    assert (answer.code, answer.document["error"]["code"]) == (REFUSED, "too-few-markers")
