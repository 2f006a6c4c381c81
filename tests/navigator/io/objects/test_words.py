"""Decimal strings hold 16 characters, and as much of the number as fits into them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom.valuerep import DS

from navigator.io.objects.words import decimal_text


@given(st.floats(-1e6, 1e6))
@example(9.999999999999998)
@example(-99.99999999999999)
@example(-1.2345678901234567e-05)
def test_a_number_fits_and_keeps_what_fits(number: float) -> None:
    text = decimal_text(number)
    assert len(text) <= 16
    assert float(DS(text)) == float(text)
    # of 16 characters one is the sign, one the point, four an exponent
    assert abs(Decimal(text) - Decimal(number)) <= max(
        abs(Decimal(number)) * Decimal("1e-9"), Decimal("1e-15")
    )


@pytest.mark.parametrize("number", [0.0, -0.0, 1e-320])
def test_zero_has_no_sign(number: float) -> None:
    assert not decimal_text(number).startswith("-")
