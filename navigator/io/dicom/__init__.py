"""DICOM: headers, the gate that a CT series has to pass, and pixels."""

from navigator.io.dicom.headers import SliceHeader, looks_like_dicom, read_headers
from navigator.io.dicom.pixels import decode_frames, hounsfield_from_slices
from navigator.io.dicom.series import FolderContents, SeriesEntry, find_series
from navigator.io.dicom.stack import Stack

__all__ = [
    "FolderContents",
    "SeriesEntry",
    "SliceHeader",
    "Stack",
    "decode_frames",
    "find_series",
    "hounsfield_from_slices",
    "looks_like_dicom",
    "read_headers",
]
