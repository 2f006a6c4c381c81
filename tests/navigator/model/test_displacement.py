"""A field and a map of errors fit their grid, and hold nothing that is no distance."""

from __future__ import annotations

import numpy as np
import pytest

from navigator.errors import GeometryRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.displacement import DisplacementField, ErrorMap
from navigator.model.volume import Grid

SHAPE = (2, 3, 4)


def grid() -> Grid:
    return Grid(shape_kji=SHAPE, lps_from_index=np.eye(4), frame=Frame(FrameKind.LPS, "planning"))


def test_unknown_errors_stay_unknown_and_cannot_be_written_over() -> None:
    radius = np.full(SHAPE, 1.5)
    radius[0] = np.nan
    errors = ErrorMap(radius, grid())
    assert np.isnan(errors.radius95_mm[0]).all()
    assert (errors.radius95_mm[1] == 1.5).all()
    assert not errors.radius95_mm.flags.writeable


def test_an_error_below_zero_is_refused() -> None:
    radius = np.ones(SHAPE)
    radius[1, 2, 3] = -0.1
    with pytest.raises(GeometryRefusedError, match="negative-error"):
        ErrorMap(radius, grid())


def test_values_of_another_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="ErrorMap"):
        ErrorMap(np.ones((2, 3, 5)), grid())
    with pytest.raises(ValueError, match="DisplacementField"):
        DisplacementField(np.ones(SHAPE), grid())
