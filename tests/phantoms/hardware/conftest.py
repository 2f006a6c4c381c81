"""One plate as it may stand over a patient, and the grids that look at it closely."""

from __future__ import annotations

import numpy as np
import pytest

from phantoms.hardware import PlacedPlate
from phantoms.motion import rigid_about, rotation_about
from template_gen.layout import build_default_spec
from template_gen.models import Bore


@pytest.fixture(scope="session")
def plate() -> PlacedPlate:
    """Give a plate with straight bores of 2.3 mm, and one that leans and has a sleeve."""
    spec = build_default_spec(rows=5, columns=5, pitch_mm=9.0, bore_diameter_mm=2.3)
    slanted = (
        Bore(label="S1", x_mm=14, y_mm=-22, diameter_mm=2.6, direction=(0.2, 0.1, 0.9747),
             sleeve_mm=8.0),
        Bore(label="S2", x_mm=-31, y_mm=22, diameter_mm=2.6, direction=(-0.3, 0.1, 0.9487)),
    )  # fmt: skip
    turn = rotation_about([1.0, 0.2, 0.1], np.deg2rad(-95.0))
    pose = rigid_about(turn, [0.0, 0.0, 0.0], [33.0, -81.0, 47.0])
    return PlacedPlate(spec.model_copy(update={"bores": slanted}), pose)
