"""The images that an object is about, reduced to the keep-list."""

from __future__ import annotations

import warnings
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pydicom
from pydicom.dataset import Dataset

from navigator.errors import FileRefusedError, GeometryRefusedError
from navigator.io.choosing import choose_series
from navigator.io.dicom import find_series
from navigator.io.dicom.headers import CT_IMAGE
from navigator.io.dicom.values import raw_value, text_value
from navigator.io.objects.keep_list import GEOMETRY, IDENTITY, JUDGED, LINKAGE, READ

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.io.dicom import SliceHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSeries:
    """The slices of a CT series as far as objects need them.

    Parameters
    ----------
    slices : tuple of Dataset
        In the order of the scan's first array axis; linkage and geometry only.
    identity : mapping of str to str
        Of the first slice, by keyword; never shown, and written only where that is asked for.
    """

    slices: tuple[Dataset, ...]
    identity: Mapping[str, str] = field(repr=False)

    def copied_slices(self) -> list[Dataset]:
        """Copy the slices for a library that keeps what it is given."""
        return deepcopy(list(self.slices))

    @property
    def study_uid(self) -> str:
        """Study Instance UID."""
        return text_value(self.slices[0], "StudyInstanceUID")

    @property
    def series_uid(self) -> str:
        """Series Instance UID."""
        return text_value(self.slices[0], "SeriesInstanceUID")

    @property
    def frame_of_reference_uid(self) -> str:
        """Frame of Reference UID: the space that the coordinates are in."""
        return text_value(self.slices[0], "FrameOfReferenceUID")


def load_source(path: Path, *, series_uid: str | None = None) -> SourceSeries:
    """Read what the keep-list allows from the slices of a series.

    Parameters
    ----------
    path : Path
        DICOM folder, as for :func:`navigator.io.volumes.load_scan`.
    series_uid : str or None
        Which series of a folder that holds several.

    Returns
    -------
    SourceSeries
        Slices in the order of the scan that is read from the same place.

    Raises
    ------
    FileRefusedError
        If a slice has burned-in annotations, or is not a plain CT image with its UIDs.
    GeometryRefusedError
        If the series has no order.
    """
    entry = choose_series(find_series(path), series_uid, path)
    if entry.stack is None:
        raise GeometryRefusedError(
            code="no-stack",
            what="The series is not one stack of slices",
            where=str(path),
            expected="a series that `navigator inspect` accepts",
            got=entry.verdict,
            next_step="see `navigator inspect` for the reason",
        )
    whole = [_read(header, path) for header in entry.stack.headers]
    return SourceSeries(
        slices=tuple(_reduced(each) for each in whole),
        identity={keyword: text_value(whole[0], keyword) for keyword in IDENTITY},
    )


def _read(header: SliceHeader, path: Path) -> Dataset:
    """Read the listed attributes of one slice, and judge them."""
    file = header.source.file
    with pydicom.config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(READ))
        judged = {keyword: text_value(dataset, keyword) for keyword in JUDGED}
        links = {keyword: text_value(dataset, keyword) for keyword in LINKAGE}
    if judged["BurnedInAnnotation"].upper() == "YES":
        raise _refused(
            *("burned-in-annotation", "The image has words burned into its pixels"),
            where=str(file),
            expected="Burned In Annotation (0028,0301) NO or absent",
            got="YES: a name may stand in the picture",
            next_step="use the original CT series, not a screenshot or secondary capture of it",
        )
    missing = [keyword for keyword, value in links.items() if not value]
    if links["SOPClassUID"] != CT_IMAGE or judged["NumberOfFrames"] or missing:
        raise _refused(
            *("no-source-for-objects", "DICOM objects cannot refer to this series"),
            where=str(path),
            expected="plain CT images, one file a slice, each with all its UIDs",
            got=f"no {', '.join(missing)}" if missing else "a multi-frame or another image",
            next_step="export the series from the archive as plain CT images, one file a slice",
        )
    return dataset


def _reduced(whole: Dataset) -> Dataset:
    """Keep linkage and geometry, each value as it is written in the file."""
    kept = Dataset()
    for keyword in (*LINKAGE, *GEOMETRY):
        value = raw_value(whole, keyword)
        if value is not None:
            setattr(kept, keyword, value)
    # what a writer takes from its source without asking has to be there, and empty
    for keyword in IDENTITY:
        setattr(kept, keyword, None)
    kept.Modality = "CT"
    return kept


def _refused(  # noqa: PLR0913 - the six parts of a refusal, each by name
    code: str, what: str, *, where: str, expected: str, got: str, next_step: str
) -> FileRefusedError:
    """Refuse a source image."""
    return FileRefusedError(
        code=code, what=what, where=where, expected=expected, got=got, next_step=next_step
    )
