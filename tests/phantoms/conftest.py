"""One patient and one written case that many tests look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from phantoms.anatomy import Patient, build_patient
from phantoms.casefiles import make_case

if TYPE_CHECKING:
    from pathlib import Path

    from phantoms.cases import PhantomCase

SEED = 3


@pytest.fixture(scope="session")
def patient() -> Patient:
    """Build the patient of seed 3."""
    return build_patient(SEED)


@pytest.fixture(scope="session")
def easy(tmp_path_factory: pytest.TempPathFactory) -> tuple[PhantomCase, Path]:
    """Make the easy case of seed 3, and say where it was written."""
    folder = tmp_path_factory.mktemp("cases") / "easy"
    return make_case("easy", folder, seed=SEED), folder
