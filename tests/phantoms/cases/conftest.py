"""Cases set up once for many tests; each patient is built once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from phantoms import setups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from phantoms.setups import SetUp


@pytest.fixture(scope="session")
def set_up() -> Iterator[Callable[[str, int], SetUp]]:
    """Give a function that sets a case up; thirty cases happen to the same few patients."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setups, "build_patient", functools.cache(setups.build_patient))
        yield functools.cache(setups.set_up_case)
