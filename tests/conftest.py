"""What every test may lean on: the folder of real scans, where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
REAL_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real scans beside the checkout."""
    if not REAL_DATA.is_dir():
        pytest.skip("no real scans beside this checkout: ../shared/data is absent")
    return REAL_DATA


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the long runs be asked for."""
    parser.addoption("--long", action="store_true", help="run every seed and trial, not a sample")


@pytest.fixture(scope="session")
def long_run(request: pytest.FixtureRequest) -> bool:
    """Tell whether the long runs were asked for."""
    return bool(request.config.getoption("--long"))
