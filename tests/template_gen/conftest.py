"""Plates that many tests share: small, with every kind of feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from template_gen.layout import build_default_spec
from template_gen.models import Bore, TemplateSpec
from template_gen.solid import build_solid

if TYPE_CHECKING:
    from template_gen.mesh import TriangleMesh


@pytest.fixture(scope="session")
def grid_spec() -> TemplateSpec:
    """Lay out a coordinate template of 3 rows and 4 columns."""
    return build_default_spec(rows=3, columns=4, pitch_mm=6.0, bore_diameter_mm=2.1)


@pytest.fixture(scope="session")
def guide_spec(grid_spec: TemplateSpec) -> TemplateSpec:
    """Add three single bores: leaning with a sleeve, leaning bare, straight with a sleeve."""
    bores = (
        Bore(label="P1", x_mm=20.0, y_mm=-4.0, diameter_mm=2.6,
             direction=(0.3, -0.2, 0.9327), sleeve_mm=9.0),
        Bore(label="P2", x_mm=-20.0, y_mm=12.0, diameter_mm=1.8, direction=(-0.1, 0.25, 0.963)),
        Bore(label="P3", x_mm=18.0, y_mm=15.0, diameter_mm=2.0, sleeve_mm=6.0),
    )  # fmt: skip
    return TemplateSpec(
        serial="G-3",
        plate=grid_spec.plate,
        grid=grid_spec.grid,
        bores=bores,
        markers=grid_spec.markers,
        printer=grid_spec.printer,
    )


@pytest.fixture(scope="session")
def guide_solid(guide_spec: TemplateSpec) -> TriangleMesh:
    return build_solid(guide_spec)
