"""Two scans are laid on each other only if they are two, of one patient; doubts are told."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from navigator.app import registering
from navigator.app.choices import ScanChoice
from navigator.app.output_files import OutputChoice
from navigator.app.two_scans import check_two_scans, two_scan_remarks
from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import (
    RigidTransform,
    matrix_from_rotation_and_shift,
    rotation_from_axis_angle,
)
from navigator.io.documents import load_registration
from navigator.io.findings import Finding, Severity, wide_spacing_findings
from navigator.io.identity import PatientIdentity
from navigator.io.slicer import save_transform
from navigator.io.volumes import LoadedScan
from navigator.model.outcome import Reason, Verdict, VerdictStatus
from navigator.model.volume import Grid, Volume
from navigator.registration.quality import RegistrationQuality
from navigator.registration.rigid import RigidRegistration

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.model.volume import Mask

JAN = PatientIdentity(patient_id="SECRET-4711", birth_date="19511224")
PIET = PatientIdentity(patient_id="SECRET-4712", birth_date="19511224")
NOBODY = PatientIdentity(patient_id="", birth_date="19511224")
NOTE = Finding(
    code="tilted-stack", severity=Severity.NOTE, what="x", expected="x", got="x", next_step="x"
)


def scan_of(
    who: PatientIdentity | None, name: str, findings: tuple[Finding, ...] = ()
) -> LoadedScan:
    grid = Grid(
        shape_kji=(3, 3, 3), lps_from_index=np.eye(4), frame=Frame(FrameKind.LPS, f"1/{name}")
    )
    return LoadedScan(
        volume=Volume(np.zeros((3, 3, 3), np.float32), grid),
        findings=findings,
        source_hash=hashlib.sha256(name.encode()).hexdigest(),
        description=name,
        series_uid="1.2",
        patient=who,
    )


PLANNING = scan_of(JAN, "planning")


@pytest.mark.hazard(13)
def test_two_scans_of_one_patient_pass_without_a_word() -> None:
    new = scan_of(JAN, "new")
    check_two_scans(PLANNING, new)
    assert two_scan_remarks(PLANNING, new) == []


@pytest.mark.hazard(13)
def test_scans_of_two_patients_are_refused_and_nobody_is_named() -> None:
    with pytest.raises(InputRefusedError) as refused:
        check_two_scans(PLANNING, scan_of(PIET, "new"))
    assert refused.value.refusal.code == "wrong-patient"
    assert "SECRET" not in str(refused.value)


@pytest.mark.hazard(13)
def test_a_scan_and_itself_are_refused_under_whatever_name() -> None:
    again = replace(PLANNING, description="another name", patient=None)
    with pytest.raises(InputRefusedError) as refused:
        check_two_scans(PLANNING, again)
    refusal = refused.value.refusal
    assert refusal.code == "same-scan"
    assert "another name" in refusal.where
    assert "one and the same" in refusal.what


@pytest.mark.hazard(13)
@pytest.mark.parametrize("who", [None, NOBODY])
def test_whose_scan_it_is_has_to_be_known_or_looked_at(who: PatientIdentity | None) -> None:
    new = scan_of(who, "new")
    check_two_scans(PLANNING, new)
    for pair in ((PLANNING, new), (new, PLANNING)):
        (reason,) = two_scan_remarks(*pair)
        assert reason.code == "patient-unknown"
        assert "19511224" not in reason.message


def register(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    planning: LoadedScan,
    new: LoadedScan,
    *reasons: Reason,
) -> dict[str, object]:
    """Register two scans, with the search itself left out."""

    def load(path: Path, **_: object) -> LoadedScan:
        return planning if path.name == "planning" else new

    def found(one: Volume, other: Volume, **_: Mask | None) -> RigidRegistration:
        return RigidRegistration(
            intraop_from_planning=RigidTransform(
                matrix=np.eye(4), target=other.grid.frame, source=one.grid.frame
            ),
            quality=RegistrationQuality(
                overlap=0.99, correlation=0.9, inverse_consistency_mm=0.2,
                start_disagreement_mm=0.1, expected_tre_mm=0.6,
            ),
            verdict=Verdict(VerdictStatus.REJECTED, reasons) if reasons else Verdict.accepted(),
        )  # fmt: skip

    monkeypatch.setattr(registering, "load_scan", load)
    monkeypatch.setattr(registering, "register_rigid", found)
    registering.register_to_file(
        ScanChoice(folder / "planning"),
        ScanChoice(folder / "new"),
        OutputChoice(folder / "registration.json"),
        choice=registering.RegisterChoice(),
        progress=lambda _: None,
    )
    document = json.loads((folder / "registration.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def codes(document: dict[str, object]) -> list[str]:
    reasons = document["reasons"]
    assert isinstance(reasons, list)
    return [reason["code"] for reason in reasons]


def test_a_clean_pair_of_series_stays_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = register(tmp_path, monkeypatch, PLANNING, scan_of(JAN, "new", (NOTE,)))
    assert (document["verdict"], codes(document)) == ("accepted", [])


@pytest.mark.hazard(13)
def test_what_nobody_could_compare_is_written_as_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thick = wide_spacing_findings(2.5)
    planning, new = scan_of(JAN, "planning", thick), scan_of(None, "new", (*thick, NOTE))
    document = register(tmp_path, monkeypatch, planning, new)
    assert document["verdict"] == "warning"
    assert codes(document) == ["spacing-above-2-mm", "spacing-above-2-mm", "patient-unknown"]
    assert "planning scan: " in str(document["reasons"])
    assert "new scan: " in str(document["reasons"])


def test_a_rejected_registration_stays_rejected_with_the_warnings_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Reason("far-off", "Far off; scan again")
    document = register(tmp_path, monkeypatch, PLANNING, scan_of(None, "new"), far)
    assert (document["verdict"], codes(document)) == ("rejected", ["far-off", "patient-unknown"])


@pytest.mark.hazard(13)
@pytest.mark.parametrize(
    ("new", "code"), [(scan_of(PIET, "new"), "wrong-patient"), (PLANNING, "same-scan")]
)
def test_what_is_refused_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: LoadedScan, code: str
) -> None:
    with pytest.raises(InputRefusedError) as refused:
        register(tmp_path, monkeypatch, PLANNING, new)
    assert refused.value.refusal.code == code
    assert list(tmp_path.iterdir()) == []


def judged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, path: Path, fixed: str | None
) -> tuple[dict[str, Any], RigidTransform]:
    """Judge a transform, with the measuring itself left out: what arrives is what is given."""
    seen: list[RigidTransform] = []

    def measured(
        one: Volume, other: Volume, given: RigidTransform, **_: object
    ) -> RigidRegistration:
        seen.append(given)
        assert (given.source, given.target) == (one.grid.frame, other.grid.frame)
        return RigidRegistration(
            intraop_from_planning=given,
            quality=RegistrationQuality(
                overlap=0.99, correlation=0.95, inverse_consistency_mm=0.2,
                start_disagreement_mm=0.1, expected_tre_mm=0.6,
            ),
            verdict=Verdict.accepted(),
        )  # fmt: skip

    monkeypatch.setattr(
        registering, "load_scan", lambda path, **_: PLANNING if path.name == "planning" else NEW
    )
    monkeypatch.setattr(registering, "measure_given_motion", measured)
    document = registering.register_to_file(
        ScanChoice(folder / "planning"),
        ScanChoice(folder / "new"),
        OutputChoice(folder / "registration.json"),
        choice=registering.RegisterChoice(from_transform=path, fixed=fixed),
        progress=lambda _: None,
    )
    return document, seen[0]


def written_shift(folder: Path) -> Path:
    path = folder / "motion.tfm"
    path.write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_3_3\n"
        "Parameters: 1 -2 3.5\nFixedParameters: \n",
        encoding="utf-8",
    )
    return path


@pytest.mark.hazard(46)
@pytest.mark.parametrize(("fixed", "sign"), [("planning", 1.0), ("intraop", -1.0)])
def test_a_transform_of_another_program_is_judged_and_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fixed: str, sign: float
) -> None:
    """ITK's carries points of the fixed image to the moving one."""
    document, motion = judged(tmp_path, monkeypatch, written_shift(tmp_path), fixed)
    assert motion.shift_mm.tolist() == [sign * 1.0, sign * -2.0, sign * 3.5]
    assert document["verdict"] == "warning"
    assert codes(document) == ["foreign-transform"]
    assert set(document["sha256"]) == {"planning", "intraop", "transform"}
    assert load_registration(tmp_path / "registration.json").intraop_from_planning.target == (
        NEW.volume.grid.frame
    )


