"""Reading a CT series against SimpleITK's reader on the same files, and the gate alone.

Ours judges the series, decodes it to Hounsfield units and hashes it; SimpleITK's reader decodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.io.dicom.gate import judge_series
from navigator.io.dicom.headers import read_headers
from navigator.io.volumes import load_scan
from phantoms.anatomy import build_patient
from phantoms.scanner import scan_patient
from phantoms.writer import write_dicom_series
from tests.navigator.io.dicom_writer import ct_slices, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

SPACINGS = {"40 slices": 5.0, "80 slices": 2.5, "130 slices": 1.5}


@pytest.fixture(params=list(SPACINGS), scope="module")
def series(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series") / "ct"
    patient = build_patient(1)
    spacing = (SPACINGS[request.param], 1.0, 1.0)
    scan = scan_patient(patient, spacing_kji_mm=spacing, rng=np.random.default_rng(1))
    write_dicom_series(scan, folder, patient=patient, series_description=request.param)
    return folder


def bench_ours(benchmark: BenchmarkFixture, series: Path) -> None:
    benchmark.group = f"{len(list(series.iterdir()))} files"
    benchmark.pedantic(load_scan, (series,), rounds=3)


def bench_simpleitk(benchmark: BenchmarkFixture, series: Path) -> None:
    def read() -> sitk.Image:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(series)))
        return reader.Execute()

    benchmark.group = f"{len(list(series.iterdir()))} files"
    benchmark.pedantic(read, rounds=3)


@pytest.fixture(params=[200, 300], scope="module")
def large_series(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write slices of 512 x 512 voxels of noise: what is in them costs nothing."""
    folder = tmp_path_factory.mktemp("large") / "ct"
    noise = np.random.default_rng(1).normal(0.0, 20.0, (request.param, 512, 512))
    write_files(ct_slices((noise + 1024.0).astype(np.int16)), folder)
    return folder


def bench_large_ours(benchmark: BenchmarkFixture, large_series: Path) -> None:
    benchmark.group = f"{len(list(large_series.iterdir()))} slices of 512 x 512"
    benchmark.pedantic(load_scan, (large_series,), rounds=7, warmup_rounds=1)


def bench_large_simpleitk(benchmark: BenchmarkFixture, large_series: Path) -> None:
    def read() -> sitk.Image:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(large_series)))
        return reader.Execute()

    benchmark.group = f"{len(list(large_series.iterdir()))} slices of 512 x 512"
    benchmark.pedantic(read, rounds=7, warmup_rounds=1)


def bench_gate_beyond_headers(benchmark: BenchmarkFixture, large_series: Path) -> None:
    headers = tuple(h for path in sorted(large_series.iterdir()) for h in read_headers(path))
    benchmark.group = f"the gate alone, {len(headers)} slices"
    benchmark.pedantic(judge_series, (headers,), rounds=7, warmup_rounds=1)
