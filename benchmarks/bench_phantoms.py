"""Time and memory of synthetic scans: plain, and with six needles and a plate with markers."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import numpy as np
import pytest

from phantoms.anatomy import build_patient
from phantoms.hardware import PlacedPlate
from phantoms.metal import Metal
from phantoms.painting import ScanGrid
from phantoms.placing import draw_level_pose
from phantoms.protocol import ScanProtocol
from phantoms.scanner import scan_patient
from phantoms.setups import case_spec
from phantoms.shapes import Tube
from phantoms.tissues import STEEL, Part

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats

SPACING_MM = (1.6, 0.78, 0.78)
SHAPE_KJI = (120, 512, 512)
NEEDLE_RADIUS_MM = 0.65
BYTES_PER_KIB = 1024


def _grid(patient: Patient) -> ScanGrid:
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag(SPACING_MM)[::-1]
    half = 0.5 * (np.array(SHAPE_KJI) - 1.0)
    matrix[:3, 3] = patient.field_centre_mm - matrix[:3, :3] @ half
    return ScanGrid(shape_kji=SHAPE_KJI, lps_from_index=matrix, thickness_mm=SPACING_MM[0])


def _needles(patient: Patient, lean_deg: float) -> list[Floats]:
    """Lay six needles on the tumour, leaning by an angle against the slices' plane."""
    lean = np.deg2rad(lean_deg)
    way = np.array([0.0, np.cos(lean), np.sin(lean)])
    places = [[x, 0.0, z] for x in (-10.0, 10.0) for z in (-12.0, 0.0, 12.0)]
    return [
        np.array([patient.tumour_centre_mm + place + t * way for t in (-150.0, 5.0)])
        for place in places
    ]


@pytest.mark.parametrize("lean_deg", [None, 8.0, 35.0])
def bench_scan(benchmark: BenchmarkFixture, lean_deg: float | None) -> None:
    patient = build_patient(3)
    protocol = ScanProtocol(spacing_kji_mm=SPACING_MM, thickness_mm=SPACING_MM[0])
    ways = [] if lean_deg is None else _needles(patient, lean_deg)
    still = np.eye(4)
    pose = draw_level_pose(patient, case_spec(), still, np.random.default_rng(1))
    devices = [
        Part(name="needle", shape=Tube(way, np.full(2, NEEDLE_RADIUS_MM)), tissue=STEEL, samples=4)
        for way in ways
    ]
    metals = [Metal(points_mm=way, radius_mm=NEEDLE_RADIUS_MM, material="steel") for way in ways]

    def scan() -> None:
        scan_patient(
            patient,
            protocol=protocol,
            rng=np.random.default_rng(0),
            plate=PlacedPlate(case_spec(), pose) if ways else None,
            devices=devices,
            metals=metals,
            grid=_grid(patient),
        )

    benchmark.group = "scan of 120 x 512 x 512"
    benchmark.pedantic(scan, rounds=2, warmup_rounds=1)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    benchmark.extra_info["peak_memory_gib"] = round(peak_kib * BYTES_PER_KIB / 2**30, 2)