@pytest.mark.hazard(46)
@pytest.mark.parametrize("suffix", [".tfm", ".h5"])
@pytest.mark.parametrize("shift_mm", [(1.0, -0.5, 0.8), (12.0, -30.0, 8.0)])
def test_what_an_export_wrote_comes_back_as_the_same_registration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift_mm: tuple[float, ...], suffix: str
) -> None:
    """Millimetres fit both ways: no scan would show that the inverse was taken."""
    motion = RigidTransform(
        matrix=matrix_from_rotation_and_shift(
            rotation_from_axis_angle([0.1, 0.3, 1.0], 0.04), np.array(shift_mm)
        ),
        target=NEW.volume.grid.frame,
        source=PLANNING.volume.grid.frame,
    )
    save_transform(motion, tmp_path / f"planning_to_intraop{suffix}")
    path = tmp_path / f"planning_to_intraop{suffix}"
    _, found = judged(tmp_path, monkeypatch, path, "intraop")
    np.testing.assert_allclose(found.matrix, motion.matrix, atol=1e-9)


@pytest.mark.hazard(46)
@pytest.mark.parametrize("fixed", [None, "moving", ""])
def test_a_transform_of_no_known_direction_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fixed: str | None
) -> None:
    with pytest.raises(InputRefusedError) as refused:
        judged(tmp_path, monkeypatch, written_shift(tmp_path), fixed)
    assert refused.value.refusal.code == "direction-unknown"
    assert "planning_to_intraop.tfm" in refused.value.refusal.next_step
    assert not (tmp_path / "registration.json").exists()
    with pytest.raises(InputRefusedError):
        registering.check_direction(registering.RegisterChoice(fixed="planning"))


NEW = scan_of(JAN, "new")
