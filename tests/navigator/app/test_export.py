"""An export holds what was planned and nobody's name, or nothing is written at all."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import zlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from navigator.app.choices import ScanChoice
from navigator.app.export import export_plan
from navigator.app.export_files import WhoseObjects
from navigator.app.export_inputs import ExportChoice, choice_from_request
from navigator.app.procedure import CaseResult, write_case
from navigator.errors import FileRefusedError, InputRefusedError
from navigator.io.documents import (
    load_registration,
    plan_to_json,
    registration_to_json,
    save_json,
)
from navigator.io.findings import Severity
from navigator.io.structures import load_structure
from navigator.io.volumes import load_scan
from navigator.model.outcome import Reason, Verdict, VerdictStatus
from tests.navigator.app.dicom_patient import (
    DATES,
    IDENTITY,
    DicomPatient,
    turned_patient,
    write_dicom_patient,
    write_registration,
)
from tests.navigator.app.tiny_patient import LESION_MM, LESION_RADIUS_MM
from tests.navigator.io.dicom_writer import FRAME_OF_REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MADE = datetime(2026, 1, 31, 12, 30, 15)  # noqa: DTZ001 - DICOM's local time
PDF_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> DicomPatient:
    """Give the patient; the folder bears a name that must not get out either."""
    return write_dicom_patient(tmp_path_factory.mktemp("CNRYFOLDER"))


@pytest.fixture(scope="module")
def choice(patient: DicomPatient) -> ExportChoice:
    """Choose everything that there is."""
    folder = patient.folder
    run = folder / "run"
    run.mkdir()
    case = CaseResult(inputs=patient.inputs, plan=patient.plan, room=None, seconds={})
    write_case(case, run, title="Plan")
    return replace(
        choice_from_request(folder / "plan.json", patient.request),
        registration=folder / "registration.json",
        intraop=ScanChoice(folder / "later"),
        template=run / "template",
        report=run / "report.pdf",
    )


@pytest.fixture(scope="module")
def exported(choice: ExportChoice, patient: DicomPatient) -> tuple[Path, dict[str, Any]]:
    """Export under a pseudonym."""
    out = patient.folder / "objects"
    manifest = export_plan(choice, out, whose=WhoseObjects(pseudonym="STUDY-007"))
    return out, manifest


def test_the_manifest_lists_every_file_with_its_hash(
    exported: tuple[Path, dict[str, Any]],
) -> None:
    out, manifest = exported
    on_disk = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert on_disk == {each["path"] for each in manifest["files"]} | {"manifest.json"}
    for each in manifest["files"]:
        assert hashlib.sha256((out / each["path"]).read_bytes()).hexdigest() == each["sha256"]
    assert manifest["left_out"] == []
    assert manifest["coordinates"] == "LPS, mm"
    objects = sorted(p.name for p in (out / "dicom").iterdir())
    assert objects == [
        *("patient_registration.dcm", "plan_report.dcm", "plate.dcm", "plate_registration.dcm"),
        *("report.dcm", "segmentation.dcm", "structure_set.dcm"),
    ]


@pytest.mark.hazard(1, 20)
def test_lesion_needle_and_motion_are_where_they_were_painted(
    exported: tuple[Path, dict[str, Any]], patient: DicomPatient
) -> None:
    slicer = exported[0] / "slicer"
    image = sitk.ReadImage(str(slicer / "masks" / "03_gtv.nii.gz"))
    members = np.argwhere(sitk.GetArrayFromImage(image))[:, ::-1]
    places = np.array([image.TransformIndexToPhysicalPoint(each.tolist()) for each in members])
    assert np.linalg.norm(places.mean(axis=0) - LESION_MM) < 1.5
    assert np.linalg.norm(places - LESION_MM, axis=1).max() <= LESION_RADIUS_MM + 1e-3
    (line,) = json.loads((slicer / "needle_01_N1.mrk.json").read_text("utf-8"))["markups"]
    way = patient.plan.needles[0].trajectory
    assert np.allclose(line["controlPoints"][1]["position"], way.tip_mm, atol=1e-6)
    found = sitk.ReadTransform(str(slicer / "planning_to_intraop.tfm"))
    room = turned_patient() @ [*LESION_MM, 1.0]
    assert np.allclose(found.TransformPoint(room[:3].tolist()), LESION_MM, atol=1e-6)


def test_all_objects_are_of_one_pseudonymous_study_and_name_the_scan(
    exported: tuple[Path, dict[str, Any]], patient: DicomPatient
) -> None:
    found = [pydicom.dcmread(path) for path in (exported[0] / "dicom").iterdir()]
    assert {str(each.PatientID) for each in found} == {"STUDY-007"}
    assert {str(each.PatientName) for each in found} == {"STUDY-007"}
    (study,) = {str(each.StudyInstanceUID) for each in found}
    source = pydicom.dcmread(next((patient.folder / "planning").iterdir()))
    assert study != source.StudyInstanceUID
    for each in found:
        assert str(source.SeriesInstanceUID) in str(each) or each.Modality in {"M3D", "DOC"}


def layers_of(path: Path) -> Iterator[bytes]:
    """Give the bytes of a file, and what is packed in them."""
    content = path.read_bytes()
    yield content
    if path.name.endswith(".gz"):
        yield gzip.decompress(content)
    if path.name.endswith(".nrrd"):
        yield gzip.decompress(content.split(b"\n\n", 1)[1])
    for stream in PDF_STREAM.findall(content):
        for packed in (stream, _from_ascii85(stream)):
            try:
                yield zlib.decompress(packed)
            except zlib.error:
                continue


def _from_ascii85(stream: bytes) -> bytes:
    """Unpack one way in which PDFs store bytes as text."""
    try:
        return base64.a85decode(stream.strip(), adobe=stream.strip().startswith(b"<~"))
    except ValueError:
        try:
            return base64.a85decode(b"<~" + stream.strip(), adobe=True)
        except ValueError:
            return b""


def leaks(folder: Path, words: dict[str, str]) -> set[tuple[str, str]]:
    """Find words in the bytes of any file, as UTF-8 and as UTF-16, whole or packed."""
    found = set()
    anything = re.compile(b"|".join(re.escape(word.encode()) for word in sorted(words.values())))
    names = {word.encode(): name for name, word in words.items()}
    for path in (p for p in folder.rglob("*") if p.is_file()):
        for content in layers_of(path):
            # without its zeros UTF-16 is what UTF-8 is
            for text in (content, content.replace(b"\0", b"")):
                found |= {(path.name, names[word]) for word in set(anything.findall(text))}
    return found


@pytest.mark.hazard(53)
def test_no_word_of_the_headers_gets_out(
    exported: tuple[Path, dict[str, Any]], patient: DicomPatient
) -> None:
    words = {**patient.canaries, **DATES, "folder": "CNRYFOLDER"}
    assert len(words) >= 60
    # six or eight digits may stand in any number; as values they are looked for below
    for keyword in DATES:
        del words[keyword]
    assert leaks(exported[0], words) == set()
    assert leaks(patient.folder / "run", {**patient.canaries, "folder": "CNRYFOLDER"}) == set()
    for path in (exported[0] / "dicom").iterdir():
        values = {str(each.value) for each in pydicom.dcmread(path).iterall()}
        assert not values & set(DATES.values())
    assert leaks(patient.folder / "planning", {"one": patient.canaries["PatientComments"]})


@pytest.mark.hazard(53)
def test_an_identified_export_holds_the_identity_and_nothing_else(
    choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    out = tmp_path / "objects"
    manifest = export_plan(choice, out, whose=WhoseObjects(is_identified=True, made=MADE))
    source = pydicom.dcmread(next((patient.folder / "planning").iterdir()))
    for path in (out / "dicom").iterdir():
        found = pydicom.dcmread(path)
        for keyword in ("PatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID"):
            assert found[keyword].value == source[keyword].value
        assert found.AccessionNumber == source.AccessionNumber
        assert "PatientIdentityRemoved" not in found
        assert found.get("ContentDate", "20260131") == "20260131"
    hidden = {name: word for name, word in patient.canaries.items() if name not in IDENTITY}
    assert leaks(out, hidden) == set()
    own = {name: patient.canaries[name] for name in IDENTITY}
    assert {path for path, _ in leaks(out, own)} == {p.name for p in (out / "dicom").iterdir()}
    assert patient.canaries["PatientName"] not in json.dumps(manifest)


def test_the_same_plan_makes_the_same_bytes(
    choice: ExportChoice, exported: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    export_plan(choice, tmp_path / "again", whose=WhoseObjects(pseudonym="STUDY-007"))
    for path in exported[0].rglob("*"):
        if path.is_file():
            again = tmp_path / "again" / path.relative_to(exported[0])
            assert again.read_bytes() == path.read_bytes(), path.name


def test_without_a_name_the_scan_s_content_makes_one(
    choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    bare = replace(
        choice, structures=None, registration=None, intraop=None, template=None, report=None
    )
    manifest = export_plan(bare, tmp_path / "o", whose=WhoseObjects())
    assert manifest["identity"] == f"pseudonym MWA-{patient.inputs.scan.source_hash[:12]}"
    assert {each["what"] for each in manifest["left_out"]} == {
        *("patient registration", "mesh of the plate", "report")
    }


@pytest.mark.hazard(53)
@pytest.mark.parametrize("name", ["", "own"])
def test_a_bad_pseudonym_is_refused_and_not_repeated(
    name: str, choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    own = patient.canaries["PatientName"]
    given = own.lower() if name == "own" else "   "
    with pytest.raises(InputRefusedError) as caught:
        export_plan(choice, tmp_path / "o", whose=WhoseObjects(pseudonym=given))
    assert caught.value.refusal.code == "bad-pseudonym"
    assert own.lower() not in str(caught.value).lower()
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("whose", "code"),
    [
        (WhoseObjects(is_identified=True), "identified-needs-time"),
        (WhoseObjects(is_identified=True, pseudonym="P", made=MADE), "identified-and-pseudonym"),
    ],
)
def test_an_identified_export_says_when_and_whose(
    whose: WhoseObjects, code: str, choice: ExportChoice, tmp_path: Path
) -> None:
    with pytest.raises(InputRefusedError) as caught:
        export_plan(choice, tmp_path / "o", whose=whose)
    assert caught.value.refusal.code == code


def test_a_rejected_plan_does_not_go_out(
    choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    verdict = Verdict(VerdictStatus.REJECTED, (Reason("bad", "The margin is not reached"),))
    save_json(plan_to_json(replace(patient.plan, verdict=verdict)), tmp_path / "plan.json")
    with pytest.raises(InputRefusedError, match="margin is not reached") as caught:
        export_plan(
            replace(choice, plan=tmp_path / "plan.json"), tmp_path / "o", whose=WhoseObjects()
        )
    assert caught.value.refusal.code == "plan-rejected"


@pytest.mark.hazard(14, 20)
def test_what_does_not_belong_to_the_plan_is_refused(
    choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    later = ScanChoice(patient.folder / "later")
    planning = ScanChoice(patient.folder / "planning")
    bare = replace(choice, structures=None, registration=None, intraop=None, report=None)
    wrong = {
        "scan": (replace(bare, scan=later), "other-scan"),
        "structures": (
            replace(choice, structures=patient.folder / "plan.json"),
            "other-structures",
        ),
        "swapped scans": (replace(choice, intraop=planning), "same-scan"),
        "no scan": (replace(bare, registration=choice.registration), "registration-without-scan"),
        "plate": (replace(bare, template=patient.folder), "unreadable-file"),
        "report": (replace(bare, report=patient.request), "not-our-report"),
    }
    for name, (bad, code) in wrong.items():
        with pytest.raises(InputRefusedError) as caught:
            export_plan(bad, tmp_path / "o", whose=WhoseObjects())
        assert caught.value.refusal.code == code, name
        assert not (tmp_path / "o").exists()


@pytest.mark.hazard(14)
def test_the_same_voxels_in_another_frame_of_reference_are_refused(
    choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    for path in (patient.folder / "planning").iterdir():
        dataset = pydicom.dcmread(path)
        dataset.FrameOfReferenceUID = "1.2.826.0.1.3680043.10.1.99"
        (tmp_path / "scan").mkdir(exist_ok=True)
        dataset.save_as(tmp_path / "scan" / path.name)
    with pytest.raises(InputRefusedError) as caught:
        export_plan(
            replace(choice, scan=ScanChoice(tmp_path / "scan")),
            tmp_path / "o",
            whose=WhoseObjects(),
        )
    assert caught.value.refusal.code == "other-frame"


@pytest.mark.hazard(54)
def test_words_burned_into_the_pixels_are_refused(
    choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    (tmp_path / "scan").mkdir()
    for number, path in enumerate(sorted((patient.folder / "planning").iterdir())):
        dataset = pydicom.dcmread(path)
        if number == 7:
            dataset.BurnedInAnnotation = "YES"
        dataset.save_as(tmp_path / "scan" / path.name)
    with pytest.raises(FileRefusedError) as caught:
        export_plan(
            replace(choice, scan=ScanChoice(tmp_path / "scan")),
            tmp_path / "o",
            whose=WhoseObjects(),
        )
    assert caught.value.refusal.code == "burned-in-annotation"


def with_another_value(folder: Path, patient: DicomPatient, keyword: str, value: str) -> Path:
    """Copy the later scan with another value in every header."""
    for path in (patient.folder / "later").iterdir():
        dataset = pydicom.dcmread(path)
        setattr(dataset, keyword, value)
        folder.mkdir(exist_ok=True)
        dataset.save_as(folder / path.name)
    return folder


@pytest.mark.hazard(14)
@pytest.mark.parametrize(
    ("keyword", "value", "why"),
    [
        ("FrameOfReferenceUID", FRAME_OF_REFERENCE, "one frame of reference"),
        ("FrameOfReferenceUID", "", "no FrameOfReferenceUID"),
    ],
)
def test_a_motion_that_dicom_cannot_say_goes_out_as_a_transform_alone(  # noqa: PLR0917 - fixtures
    keyword: str, value: str, why: str, choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    scan = with_another_value(tmp_path / "scan", patient, keyword, value)
    write_registration(scan, patient.inputs, tmp_path / "registration.json")
    bare = replace(
        choice,
        structures=None,
        report=None,
        template=None,
        registration=tmp_path / "registration.json",
        intraop=ScanChoice(scan),
    )
    manifest = export_plan(bare, tmp_path / "o", whose=WhoseObjects())
    (left_out,) = (x for x in manifest["left_out"] if x["what"] == "patient registration")
    assert why in left_out["why"]
    assert (tmp_path / "o" / "slicer" / "planning_to_intraop.tfm").is_file()
    assert not (tmp_path / "o" / "dicom" / "patient_registration.dcm").exists()


def test_an_earlier_export_is_replaced_and_nothing_else(
    choice: ExportChoice, tmp_path: Path
) -> None:
    bare = replace(choice, structures=None, registration=None, intraop=None, report=None)
    out = tmp_path / "o"
    export_plan(bare, out, whose=WhoseObjects())
    with pytest.raises(FileRefusedError, match="--overwrite"):
        export_plan(bare, out, whose=WhoseObjects())
    export_plan(bare, out, whose=WhoseObjects(), overwrite=True)
    (out / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(FileRefusedError, match=r"mine\.txt"):
        export_plan(bare, out, whose=WhoseObjects(), overwrite=True)


def refusal_of(choice: ExportChoice, out: Path) -> str:
    """Export what may not go out, and tell why."""
    with pytest.raises(InputRefusedError) as caught:
        export_plan(choice, out, whose=WhoseObjects())
    assert not out.exists()
    return caught.value.refusal.code


def without_seal(path: Path, out: Path, **changes: object) -> Path:
    """Edit a document by hand, and take out what would show it."""
    document = json.loads(path.read_text("utf-8")) | changes
    for name in ("integrity", "minor", "units"):
        del document[name]
    save_json(document, out)
    return out


@pytest.mark.hazard(14)
@pytest.mark.parametrize("name", ["plan", "registration"])
def test_a_document_without_hashes_does_not_go_out(
    name: str, choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    bare = without_seal(patient.folder / f"{name}.json", tmp_path / "bare.json")
    changed = replace(choice, plan=bare) if name == "plan" else replace(choice, registration=bare)
    assert refusal_of(changed, tmp_path / "o") == "document-not-sealed"


def texts_of(item: pydicom.Dataset) -> Iterator[pydicom.Dataset]:
    """Walk through the items of a report."""
    yield item
    for child in item.get("ContentSequence") or ():
        yield from texts_of(child)


@pytest.mark.hazard(14)
def test_what_was_said_of_any_part_goes_out_with_the_plan(
    choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    words = Reason("few-landmarks", "Only three landmarks were seen")
    document = load_registration(patient.folder / "registration.json")
    doubted = replace(document, verdict=Verdict(VerdictStatus.WARNING, (words,)))
    save_json(registration_to_json(doubted), tmp_path / "registration.json")
    chosen = replace(choice, registration=tmp_path / "registration.json", request=None)
    manifest = export_plan(chosen, tmp_path / "o", whose=WhoseObjects())
    reasons = {each["code"]: each["message"] for each in manifest["reasons"]}
    assert manifest["verdict"] == "warning"
    assert reasons["few-landmarks"] == "registration: Only three landmarks were seen"
    assert "gtv" in reasons["names-not-checked"]
    assert {each.code for each in patient.plan.verdict.reasons} <= set(reasons)
    written = pydicom.dcmread(tmp_path / "o" / "dicom" / "plan_report.dcm")
    report = " ".join(str(each.get("TextValue")) for each in texts_of(written))
    assert "Only three landmarks were seen" in report
    assert "bear the names of the plan was not checked" in report


@pytest.mark.hazard(14)
def test_a_request_with_swapped_names_is_refused(
    choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    text = patient.request.read_text("utf-8")
    other = patient.folder / "swapped.json"
    other.write_text(text + "\n", encoding="utf-8")
    swapped = choice_from_request(choice.plan, other)
    assert refusal_of(swapped, tmp_path / "o") == "other-request"


@pytest.mark.hazard(14)
@pytest.mark.parametrize("in_force", ["plan_in_room", None])
def test_a_plan_that_the_room_made_void_is_refused(
    in_force: str | None, choice: ExportChoice, patient: DicomPatient, tmp_path: Path
) -> None:
    plan = plan_to_json(patient.plan)
    summary = {"schema": "run-summary/1", "plan": plan, "plan_in_room": None, "in_force": in_force}
    save_json(plan, tmp_path / "plan.json")
    save_json(summary, tmp_path / "summary.json")
    void = replace(choice, plan=tmp_path / "plan.json")
    assert refusal_of(void, tmp_path / "o") == "plan-superseded"
    save_json({**summary, "in_force": "plan"}, tmp_path / "summary.json")
    assert export_plan(void, tmp_path / "o", whose=WhoseObjects())["files"]


@pytest.mark.hazard(13)
def test_objects_under_a_pseudonym_come_back_to_their_own_scan_to_be_confirmed(
    exported: tuple[Path, dict[str, Any]], patient: DicomPatient
) -> None:
    out, _ = exported
    own, later = (load_scan(patient.folder / name) for name in ("planning", "later"))
    for name in ("segmentation", "structure_set"):
        path = out / "dicom" / f"{name}.dcm"
        loaded = load_structure(path, "gtv", grid=own.volume.grid, patient=own.patient)
        confirmed = {f.code for f in loaded.findings if f.severity is Severity.CONFIRM}
        assert confirmed == {"identity-removed"}
        drawn = patient.inputs.labels.mask("gtv").members
        np.testing.assert_array_equal(loaded.mask.members, drawn)
        with pytest.raises(InputRefusedError) as refused:
            load_structure(path, "gtv", grid=later.volume.grid, patient=later.patient)
        assert refused.value.refusal.code == "wrong-patient"
