"""A plan, a registration and a placement whose numbers agree, small enough to check by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.geometry.rigid import RigidTransform
from navigator.io.documents import (
    RegistrationDocument,
    load_placement,
    load_plan,
    load_registration,
    located_template_to_json,
    plan_in_room_to_json,
    plan_to_json,
    registration_to_json,
)
from navigator.model.outcome import Verdict
from tests.navigator.io.documents.test_documents import (
    LATER,
    PLATE,
    SCAN,
    motion,
    one_needle_plan,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from navigator.geometry.frames import Frame
    from navigator.model.plan import Plan

GOLDEN = Path(__file__).parents[3] / "golden" / "documents"
"""Documents of every released form, as it wrote them."""

FACE_MM = -17.5
"""The operator face of the plate, 17.5 mm in front of the skin: 80 mm deep is 97.5 on the scale."""


def pose(target: Frame = SCAN) -> RigidTransform:
    """Lay the plate on a supine patient: columns to the left, rows to the feet, z down."""
    matrix = np.array([[1, 0, 0, 0], [0, 0, 1, FACE_MM], [0, -1, 0, 0], [0, 0, 0, 1]], dtype=float)
    return RigidTransform(matrix=matrix, target=target, source=PLATE)


def sound_plan() -> Plan:
    """Build the plan of one needle straight down through the plate."""
    plan = one_needle_plan()
    assert plan.placement is not None
    return replace(plan, placement=replace(plan.placement, lps_from_template=pose()))


def plan_document() -> dict[str, Any]:
    """Write that plan."""
    return plan_to_json(sound_plan())


def room_plan_document() -> dict[str, Any]:
    """Write that plan as it holds in the room."""
    later = motion(LATER, SCAN)
    return plan_in_room_to_json(
        sound_plan(), intraop_from_planning=later, intraop_from_template=later @ pose()
    )


def registration_document() -> dict[str, Any]:
    """Write a registration."""
    return registration_to_json(
        RegistrationDocument(
            intraop_from_planning=motion(LATER, SCAN),
            verdict=Verdict.accepted(),
            metrics={"expected_tre_mm": 1.25, "overlap": 0.9, "inverse_consistency_mm": None},
            input_hashes={"planning": "aa" * 32, "intraop": "bb" * 32},
        )
    )


def placement_document() -> dict[str, Any]:
    """Write a placement."""
    return located_template_to_json(
        pose(),
        Verdict.accepted(),
        markers=[{"label": "M1", "lps_mm": [1.0, 2.0, 3.0], "residual_mm": 0.04}],
        metrics={"fre_mm": 0.05, "expected_tre_mm": 0.06, "ambiguity_ratio": 12.0},
        sha256={"template": "ab" * 32, "scan": "cd" * 32},
    )


KINDS: dict[str, tuple[Callable[[], dict[str, Any]], Callable[[Path], Any]]] = {
    "plan": (plan_document, load_plan),
    "plan in the room": (room_plan_document, load_plan),
    "registration": (registration_document, load_registration),
    "placement": (placement_document, load_placement),
}
"""How each kind is written and read."""
