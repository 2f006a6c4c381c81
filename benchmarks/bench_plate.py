"""From spec to triangles: our way without booleans, at three sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from template_gen import build_default_spec, build_solid

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture


@pytest.mark.parametrize("rows", [7, 15, 20])
def bench_solid(benchmark: BenchmarkFixture, rows: int) -> None:
    spec = build_default_spec(rows=rows, columns=rows, pitch_mm=5.0, bore_diameter_mm=2.1)
    build_solid(spec)
    benchmark.pedantic(build_solid, (spec,), rounds=5)
