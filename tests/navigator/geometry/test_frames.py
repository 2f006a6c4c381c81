"""Quantities of two frames never mix: a frame is its kind and its name."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given

from navigator.errors import FrameMismatchError
from navigator.geometry.frames import Frame, FrameKind, check_same_frame
from tests.strategies import frames


@given(frames())
def test_a_frame_agrees_with_itself(frame: Frame) -> None:
    check_same_frame("comparing", expected=frame, got=Frame(frame.kind, frame.uid))


@pytest.mark.hazard(14)
@given(frames(), frames())
def test_frames_differ_by_kind_or_name(first: Frame, second: Frame) -> None:
    same = (first.kind, first.uid) == (second.kind, second.uid)
    assert (first == second) is same
    if not same:
        with pytest.raises(FrameMismatchError, match="overlaying"):
            check_same_frame("overlaying", expected=first, got=second)


@pytest.mark.hazard(14)
def test_two_scans_of_one_patient_are_two_frames() -> None:
    planning, intraop = Frame(FrameKind.LPS, "1.2.3"), Frame(FrameKind.LPS, "1.2.4")
    with pytest.raises(FrameMismatchError) as caught:
        check_same_frame("measuring a margin", expected=planning, got=intraop)
    for part in ("measuring a margin", "lps:1.2.3", "lps:1.2.4"):
        assert part in str(caught.value)


def test_a_frame_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="tells this frame from others"):
        Frame(FrameKind.LPS, "")


def test_a_frame_cannot_be_renamed() -> None:
    frame = Frame(FrameKind.NEEDLE, "N1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        frame.uid = "N2"  # type: ignore[misc]  # the very thing that must fail
