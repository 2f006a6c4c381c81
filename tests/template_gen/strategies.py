"""Random plates that keep the rules, and numbers to make them of."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from template_gen.layout import build_default_spec
from template_gen.models import Bore, PrinterProfile, TemplateSpec
from template_gen.rules import check_spec


@st.composite
def single_bores(draw: st.DrawFn, label: str, half_mm: float) -> Bore:
    """Draw a bore of any lean up to 35° inside a square."""
    tilt = np.deg2rad(draw(st.floats(0.0, 35.0)))
    turn = draw(st.floats(0.0, 2 * np.pi))
    direction = (
        float(np.sin(tilt) * np.cos(turn)),
        float(np.sin(tilt) * np.sin(turn)),
        float(np.cos(tilt)),
    )
    return Bore(
        label=label,
        x_mm=draw(st.floats(-half_mm, half_mm)),
        y_mm=draw(st.floats(-half_mm, half_mm)),
        diameter_mm=draw(st.floats(0.8, 4.0)),
        direction=direction,
        sleeve_mm=draw(st.sampled_from([0.0, 6.0, 15.0])),
    )


@st.composite
def sound_specs(draw: st.DrawFn) -> TemplateSpec:
    """Draw a small plate with a grid, up to three single bores and six markers, all sound."""
    diameter_mm = draw(st.floats(0.8, 3.0))
    printer = PrinterProfile(
        name="any",
        bore_compensation_mm=draw(st.floats(0.0, 0.3)),
        min_wall_mm=draw(st.floats(0.5, 1.2)),
    )
    base = build_default_spec(
        rows=draw(st.integers(1, 4)),
        columns=draw(st.integers(1, 4)),
        pitch_mm=diameter_mm + draw(st.floats(2.0, 8.0)),
        bore_diameter_mm=diameter_mm,
        thickness_mm=draw(st.floats(12.0, 25.0)),
        corner_radius_mm=draw(st.sampled_from([0.0, 3.0, 9.0])),
        printer=printer,
    )
    count = draw(st.integers(0, 3))
    half_mm = base.plate.width_mm / 2 - 12.0
    spec = TemplateSpec(
        serial="H-1",
        plate=base.plate,
        grid=base.grid,
        bores=tuple(draw(single_bores(f"P{row}", half_mm)) for row in range(count)),
        markers=base.markers,
        printer=printer,
    )
    assume(not any(finding.severity == "error" for finding in check_spec(spec)))
    return spec
