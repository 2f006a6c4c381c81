"""Reading a CT series: the gate and decoder against SimpleITK's reader, on the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.io.volumes import load_scan
from phantoms.anatomy import build_patient
from phantoms.scanner import scan_patient
from phantoms.writer import write_dicom_series

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
