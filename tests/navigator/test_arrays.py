"""Arrays that cross a border have the shape they claim, finite numbers, and cannot be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navigator.arrays import frozen_floats, frozen_grid_array, lengths, unit_vector
from tests.strategies import directions

if TYPE_CHECKING:
    from navigator.arrays import Floats


def test_numbers_are_copied_and_frozen() -> None:
    given_values = np.array([1.0, 2.0, 3.0])
    kept = frozen_floats(given_values, (3,), "entry_mm")
    given_values[0] = 99.0
    assert kept.tolist() == [1.0, 2.0, 3.0]
    assert kept.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 5.0


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ([1, 2], (3,)),
        ([[1, 2, 3]], (3,)),
        (1.0, (3,)),
        ([1, 2, 3], (None, 3)),
        ([[1, 2]], (None, 3)),
        (np.zeros((2, 3, 1)), (None, 3)),
    ],
)
def test_another_shape_is_refused(values: object, shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match="entry_mm: expected shape"):
        frozen_floats(values, shape, "entry_mm")  # type: ignore[arg-type]  # any object may come


@pytest.mark.parametrize("count", [0, 1, 7])
def test_an_axis_may_have_any_length(count: int) -> None:
    assert frozen_floats(np.ones((count, 3)), (None, 3), "points").shape == (count, 3)


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="tip_mm: expected finite"):
        frozen_floats([0.0, value, 0.0], (3,), "tip_mm")


@pytest.mark.parametrize("words", ["abc", [1, 2, "x"], [[1], [2, 3]]])
def test_what_is_no_number_is_refused(words: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - numpy's words for it, which change
        frozen_floats(words, (3,), "tip_mm")  # type: ignore[arg-type]  # any object may come


@given(directions(), st.floats(1e-6, 1e100))
def test_a_unit_vector_keeps_its_direction(direction: Floats, length: float) -> None:
    assert np.abs(unit_vector(length * direction, "direction") - direction).max() <= 1e-12


@pytest.mark.hazard(22)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=3))
def test_a_unit_vector_has_length_one_or_is_refused(values: list[float]) -> None:
    """Also where the square of a component is beyond float64."""
    with np.errstate(over="ignore"):
        try:
            direction = unit_vector(values, "gravity_lps")
        except ValueError as error:
            assert "gravity_lps" in str(error)  # noqa: PT017 - either outcome is lawful
        else:
            assert np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("values", [[0, 0, 0], [1e-10, 0, 0], [0, 5e-324, 0]])
def test_a_vector_without_direction_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="expected a vector with a direction"):
        unit_vector(values, "axis")


def test_lengths_are_of_the_last_axis() -> None:
    assert lengths([[[3, 4, 0]], [[0, 0, 2]]]).tolist() == [[5.0], [2.0]]
    assert lengths(np.zeros((0, 3))).shape == (0,)


def test_a_grid_array_is_frozen_and_its_giver_cannot_change_it() -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    kept = frozen_grid_array(values, np.float32)
    values[0, 0, 0] = 99.0
    assert kept[0, 0, 0] == 0.0
    assert kept.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0, 0] = 1.0


def test_a_grid_array_that_is_frozen_already_is_not_copied() -> None:
    first = frozen_grid_array(np.zeros((2, 2, 2)), np.float32)
    assert frozen_grid_array(first, np.float32) is first


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_grid_array_keeps_its_values_in_any_memory_order(order: str) -> None:
    values = np.asarray(np.arange(24).reshape(2, 3, 4), order=order)  # type: ignore[call-overload]  # a literal in mypy's eyes
    kept = frozen_grid_array(values, np.int32)
    assert kept.dtype == np.int32
    assert np.array_equal(kept, values)
