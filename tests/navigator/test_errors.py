"""A refusal says what, where, expected, got and what to do next, and is also a ValueError."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from navigator import errors
from navigator.errors import FrameMismatchError, InputRefusedError, NavigatorError, Refusal

PARTS = {
    "code": "no-label",
    "what": "The label map has no label 9",
    "where": "labels.nrrd",
    "expected": "one of 1, 2, 5",
    "got": "9",
    "next_step": "correct `labels`",
}

OUR_ERRORS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == errors.__name__
]

REFUSALS = [kind for kind in OUR_ERRORS if issubclass(kind, InputRefusedError)]


def test_every_error_hangs_on_one_root() -> None:
    assert all(issubclass(kind, NavigatorError) for kind in OUR_ERRORS)


@pytest.mark.parametrize("kind", [kind for kind in OUR_ERRORS if kind is not NavigatorError])
def test_bad_input_is_also_a_value_error(kind: type[Exception]) -> None:
    assert issubclass(kind, ValueError)


@pytest.mark.parametrize("kind", OUR_ERRORS)
def test_the_tree_atop_the_file_shows_every_error(kind: type[Exception]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_shows_all_its_parts(kind: type[InputRefusedError]) -> None:
    error = kind(**PARTS)
    assert error.refusal == Refusal(**PARTS)
    for part in PARTS.values():
        assert part in str(error)


def test_a_refusal_cannot_be_changed() -> None:
    refusal = Refusal(**PARTS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        refusal.got = "8"  # type: ignore[misc]  # the very thing that must fail


def test_mixed_frames_name_both_and_what_to_do() -> None:
    text = str(FrameMismatchError("measuring a margin", expected="lps:1", got="lps:2"))
    for part in ("measuring a margin", "lps:1", "lps:2", "transform"):
        assert part in text
