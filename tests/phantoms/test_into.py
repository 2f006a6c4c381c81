"""A case in a real scan has exact truth, and carries nothing of whoever was scanned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydantic import ValidationError

from navigator.detection.plate import locate_plate
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Volume
from phantoms.errors import CaseUnknownError, HardwareRefusedError, SourceRefusedError
from phantoms.field import field_grid
from phantoms.inserted_schema import InsertedDocument
from phantoms.into import insert_case, make_inserted
from phantoms.motion import inverse_rigid, moved_points
from phantoms.scanner import scan_patient
from phantoms.scene import Wish
from phantoms.setups import case_spec
from phantoms.sources import SourceScan, read_source
from phantoms.writer import write_dicom_series
from template_gen.layout import build_default_spec

if TYPE_CHECKING:
    from pathlib import Path

    from phantoms.anatomy import Patient
    from phantoms.into import InsertedCase

SPACING_MM = (4.0, 2.5, 2.5)
POSE_LIMIT_MM = 1.0
"""Of 3 mm voxels of a real scan; the marker spheres are 5 mm wide."""


@pytest.fixture(scope="module")
def source(patient: Patient) -> SourceScan:
    """Scan a synthetic patient as if it were a real one."""
    scan = scan_patient(patient, spacing_kji_mm=SPACING_MM, rng=np.random.default_rng(1))
    return SourceScan(
        values_hu=scan.values_hu, grid=field_grid(patient, SPACING_MM), files_sha256="0" * 64
    )


def wish(patient: Patient, **changes: object) -> Wish:
    usual = {
        "name": "easy",
        "target_mm": patient.tumour_centre_mm,
        "seed": 2,
        "spec": case_spec(),
        "with_needles": True,
        **changes,
    }
    return Wish(**usual)  # type: ignore[arg-type]  # settings of the test


@pytest.fixture(scope="module")
def easy_case(source: SourceScan, patient: Patient) -> InsertedCase:
    return insert_case(source, wish(patient, antenna_bend_mm=300.0))


def test_the_same_wish_gives_the_same_values_and_another_seed_others(
    source: SourceScan, patient: Patient, easy_case: InsertedCase
) -> None:
    again = insert_case(source, wish(patient, antenna_bend_mm=300.0))
    assert again.truth == easy_case.truth
    assert np.array_equal(again.intraop.values_hu, easy_case.intraop.values_hu)
    other = insert_case(source, wish(patient, seed=3))
    assert other.truth["intraop_from_planning"] != easy_case.truth["intraop_from_planning"]


def test_the_truth_names_the_source_and_every_pose(
    source: SourceScan, easy_case: InsertedCase
) -> None:
    truth = easy_case.truth
    assert truth["schema"] == "phantom-inserted/1"
    InsertedDocument.model_validate(truth)
    with pytest.raises(ValidationError):
        InsertedDocument.model_validate({**truth, "asks": {}})
    assert "protocol" not in truth["planning"], "nothing is known of how a real scan was taken"
    assert truth["source"]["values_sha256"] == source.values_sha256
    assert truth["planning"]["sha256"] == source.values_sha256
    assert truth["intraop"]["sha256"] == easy_case.intraop.sha256
    motion = np.array(truth["intraop_from_planning"])
    target = truth["target"]
    assert moved_points(motion, target["planning_lps_mm"]) == pytest.approx(
        target["intraop_lps_mm"], abs=1e-9
    )
    assert [each["role"] for each in truth["needles"]] == [
        "antenna", *["fixing"] * 4, "locating",
    ]  # fmt: skip
    assert len(json.dumps(truth, allow_nan=False)) > 1000


def test_steel_is_bright_at_every_tip_and_each_needle_passes_the_skin(
    easy_case: InsertedCase,
) -> None:
    values, index_from_lps = (
        easy_case.intraop.values_hu,
        np.linalg.inv(easy_case.intraop.lps_from_index),
    )
    for needle in easy_case.truth["needles"]:
        line = np.array(needle["line_lps_mm"])
        middle = line[-1] - 12.0 * np.array(needle["direction_at_tip"])
        k, j, i = np.rint(moved_points(index_from_lps, middle)).astype(int)
        assert values[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2].max() > 900, needle["name"]
        depth = np.linalg.norm(np.subtract(needle["tip_lps_mm"], needle["skin_entry_lps_mm"]))
        assert needle["insertion_depth_mm"] == pytest.approx(depth, abs=1.0 + 0.02 * depth)
        assert 0.0 < needle["insertion_depth_mm"] < needle["guide_depth_mm"]
    # the antenna's active zone lies on the target, but for slack and bend
    zone = np.mean(easy_case.truth["needles"][0]["active_zone_lps_mm"], axis=0)
    miss = np.linalg.norm(zone - easy_case.truth["target"]["intraop_lps_mm"])
    bend_mm = easy_case.truth["needles"][0]["guide_depth_mm"] ** 2 / (2.0 * 300.0)
    assert miss <= bend_mm + 5.0


def test_the_moved_tumour_lies_where_the_motion_brings_it(
    source: SourceScan, patient: Patient
) -> None:
    case = insert_case(source, wish(patient, with_needles=False, point_spread_mm=0.6))
    back = inverse_rigid(np.array(case.truth["intraop_from_planning"]))
    grid = case.intraop.lps_from_index
    rng = np.random.default_rng(5)
    points = patient.tumour_centre_mm + rng.uniform(-50, 50, (4000, 3))
    now = moved_points(inverse_rigid(back), points)

    def look(values: np.ndarray, matrix: np.ndarray, places: np.ndarray) -> np.ndarray:
        index = np.rint(moved_points(np.linalg.inv(matrix), places)).astype(int)
        seen: np.ndarray = values[tuple(index.T)].astype(float)
        return seen

    before = look(case.planning.values_hu, source.grid.lps_from_index, points)
    after = look(case.intraop.values_hu, grid, now)
    assert np.corrcoef(before, after)[0, 1] > 0.85


def test_a_slipped_plate_stands_4_mm_from_its_plan(source: SourceScan, patient: Patient) -> None:
    case = insert_case(source, wish(patient, name="plate-slipped", with_needles=False))
    planned, standing = (
        np.array(case.truth["plate"][key])
        for key in ("planned_lps_from_template", "lps_from_template")
    )
    assert np.linalg.norm((standing - planned)[:3, 3]) == pytest.approx(4.0, abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"name": "no-such"}, CaseUnknownError, "no such case"),
        ({"name": "plate-turned-over"}, SourceRefusedError, "upside down"),
        ({"target_mm": np.array([0.0, -900.0, 0.0])}, SourceRefusedError, "in the body"),
        (
            {"spec": build_default_spec(rows=2, columns=2, pitch_mm=20, bore_diameter_mm=2.1)},
            HardwareRefusedError,
            "bores",
        ),
        (
            {"spec": build_default_spec(rows=3, columns=3, pitch_mm=20, bore_diameter_mm=0.9)},
            HardwareRefusedError,
            "gauge",
        ),
    ],
)
def test_what_cannot_be_put_in_is_refused(
    source: SourceScan,
    patient: Patient,
    changes: dict[str, object],
    error: type[Exception],
    said: str,
) -> None:
    with pytest.raises(error, match=said):
        insert_case(source, wish(patient, **changes))


def test_nothing_of_the_person_is_carried_over(
    source: SourceScan, patient: Patient, tmp_path: Path
) -> None:
    folder = tmp_path / "made"
    make_inserted(source, wish(patient), folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "intraop", "planning", "template.json", "truth.json",
    ]  # fmt: skip
    for series in ("planning", "intraop"):
        read = read_source(folder / series)
        header = pydicom.dcmread(next((folder / series).iterdir()))
        assert str(header.PatientName).startswith("INSERTED^")
        assert header.PatientIdentityRemoved == "YES"
        assert "ContrastBolusAgent" not in header
        assert header.ImageType[0] == "DERIVED"
        truth = json.loads((folder / "truth.json").read_text())
        assert truth[series]["sha256"] == read.values_sha256


PRIVATE = "GEHEIM"


def test_no_word_of_a_sources_header_comes_out(patient: Patient, tmp_path: Path) -> None:
    coarse = (5.0, 4.0, 4.0)
    scan = scan_patient(patient, spacing_kji_mm=coarse, rng=np.random.default_rng(1))
    place = tmp_path / f"{PRIVATE} 1955"
    write_dicom_series(scan, place, patient=patient, series_description=PRIVATE)
    for path in place.iterdir():
        header = pydicom.dcmread(path)
        header.PatientName = header.PatientID = header.AccessionNumber = PRIVATE
        header.InstitutionName = header.StudyDescription = PRIVATE
        header.save_as(path)
    make_inserted(read_source(place), wish(patient), tmp_path / "made")
    for path in (tmp_path / "made").rglob("*"):
        assert not path.is_file() or PRIVATE.encode() not in path.read_bytes(), path


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("totalseg_abdomen/example_ct.nii.gz", (-95.0, -190.0, 360.0)),
        ("totalseg_chest_liver/example_ct.nii.gz", (-80.0, -170.0, 615.0)),
    ],
)
def test_the_engine_finds_a_plate_in_a_real_scan(
    real_data: Path, place: str, target: tuple[float, float, float]
) -> None:
    spec = case_spec()
    asked = Wish(name="easy", target_mm=np.array(target), seed=3, spec=spec, with_needles=True)
    case = insert_case(read_source(real_data / place), asked)
    volume = Volume(
        case.intraop.values_hu.astype(np.float32),
        Grid(
            shape_kji=case.intraop.values_hu.shape,
            lps_from_index=case.intraop.lps_from_index,
            frame=Frame(FrameKind.LPS, "real scan"),
        ),
    )
    found = locate_plate(volume, spec).lps_from_template
    assert found is not None
    below = np.array([0.0, 0.0, spec.plate.thickness_mm + 80.0])
    truth = moved_points(np.array(case.truth["plate"]["lps_from_template"]), below)
    assert np.linalg.norm(found.map_points(below) - truth) <= POSE_LIMIT_MM
