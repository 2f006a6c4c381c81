"""Structures under a pseudonym belong to a scan by its images' own UIDs, or to another patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from navigator.errors import InputRefusedError
from navigator.imaging.contours import outlines_from_mask
from navigator.io.identity import PatientIdentity
from navigator.io.structures import load_structure
from tests.navigator.io.dicom_writer import FRAME_OF_REFERENCE, SERIES
from tests.navigator.io.structures.balls import GRID, LIVER
from tests.navigator.io.structures.writers import (
    Header,
    dataset_of,
    items,
    save,
    segmentation,
    structure_set,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

IMAGES = tuple(f"{SERIES}.900.{number}" for number in range(1, 6))
REMAPPED = tuple(f"2.25.{number}" for number in range(900, 905))
OWNER = PatientIdentity(patient_id="H-4711", birth_date="19600101", image_uids=frozenset(IMAGES))


def references(images: tuple[str, ...], keyword: str, series_uid: str) -> Dataset:
    instances = items(*(dataset_of(ReferencedSOPInstanceUID=uid) for uid in images))
    return dataset_of(SeriesInstanceUID=series_uid, **{keyword: instances})


def seg(images: tuple[str, ...], header: Header) -> Dataset:
    """Refer to images of another study, as an object in a study of its own does."""
    dataset = segmentation({"Liver": LIVER}, header=header)
    del dataset.ReferencedSeriesSequence
    series = references(images, "ReferencedInstanceSequence", header.series_uid)
    dataset.StudiesContainingOtherReferencedInstancesSequence = items(
        dataset_of(StudyInstanceUID="1.2.3", ReferencedSeriesSequence=items(series))
    )
    return dataset


def seg_of_own_study(images: tuple[str, ...], header: Header) -> Dataset:
    dataset = segmentation({"Liver": LIVER}, header=header)
    series = references(images, "ReferencedInstanceSequence", header.series_uid)
    dataset.ReferencedSeriesSequence = items(series)
    return dataset


def rtstruct(images: tuple[str, ...], header: Header) -> Dataset:
    lines = [("CLOSEDPLANAR_XOR", each.points_mm) for each in outlines_from_mask(LIVER)]
    dataset = structure_set({"Liver": lines}, header=header)
    study = dataset.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    series = references(images, "ContourImageSequence", header.series_uid)
    study.RTReferencedSeriesSequence = items(series)
    return dataset


BUILDERS = (seg, seg_of_own_study, rtstruct)


def written(
    folder: Path,
    build: Callable[[tuple[str, ...], Header], Dataset],
    images: tuple[str, ...],
    *,
    removed: str = "YES",
    header: Header | None = None,
) -> Path:
    dataset = build(images, header or Header(patient_id="MWA-0123"))
    dataset.PatientBirthDate = ""
    if removed:
        dataset.PatientIdentityRemoved = removed
    return save(dataset, folder / "object.dcm")


def refusal(path: Path) -> str:
    with pytest.raises(InputRefusedError) as refused:
        load_structure(path, 1, grid=GRID, patient=OWNER)
    text = str(refused.value)
    assert "4711" not in text
    return refused.value.refusal.code


@pytest.mark.hazard(13, 14)
@pytest.mark.parametrize("build", BUILDERS)
def test_a_pseudonym_with_every_uid_of_the_scan_is_to_be_confirmed(
    tmp_path: Path, build: Callable[[tuple[str, ...], Header], Dataset]
) -> None:
    for images in (IMAGES, IMAGES[1:3]):
        loaded = load_structure(written(tmp_path, build, images), 1, grid=GRID, patient=OWNER)
        (finding,) = [each for each in loaded.findings if each.severity.value == "confirm"]
        assert finding.code == "identity-removed"
        assert str(len(images)) in finding.got
        assert "4711" not in finding.message


@pytest.mark.hazard(13, 14)
@pytest.mark.parametrize("build", BUILDERS)
def test_a_pseudonym_is_refused_where_any_link_to_the_scan_is_missing(
    tmp_path: Path, build: Callable[[tuple[str, ...], Header], Dataset]
) -> None:
    other_series = Header(patient_id="MWA-0123", series_uid=f"{SERIES}.4")
    for images, removed, header in (
        (REMAPPED, "YES", None),  # a de-identifier gave the images new UIDs
        ((*IMAGES, REMAPPED[0]), "YES", None),  # one image is of another scan
        ((), "YES", None),
        (IMAGES, "NO", None),
        (IMAGES, "", None),
        (IMAGES, "YES", other_series),
        (IMAGES, "YES", Header(patient_id="MWA-0123", frame_uid=f"{FRAME_OF_REFERENCE}.9")),
        (IMAGES, "YES", Header(patient_id="MWA-0123", frame_uid="")),
    ):
        path = written(tmp_path, build, images, removed=removed, header=header)
        assert refusal(path) == "wrong-patient"


@pytest.mark.hazard(13)
def test_a_scan_whose_images_are_not_known_confirms_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, seg, IMAGES)
    bare = PatientIdentity(patient_id="H-4711", birth_date="19600101")
    with pytest.raises(InputRefusedError) as refused:
        load_structure(path, 1, grid=GRID, patient=bare)
    assert refused.value.refusal.code == "wrong-patient"
