"""Cases set up once for many tests; each patient is built once."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from phantoms import setups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from phantoms.setups import SetUp


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests on one worker: each patient is built once."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("cases"))


@pytest.fixture(scope="session")
def set_up() -> Iterator[Callable[[str, int], SetUp]]:
    """Give a function that sets a case up; thirty cases happen to the same few patients."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setups, "build_patient", functools.cache(setups.build_patient))
        yield functools.cache(setups.set_up_case)
