"""Reading image files: our readers against SimpleITK's, 512 x 512 x 200, on the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.io.images import read_image

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

SHAPE_KJI = (200, 512, 512)
FILES = {
    "raw.nrrd": False,
    "packed.nrrd": True,
    "raw.nii": False,
    "packed.nii.gz": True,
    "raw.mha": False,
    "packed.mha": True,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    values = rng.normal(40.0, 20.0, SHAPE_KJI).astype(np.int16)
    values[:, :, :200] = -1000
    place = tmp_path_factory.mktemp("images")
    for name, packed in FILES.items():
        image = sitk.GetImageFromArray(values)
        sitk.WriteImage(image, str(place / name), useCompression=packed, compressionLevel=1)
    return place


@pytest.mark.parametrize("name", FILES)
def bench_ours(benchmark: BenchmarkFixture, folder: Path, name: str) -> None:
    benchmark.group = name
    benchmark.pedantic(lambda: read_image(folder / name).values, rounds=5)


@pytest.mark.parametrize("name", FILES)
def bench_simpleitk(benchmark: BenchmarkFixture, folder: Path, name: str) -> None:
    benchmark.group = name
    benchmark.pedantic(lambda: sitk.GetArrayFromImage(sitk.ReadImage(str(folder / name))), rounds=5)
