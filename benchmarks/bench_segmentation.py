"""Segmentation by rules of a whole scan, and a lesion grown in it: time, and the peak of memory."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Volume
from navigator.segmentation.lesions import grow_lesion
from navigator.segmentation.scan import segment_scan
from phantoms.anatomy import build_patient
from phantoms.scanner import scan_patient

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

SIZES = {"200 x 256 x 256": (200, 256), "200 x 512 x 512": (200, 512)}
MOST_MEMORY_FACTOR = 8.0
"""Peak beyond the scan itself, in units of the scan's float32 voxels."""


def scan_of(size: tuple[int, int]) -> tuple[Volume, np.ndarray]:
    """Scan a phantom, and cut or repeat it to a size."""
    slices, side = size
    patient = build_patient(1)
    spacing = (2.5, 400.0 / side, 400.0 / side)
    made = scan_patient(patient, spacing_kji_mm=spacing, rng=np.random.default_rng(1))
    rows = np.resize(np.arange(made.values_hu.shape[0]), slices)
    values = made.values_hu[rows][:, :side, :side].astype(np.float32)
    shape = (values.shape[0], values.shape[1], values.shape[2])
    frame = Frame(FrameKind.LPS, "1")
    grid = Grid(shape_kji=shape, lps_from_index=made.lps_from_index, frame=frame)
    return Volume(values, grid), patient.tumour_centre_mm


@pytest.mark.parametrize("size", list(SIZES))
def bench_rules(benchmark: BenchmarkFixture, size: str) -> None:
    volume, _ = scan_of(SIZES[size])
    benchmark.group = f"segment {size}"
    benchmark.pedantic(segment_scan, (volume,), rounds=2)


@pytest.mark.parametrize("size", list(SIZES))
def bench_lesion(benchmark: BenchmarkFixture, size: str) -> None:
    volume, centre = scan_of(SIZES[size])
    benchmark.group = f"lesion {size}"
    benchmark.pedantic(grow_lesion, (volume, centre), rounds=3)


def bench_memory(benchmark: BenchmarkFixture) -> None:
    volume, _ = scan_of(SIZES["200 x 256 x 256"])
    tracemalloc.start()
    benchmark.pedantic(segment_scan, (volume,), rounds=1)
    peak = tracemalloc.get_traced_memory()[1] / volume.values_hu.nbytes
    tracemalloc.stop()
    print(f"peak of memory beyond the scan: {peak:.1f} times its float32 voxels")
    assert peak <= MOST_MEMORY_FACTOR
