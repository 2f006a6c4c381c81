"""Frames of reference: the worlds in which coordinates mean something."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from navigator.errors import FrameMismatchError


class FrameKind(Enum):
    """What a frame is fixed to."""

    LPS = "lps"
    """The DICOM patient coordinates of one scan: +x left, +y posterior, +z superior."""
    TEMPLATE = "template"
    """The plate: +x columns, +y rows, +z through the plate into the patient."""
    NEEDLE = "needle"
    """One needle: origin at the tip, +z from hub to tip."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of reference, millimetres, right-handed.

    Two scans of one patient have two frames: the kind is the same, the uid is not.

    Parameters
    ----------
    kind : FrameKind
        What the frame is fixed to.
    uid : str
        Which one: frame-of-reference and series UID, template serial, needle name.

    Examples
    --------
    >>> str(Frame(FrameKind.LPS, "1.2.3"))
    'lps:1.2.3'
    """

    kind: FrameKind
    uid: str

    def __post_init__(self) -> None:
        if not self.uid:
            raise ValueError("Frame.uid: expected a name that tells this frame from others, got ''")

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.uid}"


def check_same_frame(operation: str, *, expected: Frame, got: Frame) -> None:
    """Refuse to mix quantities of two frames.

    Parameters
    ----------
    operation : str
        What is about to be done.
    expected, got : Frame
        The two frames.

    Raises
    ------
    FrameMismatchError
        If they differ.
    """
    if expected != got:
        raise FrameMismatchError(operation, expected=str(expected), got=str(got))
