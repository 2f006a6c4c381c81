"""A small patient whose liver slid: both scans, and what the engine makes of them, once for all."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from navigator.model.volume import Mask, Volume
from navigator.registration.whole import register_deformable
from tests.navigator.registration.small_patient import (
    INTRAOP,
    LIVER_MM,
    PLANNING,
    liver_of,
    motion,
    scan,
    scanner_grid,
    slid,
    small_patient,
)

if TYPE_CHECKING:
    from navigator.registration.registered import Registration

SHIFT_MM = (0.0, 3.0, 10.0)
TRUE = motion((3.0, -2.0, 4.0), (12.0, -9.0, 14.0))
ROOMY = scanner_grid(INTRAOP, spacing_kji_mm=(2.5, 2.0, 2.0), from_mm=-25.0, to_mm=195.0)


@lru_cache(maxsize=1)
def slid_scans() -> tuple[Volume, Volume, Mask]:
    """Scan the patient before and after: planning scan, new scan, liver of the first."""
    patient = small_patient(1)
    planning = scan(patient, scanner_grid(PLANNING, spacing_kji_mm=(2.0, 2.0, 2.0)))
    new = scan(slid(patient, SHIFT_MM), ROOMY, TRUE, seed=5)
    return planning, new, liver_of(patient, planning.grid)


@lru_cache(maxsize=3)
def followed(away_mm: float = 0.0, more_noise_hu: float = 0.0) -> Registration:
    """Register them: the new scan counted from elsewhere, or with more noise."""
    planning, new, liver = slid_scans()
    affine = np.array(new.grid.lps_from_index)
    affine[:3, 3] += [away_mm, -away_mm, away_mm]
    noise = np.random.default_rng(8).normal(0.0, more_noise_hu, new.values_hu.shape)
    grid = dataclasses.replace(new.grid, lps_from_index=affine)
    moved = Volume((new.values_hu + noise).astype(np.float32), grid)
    return register_deformable(planning, moved, liver=liver)


def inner_liver() -> np.ndarray:
    """Draw points well inside the liver (n, 3), LPS of the planning scan, millimetres."""
    rng = np.random.default_rng(3)
    return LIVER_MM + rng.uniform(-22.0, 22.0, size=(100, 3))
