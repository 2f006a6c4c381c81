"""A person who replaces, looks at or damages a document is told what became of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from navigator.io.documents import load_plan, load_registration
from tests.navigator.app.tiny_patient import TinyPatient, write_request
from tests.navigator.cli.test_commands import registration
from tests.navigator.io.documents.sound_documents import GOLDEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.navigator.cli.conftest import Answer

    Navigator = Callable[..., Answer]

DONE, REFUSED, REJECTED = 0, 2, 3


@pytest.mark.hazard(43)
def test_a_plan_that_is_replaced_is_kept_and_its_place_is_told(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    out = tiny.folder / "case" / "plan.json"
    out.parent.mkdir()
    first = navigator("plan", tiny.request, "--out", out, "--json")
    assert "kept_earlier" not in first.document
    again = navigator("plan", tiny.request, "--out", out, "--json")
    assert "kept_earlier" not in again.document, "the same plan is no other version"
    before = out.read_bytes()
    other = write_request(tiny, "free.json", template=None)
    answer = navigator("plan", other, "--out", out, "--json")
    kept = out.parent / "earlier" / "plan.0001.json"
    assert answer.document["kept_earlier"] == str(kept)
    assert kept.read_bytes() == before
    assert load_plan(out).plan.placement is None
    assert load_plan(kept).plan.placement is not None
    text = navigator("plan", tiny.request, "--out", out)
    assert f"the earlier one is kept: {kept.with_name('plan.0002.json')}" in text.out


def test_what_plan_and_register_print_can_be_read_as_what_they_write(
    navigator: Navigator, tiny: TinyPatient, tiny_again: Path
) -> None:
    printed, out = tiny.folder / "printed.json", tiny.folder / "out.json"
    for _ in range(2):
        printed.write_text(navigator("plan", tiny.request, "--out", out, "--json").out)
        assert load_plan(printed).root_sha256 == load_plan(out).root_sha256
    out.unlink()
    words = ("register", tiny.folder / "scan.nii.gz", tiny_again, "--out", out, "--rigid")
    for _ in range(2):
        printed.write_text(navigator(*words, "--json").out)
        assert load_registration(printed).metrics == load_registration(out).metrics


def test_a_plan_through_a_plate_as_it_lies_is_read_back(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    level = np.array([[1, 0, 0, -31], [0, 0, 1, -86], [0, -1, 0, 101.5], [0, 0, 0, 1]], dtype=float)
    # as a tracker with float32 gives it: a rotation to seven digits
    turn = Rotation.from_rotvec([0.011, -0.007, 0.004]).as_matrix().astype(np.float32)
    pose = level.copy()
    pose[:3, :3] = turn @ level[:3, :3]
    placement = {"lps_from_template": pose.tolist()}
    request = write_request(tiny, "lies.json", placement=placement)
    out = tiny.folder / "lies-plan.json"
    answer = navigator("plan", request, "--out", out, "--json")
    read = load_plan(out).plan
    assert len(read.needles) == len(answer.document["trajectories"]) == 1
    assert read.placement is not None
    assert np.abs(read.placement.lps_from_template.matrix - pose).max() <= 1e-6


@pytest.mark.hazard(45)
def test_inspect_tells_what_a_document_is_and_whether_it_is_intact(
    navigator: Navigator, tmp_path: Path
) -> None:
    newest = GOLDEN / "1.1" / "plan.json"
    answer = navigator("inspect", newest, "--json")
    (row,) = answer.document["documents"]
    raw = json.loads(newest.read_text(encoding="utf-8"))
    assert (answer.code, answer.document["verdict"]) == (DONE, "accepted")
    assert (row["schema"], row["minor"], row["integrity"]) == ("plan/1", 1, "intact")
    assert row["root_sha256"] == raw["integrity"]["root"]
    assert row["made_from"] == raw["provenance"]["sha256"]
    assert row["document_verdict"] == raw["verdict"]
    assert answer.document["series"] == []
    text = navigator("inspect", newest).out
    assert "plan/1, minor 1  hashes: intact  accepted" in text
    assert raw["provenance"]["sha256"]["scan"] in text
    damaged = tmp_path / "plan.json"
    damaged.write_text(newest.read_text(encoding="utf-8").replace('"H8"', '"H9"'))
    answer = navigator("inspect", damaged, "--json")
    assert (answer.code, answer.document["verdict"]) == (REJECTED, "rejected")
    (row,) = answer.document["documents"]
    assert (row["integrity"], row["verdict"]) == ("broken", "refused")
    assert [finding["code"] for finding in row["findings"]] == ["document-changed"]
    assert "`trajectories` changed" in row["findings"][0]["message"]
    assert "trajectories" in navigator("inspect", damaged).out


@pytest.mark.parametrize(
    ("name", "integrity", "verdict"),
    [
        ("1.0/plan.json", "none", "confirm"), ("1.0/registration.json", "none", "confirm"),
        ("1.0/placement_rejected.json", "none", "confirm"),
        ("1.1/registration.json", "intact", "accepted"),
        ("1.1/placement.json", "intact", "accepted"),
        ("1.1/placement_rejected.json", "intact", "accepted"),
    ],
)  # fmt: skip
def test_inspect_knows_every_form(
    navigator: Navigator, name: str, integrity: str, verdict: str
) -> None:
    answer = navigator("inspect", GOLDEN / name, "--json")
    (row,) = answer.document["documents"]
    assert answer.code == DONE
    assert (row["integrity"], row["verdict"]) == (integrity, verdict)


def test_inspect_knows_what_people_write(navigator: Navigator, tiny: TinyPatient) -> None:
    for name, schema in (("request.json", "plan-request/1"), ("template.json", "template-spec/1")):
        (row,) = navigator("inspect", tiny.folder / name, "--json").document["documents"]
        assert (row["schema"], row["integrity"], row["verdict"]) == (schema, "none", "accepted")
    bad = write_request(tiny, "bad.json", antenna=5)
    answer = navigator("inspect", bad, "--json")
    assert answer.code == REJECTED
    assert answer.document["reasons"][0]["code"] == "invalid-request"


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("{", REFUSED, "not-json"),
        ("{}", REJECTED, "unknown-schema"),
        ('{"schema": "plan/9"}', REJECTED, "unknown-schema"),
        ('{"schema": "plan/1", "minor": 1}', REJECTED, "document-changed"),
        ('{"schema": "thesis/1"}', DONE, "document-not-checked"),
        ('{"schema": "zones/1", "zones": []}', REJECTED, "zones-refused"),
    ],
)
def test_inspect_of_another_json_is_no_defect(
    navigator: Navigator, tmp_path: Path, text: str, code: int, told: str
) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    answer = navigator("inspect", path, "--json")
    assert answer.code == code
    assert told in answer.out


@pytest.mark.hazard(45, 58)
def test_points_are_not_carried_by_a_registration_that_was_changed(
    navigator: Navigator, tmp_path: Path
) -> None:
    points = tmp_path / "points.csv"
    points.write_text("label,x_mm,y_mm,z_mm\nT1,1,2,3\n", encoding="utf-8")
    sound = (GOLDEN / "1.1" / "registration.json").read_text(encoding="utf-8")
    path = tmp_path / "registration.json"
    for text, code in (
        (sound, DONE), (sound.replace("-2.1", "-2.2", 1), REFUSED),
        (sound.replace('registration/1"', 'registration/2"'), REFUSED),
    ):  # fmt: skip
        path.write_text(text, encoding="utf-8")
        out = tmp_path / f"{code}-{len(text)}.csv"
        words = ("map-points", path, points, out, "--to", "intraop", "--overwrite")
        assert navigator(*words).code == code
    old = navigator("map-points", registration(tmp_path), points, out, "--to", "intraop",
                    "--overwrite", "--json")  # fmt: skip
    assert "before documents carried hashes" in old.document["notes"][0]


def test_doctor_answers_with_one_object(
    navigator: Navigator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from navigator.app import doctor

    monkeypatch.setattr(doctor, "check_packages", list)
    monkeypatch.setattr(doctor, "check_abilities", list)
    answer = navigator("doctor", "--folder", tmp_path, "--json")
    assert (answer.code, answer.document["verdict"]) == (DONE, "accepted")
    gone = navigator("doctor", "--folder", tmp_path / "no", "--json")
    assert (gone.code, gone.document["verdict"]) == (REJECTED, "rejected")
    text = navigator("doctor", "--folder", tmp_path / "no")
    assert "NEEDED: writing here" in text.out
