"""Candidate needles a second: the compiled rays against the same loop in numpy and scipy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from navigator.planning._kernels import least_along_rays

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

STRUCTURES, SAMPLES = 6, 120


def _rays(count: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(1)
    maps = rng.uniform(0.0, 60.0, (STRUCTURES, 100, 160, 160)).astype(np.float32)
    starts = rng.uniform(20.0, 80.0, (count, 3))
    steps = rng.normal(0.0, 0.2, (count, 3))
    return maps, starts, steps, np.full(count, SAMPLES)


@pytest.mark.parametrize("count", [1_000, 10_000, 50_000])
def bench_compiled(benchmark: BenchmarkFixture, count: int) -> None:
    maps, starts, steps, counts = _rays(count)
    least_along_rays(maps, starts, steps, counts)
    benchmark.group = f"{count} rays, {STRUCTURES} structures"
    benchmark(least_along_rays, maps, starts, steps, counts)


@pytest.mark.parametrize("count", [1_000, 10_000])
def bench_scipy(benchmark: BenchmarkFixture, count: int) -> None:
    maps, starts, steps, _ = _rays(count)
    samples = starts[:, None, :] + np.arange(SAMPLES)[None, :, None] * steps[:, None, :]
    at = samples.reshape(-1, 3).T

    def measure() -> np.ndarray:
        read = [ndimage.map_coordinates(layer, at, order=1, cval=np.inf) for layer in maps]
        return np.stack(read).reshape(STRUCTURES, count, SAMPLES).min(axis=2)

    benchmark.group = f"{count} rays, {STRUCTURES} structures"
    benchmark.pedantic(measure, rounds=2)
