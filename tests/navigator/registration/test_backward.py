"""A search that is run once more, and backward, says when the first one was caught elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.registration.backward import COARSER_STAGES, check_search
from navigator.registration.lattice_pair import find_body_motion, lay_lattices
from navigator.registration.stages import (
    LIVER_STAGES,
    FoundFields,
    LayeredPair,
    find_layers,
    run_stages,
)
from tests.navigator.registration.slid_patient import ROOMY, TRUE, slid_scans
from tests.navigator.registration.small_patient import (
    PLANNING,
    scan,
    scanner_grid,
    small_patient,
)

if TYPE_CHECKING:
    from navigator.registration.deformable import StageScans

pytestmark = pytest.mark.xdist_group("whole")

WRONG_MM = 15.0


@lru_cache(maxsize=1)
def searched() -> tuple[LayeredPair, list[FoundFields]]:
    pair = lay_lattices(*slid_scans())
    body = find_body_motion(pair)
    assert body is not None
    layered = find_layers(pair, body.matrix)
    return layered, run_stages(layered, np.zeros(3), laid(layered))


def laid(layered: LayeredPair) -> list[StageScans]:
    """Lay scans and layers on the lattices of the coarser stages."""
    return [layered.scans(stage) for stage in LIVER_STAGES[:COARSER_STAGES]]


def test_a_sound_search_is_found_again_and_comes_back() -> None:
    checks = check_search(*searched())
    assert checks.start_disagreement_mm < 2.5
    assert checks.inverse_consistency_mm < 5.0


@pytest.mark.hazard(20)
def test_a_liver_that_was_laid_elsewhere_is_told_by_both() -> None:
    layered, found = searched()
    values = found[-1].fields.values_mm.copy()
    values[2, 0] += WRONG_MM
    wrong = replace(found[-1], fields=replace(found[-1].fields, values_mm=values))
    checks = check_search(layered, [*found[:-1], wrong])
    assert checks.start_disagreement_mm > 0.7 * WRONG_MM
    assert checks.inverse_consistency_mm > 0.7 * WRONG_MM


def test_without_a_liver_the_body_is_looked_at() -> None:
    patient = small_patient(1)
    planning = scan(patient, scanner_grid(PLANNING))
    pair = lay_lattices(planning, scan(patient, ROOMY, TRUE, seed=5), None)
    body = find_body_motion(pair)
    assert body is not None
    layered = find_layers(pair, body.matrix)
    checks = check_search(layered, run_stages(layered, np.zeros(3), laid(layered)))
    assert np.isfinite(checks.start_disagreement_mm)
    assert np.isfinite(checks.inverse_consistency_mm)
