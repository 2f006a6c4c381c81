"""Two scans are laid on each other only if they are two, of one patient; doubts are told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.app import registering
from navigator.app.choices import ScanChoice
from navigator.app.output_files import OutputChoice
from navigator.app.two_scans import check_two_scans, two_scan_remarks
from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents import load_registration
from navigator.io.findings import Finding, Severity, wide_spacing_findings
from navigator.io.identity import PatientIdentity
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
        source_hash=(name[:1] * 64),
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


@pytest.mark.hazard(46)
def test_a_transform_of_another_program_is_judged_and_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the measuring itself left out: the motion arrives as it stands in the file."""
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
    path = tmp_path / "motion.tfm"
    path.write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_3_3\n"
        "Parameters: 1 -2 3.5\nFixedParameters: \n",
        encoding="utf-8",
    )
    document = registering.register_to_file(
        ScanChoice(tmp_path / "planning"),
        ScanChoice(tmp_path / "new"),
        OutputChoice(tmp_path / "registration.json"),
        choice=registering.RegisterChoice(from_transform=path),
        progress=lambda _: None,
    )
    assert seen[0].shift_mm.tolist() == [1.0, -2.0, 3.5]
    assert document["verdict"] == "warning"
    assert codes(document) == ["foreign-transform"]
    assert set(document["sha256"]) == {"planning", "intraop", "transform"}
    assert load_registration(tmp_path / "registration.json").intraop_from_planning.target == (
        NEW.volume.grid.frame
    )


NEW = scan_of(JAN, "new")
