"""What lies beside the slices of a CT, and what of it may be a slice in disguise."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from navigator.io.dicom.gate_slices import is_ct
from navigator.io.dicom.values import uid_name
from navigator.io.dicom.wording import SEND_AGAIN, names_of
from navigator.io.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navigator.io.dicom.headers import SliceHeader

UID = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,60}))+", re.ASCII)
"""A UID as it is written (PS3.5, 9.1)."""
STANDARD_ROOT = "1.2.840.10008."
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
"""The table of contents of a disc (DICOMDIR)."""
PARALLEL_SHARE = 0.9
"""Cosine between normals beyond which planes count as parallel."""


class ObjectKind(Enum):
    """What a DICOM object is to a planner."""

    CT_SLICE = "ct slice"
    LOCALIZER = "localizer"
    OTHER_IMAGE = "other image"
    NO_IMAGE = "no image"


def kind_of(header: SliceHeader) -> ObjectKind:
    """Tell slices of a CT from what lies beside them.

    Parameters
    ----------
    header : SliceHeader
        Any object.

    Returns
    -------
    ObjectKind
        By its class, else by its modality and image type.
    """
    if is_ct(header):
        is_localizer = "LOCALIZER" in header.image_type
        return ObjectKind.LOCALIZER if is_localizer else ObjectKind.CT_SLICE
    is_image = "Image" in uid_name(header.sop_class_uid) and min(header.source.shape_ji) > 0
    return ObjectKind.OTHER_IMAGE if is_image else ObjectKind.NO_IMAGE


def stranger_findings(
    series_uid: str, ct_slice: SliceHeader, headers: tuple[SliceHeader, ...]
) -> Iterator[Finding]:
    """Judge what lies beside the slices of one CT series.

    Parameters
    ----------
    series_uid : str
        Its UID.
    ct_slice : SliceHeader
        One of its slices.
    headers : tuple of SliceHeader
        Everything in the folder.

    Yields
    ------
    Finding
        Images of another kind in the series, localizers that lie as its slices do, and objects
        of no known kind.
    """
    own = [header for header in headers if header.series_uid == ct_slice.series_uid]
    yield from _mixed([each for each in own if _may_be_slice(each, ct_slice)])
    yield from _unknown(series_uid, headers)


def _may_be_slice(header: SliceHeader, ct_slice: SliceHeader) -> bool:
    """Tell whether an image of the same series may be a slice whose header is wrong."""
    kind = kind_of(header)
    is_scout = kind is ObjectKind.LOCALIZER and _lies_as(header, ct_slice)
    return kind is ObjectKind.OTHER_IMAGE or is_scout


def _mixed(strangers: list[SliceHeader]) -> Iterator[Finding]:
    """Refuse a CT series that holds images of another kind: one may be a slice in disguise."""
    if strangers:
        yield Finding(
            code="mixed-objects",
            severity=Severity.REFUSE,
            what="The series holds images that are no CT slices",
            expected="CT slices, and at most localizers and reports beside them",
            got=f"{len(strangers)} x {uid_name(strangers[0].sop_class_uid)}",
            next_step=SEND_AGAIN,
            files=names_of(strangers),
        )


def _lies_as(one: SliceHeader, other: SliceHeader) -> bool:
    """Tell whether two images lie in parallel planes: a localizer looks along the stack."""
    if one.orientation is None or other.orientation is None:
        return True
    normals = [np.cross(each[:3], each[3:]) for each in (one.orientation, other.orientation)]
    return bool(abs(normals[0] @ normals[1]) > PARALLEL_SHARE)


def _unknown(series_uid: str, headers: tuple[SliceHeader, ...]) -> Iterator[Finding]:
    """Refuse a CT series beside an object that may be the missing slice, its header damaged."""
    strangers = [header for header in headers if _may_be_of(series_uid, header)]
    if strangers:
        yield Finding(
            code="unknown-object",
            severity=Severity.REFUSE,
            what="An object of no known kind lies among the slices",
            expected="CT slices, and at most localizers and reports beside them",
            got=f"{len(strangers)} x class {ascii(strangers[0].sop_class_uid)[:80]}",
            next_step=SEND_AGAIN,
            files=names_of(strangers),
        )


def _may_be_of(series_uid: str, header: SliceHeader) -> bool:
    """Tell whether an object that is no image may be a damaged slice of a series.

    A vendor's own objects have a class of another root and a series of their own.
    """
    if kind_of(header) is not ObjectKind.NO_IMAGE or header.sop_class_uid == MEDIA_DIRECTORY:
        return False
    if not UID.fullmatch(header.series_uid):
        return True
    kind = header.sop_class_uid
    is_own = not kind.startswith(STANDARD_ROOT) and UID.fullmatch(kind) is not None
    return uid_name(kind) == kind and (header.series_uid == series_uid or not is_own)
