"""The deformable registration: CPU time and memory at three sizes, and the start of a process.

The sizes are slabs of one pair of scans, planning 512 x 512 pixels in 1.5 mm slices and second scan
512 x 512 in 2.5 mm: the cost should grow as the voxels do, and no faster.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.registration.make import ensure_problem
from navigator.app.choices import MaskChoice, load_choice, twin_grid
from navigator.imaging.resample import crop_grid
from navigator.io.volumes import load_scan
from navigator.model.volume import Mask, Volume
from navigator.registration.whole import register_deformable

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

SHARES = {"half": 0.5, "three quarters": 0.75, "whole": 1.0}
COLD = """
import sys
from pathlib import Path
from benchmarks.bench_registration import load_pair, register_slab
register_slab(load_pair(Path(sys.argv[1])), 1.0)
"""

Pair = tuple[Volume, Volume, Mask]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the problem that all of them are slabs of."""
    found, _ = ensure_problem("smooth", 0, tmp_path_factory.mktemp("problems"))
    assert found is not None
    return found


@lru_cache(maxsize=1)
def load_pair(place: Path) -> Pair:
    """Load both scans and the liver."""
    planning, intraop = (load_scan(place / f"{name}.mha") for name in ("planning", "intraop"))
    grid = planning.volume.grid
    chosen = MaskChoice(path=place / "liver.mha", label="1")
    liver = load_choice(chosen, grid, planning.patient, twin=twin_grid(grid)).mask
    return planning.volume, intraop.volume, liver


def slab(pair: Pair, share: float) -> Pair:
    """Keep the middle slices of both scans."""
    planning, intraop, liver = pair
    parts = []
    for grid in (planning.grid, intraop.grid):
        count = grid.shape_kji[0]
        kept = int(share * count)
        first = (count - kept) // 2
        rows, columns = grid.shape_kji[1:]
        parts.append((slice(first, first + kept), slice(0, rows), slice(0, columns)))
    grids = [crop_grid(each.grid, part) for each, part in zip(pair[:2], parts, strict=True)]
    return (
        Volume(planning.values_hu[parts[0]], grids[0]),
        Volume(intraop.values_hu[parts[1]], grids[1]),
        Mask(liver.members[parts[0]], grids[0]),
    )


def register_slab(pair: Pair, share: float) -> float:
    """Register the middle of both scans, and give the CPU seconds."""
    planning, intraop, liver = slab(pair, share)
    began = time.process_time()
    register_deformable(planning, intraop, liver=liver)
    return time.process_time() - began


@pytest.mark.parametrize("size", list(SHARES))
def bench_sizes(benchmark: BenchmarkFixture, place: Path, size: str) -> None:
    pair, spent = load_pair(place), []

    def run() -> None:
        spent.append(register_slab(pair, SHARES[size]))

    benchmark.pedantic(run, rounds=3, warmup_rounds=1)
    voxels = sum(each.values_hu.size for each in pair[:2]) * SHARES[size]
    benchmark.extra_info["cpu_s"] = round(min(spent), 2)
    benchmark.extra_info["cpu_us_per_thousand_voxels"] = round(1e9 * min(spent) / voxels, 2)
    print(f"{size}: {min(spent):.2f} CPU s, {1e9 * min(spent) / voxels:.0f} us per 1000 voxels")


def bench_cold_start(benchmark: BenchmarkFixture, place: Path) -> None:
    """Start a process with compiled loops in the cache: imports, reading, registration."""
    root = Path(__file__).resolve().parents[1]

    def run() -> None:
        subprocess.run([sys.executable, "-c", COLD, str(place)], check=True, cwd=root)  # noqa: S603 - ours

    benchmark.pedantic(run, rounds=2)
