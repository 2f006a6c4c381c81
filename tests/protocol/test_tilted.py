"""A series of a tilted gantry registers to its untilted twin as the truth says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from navigator.io.volumes import load_scan
from navigator.registration.rigid import register_rigid
from phantoms.anatomy import build_patient
from phantoms.field import tilted_grid
from phantoms.scanner import scan_patient
from phantoms.tissues import LABELS
from phantoms.writer import write_dicom_series

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.volumes import LoadedScan
    from phantoms.anatomy import Patient
    from phantoms.scans import SyntheticScan

SPACING_MM = (2.5, 1.2, 1.2)
TILT_DEG = 18.5
LARGEST_ERROR_MM = 0.2
"""The mark for a tilted series, millimetres, anywhere in the liver."""


def moved(rng: np.random.Generator) -> np.ndarray:
    """Draw how a patient lies otherwise: up to 10 mm along each axis, 3 degrees about each."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("xyz", rng.uniform(-3, 3, 3), degrees=True).as_matrix()
    pose[:3, 3] = rng.uniform(-10, 10, 3)
    return pose


@pytest.mark.slow
@pytest.mark.hazard(3)
def test_a_tilted_series_registers_to_its_upright_twin(tmp_path: Path, *, long_run: bool) -> None:
    for seed in range(20, 30 if long_run else 21):
        rng = np.random.default_rng(seed)
        patient = build_patient(seed)
        upright = scan_patient(patient, spacing_kji_mm=SPACING_MM, rng=rng, with_labels=True)
        planning = written_and_read(upright, tmp_path / f"{seed}", patient)
        liver = np.argwhere(upright.labels == LABELS["liver"])[::97]
        points = planning.volume.grid.points_from_indices(liver)
        for tilt_deg in (TILT_DEG, -TILT_DEG):
            truth = moved(rng)
            grid = tilted_grid(patient, SPACING_MM, tilt_deg=tilt_deg)
            tilted = scan_patient(
                patient, spacing_kji_mm=SPACING_MM, rng=rng, motion=truth, grid=grid
            )
            intraop = written_and_read(tilted, tmp_path / f"{seed}{tilt_deg:+}", patient)
            assert {f.code for f in intraop.findings} == {"spacing-above-2-mm", "tilted-stack"}
            assert not intraop.volume.grid.is_rectilinear
            found = register_rigid(planning.volume, intraop.volume)
            mapped = found.intraop_from_planning.map_points(points)
            expected = points @ truth[:3, :3].T + truth[:3, 3]
            error_mm = np.linalg.norm(mapped - expected, axis=1)
            assert found.verdict.is_usable
            assert error_mm.max() <= LARGEST_ERROR_MM, (seed, tilt_deg)


def written_and_read(scan: SyntheticScan, folder: Path, patient: Patient) -> LoadedScan:
    write_dicom_series(scan, folder, patient=patient, series_description="tilt")
    return load_scan(folder)
