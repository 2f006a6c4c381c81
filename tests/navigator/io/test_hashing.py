"""Slices have the same hash if and only if they hold the same numbers, whatever their type."""

from __future__ import annotations

import hashlib
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navigator.io.hashing import hash_of_slice, whole_numbers
from navigator.io.looks import look_at_slice

INT16 = st.integers(-(2**15), 2**15 - 1)
FLOAT32 = st.floats(width=32, allow_nan=False)


def packed(kind: str, letter: str, numbers: list[float]) -> bytes:
    """Hash numbers as the format says, byte by byte, without an array."""
    content = b"".join(struct.pack("<" + letter, number) for number in numbers)
    return hashlib.sha256(kind.encode() + content).digest()


@given(st.lists(INT16, min_size=1, max_size=12))
def test_whole_numbers_are_hashed_as_16_bits_whatever_their_type(numbers: list[int]) -> None:
    expected = packed("<i2", "h", list(numbers))
    for kind in (np.int16, np.int32, np.float32, np.float64, ">i2", ">f4"):
        assert hash_of_slice(np.asarray([numbers], dtype=kind)) == expected


@given(st.lists(FLOAT32, min_size=1, max_size=8), st.floats(0.125, 0.875, width=16))
def test_other_numbers_are_hashed_as_they_are(numbers: list[float], part: float) -> None:
    values = np.asarray([[*numbers, part]], dtype=np.float32)
    assert hash_of_slice(values) == packed("<f4", "f", [number + 0.0 for number in values[0]])


@given(st.lists(FLOAT32, min_size=1, max_size=8), st.integers(0, 7), FLOAT32)
def test_one_number_changed_changes_the_hash(
    numbers: list[float], place: int, other: float
) -> None:
    values = np.asarray([numbers], dtype=np.float32)
    changed = values.copy()
    changed[0, place % len(numbers)] = other
    same = hash_of_slice(values) == hash_of_slice(changed)
    assert same == bool((values == changed).all())


@pytest.mark.parametrize(
    "value", [32768.0, -32769.0, 0.5, 1e30, math.nan, math.inf, -math.inf, 65536.0, -1.0e-40]
)
def test_what_16_bits_cannot_hold_is_not_forced_into_them(value: float) -> None:
    assert whole_numbers(np.asarray([[3.0, value]])) is None


@given(st.lists(INT16, min_size=4, max_size=4))
def test_a_look_does_not_depend_on_the_type(numbers: list[int]) -> None:
    shape = np.asarray(numbers).reshape(2, 2)
    assert look_at_slice(shape.astype(np.float32)) == look_at_slice(shape.astype(np.int16))
