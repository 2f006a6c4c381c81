"""References from objects to the images that they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navigator.io.objects.completing import sequence_item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom.dataset import Dataset

    from navigator.io.objects.source import SourceSeries
    from navigator.io.structure_codes import Code


def code_item(code: Code) -> Dataset:
    """Write a coded concept.

    Parameters
    ----------
    code : Code
        Value, scheme, meaning.

    Returns
    -------
    Dataset
        Item of a code sequence; a value beyond 16 characters is none in DICOM.
    """
    return sequence_item(
        CodeValue=code.value, CodingSchemeDesignator=code.scheme, CodeMeaning=code.meaning
    )


def instance_items(slices: Iterable[Dataset]) -> list[Dataset]:
    """Refer to images.

    Parameters
    ----------
    slices : iterable of Dataset
        Slices of a source.

    Returns
    -------
    list of Dataset
        One item an image, with its class and instance UID.
    """
    return [
        sequence_item(
            ReferencedSOPClassUID=each.SOPClassUID, ReferencedSOPInstanceUID=each.SOPInstanceUID
        )
        for each in slices
    ]


def add_common_references(
    dataset: Dataset, study_uid: str, sources: Iterable[SourceSeries]
) -> None:
    """Say which series an object refers to (Common Instance Reference, PS3.3, C.12.2).

    Parameters
    ----------
    dataset : Dataset
        The object; changed in place.
    study_uid : str
        Study of the object: series of other studies are listed apart.
    sources : iterable of SourceSeries
        The series.
    """
    same: list[Dataset] = []
    other: dict[str, list[Dataset]] = {}
    for source in sources:
        series = sequence_item(
            SeriesInstanceUID=source.series_uid,
            ReferencedInstanceSequence=instance_items(source.slices),
        )
        if source.study_uid == study_uid:
            same.append(series)
        else:
            other.setdefault(source.study_uid, []).append(series)
    for keyword in (
        "ReferencedSeriesSequence",
        "StudiesContainingOtherReferencedInstancesSequence",
    ):
        if keyword in dataset:
            delattr(dataset, keyword)
    if same:
        dataset.ReferencedSeriesSequence = same
    if other:
        dataset.StudiesContainingOtherReferencedInstancesSequence = [
            sequence_item(StudyInstanceUID=uid, ReferencedSeriesSequence=series)
            for uid, series in other.items()
        ]
