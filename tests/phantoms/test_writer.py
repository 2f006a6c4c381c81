"""What is written is what was scanned: positions, units, labels, truth, and nothing half."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from phantoms.errors import OutputRefusedError
from phantoms.files import new_file, new_folder
from phantoms.masks import lesion_labels
from phantoms.motion import moved_points
from phantoms.scanner import scan_patient
from phantoms.sidecars import write_truth
from phantoms.tissues import LABELS
from phantoms.writer import write_dicom_series
from template_gen.spec import load_spec

if TYPE_CHECKING:
    from pathlib import Path

    from phantoms.anatomy import Patient
    from phantoms.cases import PhantomCase

Case = tuple["PhantomCase", "Path"]

DS_ROUNDING_MM = 1e-6

TYPE_1_AND_2 = [
    "SOPClassUID",
    "SOPInstanceUID",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "Modality",
    "SeriesInstanceUID",
    "SeriesNumber",
    "PatientPosition",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "Manufacturer",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "SliceThickness",
    "InstanceNumber",
    "ImageType",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleIntercept",
    "RescaleSlope",
    "KVP",
    "AcquisitionNumber",
]


def read_series(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


def by_height(images: list[pydicom.Dataset]) -> list[pydicom.Dataset]:
    return sorted(images, key=lambda image: float(image.ImagePositionPatient[2]))


@pytest.mark.parametrize("series", ["planning", "intraop"])
def test_the_series_holds_every_value_at_its_place(easy: Case, series: str) -> None:
    case, folder = easy
    scan = getattr(case, series)
    images = by_height(read_series(folder / series))
    assert len(images) == scan.values_hu.shape[0]
    for k, image in enumerate(images):
        row, column = np.split(np.array(image.ImageOrientationPatient, dtype=float), 2)
        spacing = np.array(image.PixelSpacing, dtype=float)
        origin = np.array(image.ImagePositionPatient, dtype=float)
        affine = scan.lps_from_index
        assert origin == pytest.approx(affine[:3, 3] + k * affine[:3, 0], abs=DS_ROUNDING_MM)
        assert column * spacing[0] == pytest.approx(affine[:3, 1], abs=DS_ROUNDING_MM)
        assert row * spacing[1] == pytest.approx(affine[:3, 2], abs=DS_ROUNDING_MM)
        hu = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
        assert np.array_equal(hu, scan.values_hu[k])


@pytest.mark.parametrize("series", ["planning", "intraop"])
def test_every_image_is_a_whole_ct_image(easy: Case, series: str) -> None:
    images = read_series(easy[1] / series)
    for image in images:
        missing = [word for word in TYPE_1_AND_2 if word not in image]
        assert missing == []
        assert image.SOPClassUID == pydicom.uid.CTImageStorage
        assert image.file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID
        assert image.PatientPosition == "HFS"
        assert float(image.RescaleIntercept) == -1024.0
        assert int(image.pixel_array.max()) < 4096
    assert len({image.SOPInstanceUID for image in images}) == len(images)
    for word in ("SeriesInstanceUID", "FrameOfReferenceUID", "StudyInstanceUID", "PatientID"):
        assert len({str(image[word].value) for image in images}) == 1


@pytest.mark.hazard(2)
def test_neither_file_names_nor_instance_numbers_tell_the_order(easy: Case) -> None:
    images = read_series(easy[1] / "planning")
    heights = [float(image.ImagePositionPatient[2]) for image in images]
    rises = np.diff(heights) > 0
    assert 0.25 < rises.mean() < 0.75
    numbers = [int(image.InstanceNumber) for image in by_height(images)]
    assert numbers == list(range(len(images), 0, -1))


@pytest.mark.hazard(14)
def test_the_two_scans_have_frames_of_their_own(easy: Case) -> None:
    planning, intraop = (read_series(easy[1] / name)[0] for name in ("planning", "intraop"))
    assert planning.PatientID == intraop.PatientID
    for word in ("FrameOfReferenceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        assert planning[word].value != intraop[word].value


@pytest.mark.hazard(1)
def test_a_foreign_reader_finds_the_liver_on_the_right(easy: Case) -> None:
    labels = sitk.ReadImage(str(easy[1] / "labels.nrrd"))
    values = sitk.GetArrayFromImage(labels)

    def centre_lps(value: int) -> np.ndarray:
        k, j, i = np.argwhere(values == value).mean(axis=0)
        return np.array(labels.TransformContinuousIndexToPhysicalPoint((i, j, k)))

    assert centre_lps(LABELS["liver"])[0] < centre_lps(LABELS["body"])[0] - 20.0
    truth = json.loads((easy[1] / "truth.json").read_text(encoding="utf-8"))
    tumour = np.array(truth["tumour"]["centre_lps_mm"])
    assert np.linalg.norm(centre_lps(LABELS["gtv"]) - tumour) < 0.3


def test_labels_lie_on_the_grid_of_the_planning_series(easy: Case) -> None:
    case, folder = easy
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder / "planning"))
    image, labels = sitk.ReadImage(names), sitk.ReadImage(str(folder / "labels.nrrd"))
    assert image.GetSize() == labels.GetSize()
    assert image.GetOrigin() == pytest.approx(labels.GetOrigin(), abs=1e-5)
    assert image.GetSpacing() == pytest.approx(labels.GetSpacing(), abs=1e-5)
    assert image.GetDirection() == pytest.approx(labels.GetDirection(), abs=1e-9)
    assert np.array_equal(sitk.GetArrayFromImage(labels), case.planning.labels)


def truth_of(easy: Case) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((easy[1] / "truth.json").read_text(encoding="utf-8"))
    return content


def test_the_truth_names_what_was_written(easy: Case) -> None:
    truth = truth_of(easy)
    assert truth["schema"] == "phantom-truth/1"
    assert (truth["case"], truth["seed"]) == ("easy", 3)
    for name in ("planning", "intraop"):
        images = by_height(read_series(easy[1] / name))
        stack = np.stack([image.pixel_array.astype("<i2") - 1024 for image in images])
        assert hashlib.sha256(stack.astype("<i2").tobytes()).hexdigest() == truth[name]["sha256"]
        assert truth[name]["series_uid"] == images[0].SeriesInstanceUID
        assert truth[name]["frame_of_reference_uid"] == images[0].FrameOfReferenceUID


def test_the_truth_agrees_with_itself(easy: Case) -> None:
    truth = truth_of(easy)
    motion = np.array(truth["intraop_from_planning"])
    moved = moved_points(motion, truth["tumour"]["centre_lps_mm"])
    assert moved == pytest.approx(truth["intraop"]["tumour_centre_lps_mm"], abs=1e-9)
    spec = load_spec(easy[1] / "template.json")
    places = {marker.label: (marker.x_mm, marker.y_mm, marker.z_mm) for marker in spec.markers}
    pose = np.array(truth["plate"]["lps_from_template"])
    for marker in truth["plate"]["markers"]:
        expected = moved_points(pose, places[marker["label"]])
        assert marker["lps_mm"] == pytest.approx(expected, abs=1e-9)
    diameter = truth["tumour"]["diameter_mm"]
    assert truth["tumour"]["volume_ml"] == pytest.approx(np.pi * diameter**3 / 6000.0, rel=1e-12)
    counted = truth["planning"]["label_volumes_by_voxels_ml"]
    assert counted["gtv"] == pytest.approx(truth["tumour"]["volume_ml"], rel=0.03)
    # the liver's label leaves out vessels and tumour
    assert 1000.0 < counted["liver"] < 1600.0


def test_markers_shine_where_the_truth_says(easy: Case) -> None:
    case, truth = easy[0], truth_of(easy)
    back = np.linalg.inv(case.intraop.lps_from_index)
    for marker in truth["plate"]["markers"]:
        k, j, i = np.rint(moved_points(back, marker["lps_mm"])).astype(int)
        assert case.intraop.values_hu[k, j, i] > 1200, marker["label"]


def test_a_folder_that_holds_something_is_left_alone(patient: Patient, tmp_path: Path) -> None:
    scan = scan_patient(
        patient, spacing_kji_mm=(10.0, 8.0, 8.0), rng=np.random.default_rng(0), with_labels=False
    )
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(OutputRefusedError, match="not empty"):
        write_dicom_series(scan, tmp_path, patient=patient, series_description="x")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(ValueError, match="labels=None"):
        lesion_labels(scan, patient)


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    def folder_interrupted() -> None:
        with new_folder(tmp_path / "out") as draft:
            (draft / "half").write_text("x", encoding="utf-8")
            raise KeyboardInterrupt

    def file_interrupted() -> None:
        with new_file(tmp_path / "out.txt") as draft:
            draft.write_text("x", encoding="utf-8")
            raise KeyboardInterrupt

    for interrupted in (folder_interrupted, file_interrupted):
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    with pytest.raises(ValueError, match="JSON"):
        write_truth({"value": float("nan")}, tmp_path / "truth.json")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputRefusedError, match="not a folder"), new_folder(tmp_path / "file"):
        pass
    with pytest.raises(OutputRefusedError), new_folder(tmp_path / "file" / "below"):
        pass
    with pytest.raises(OutputRefusedError):
        write_truth({}, tmp_path / "nowhere" / "truth.json")
