"""The plan request that goes with a synthetic patient."""

from __future__ import annotations

from typing import Any

from phantoms.tissues import LABELS


def plan_request(antenna_diameter_mm: float) -> dict[str, Any]:
    """Write the request for a plan through the plate, ``plan-request/1``.

    Parameters
    ----------
    antenna_diameter_mm : float
        Of the antenna; it has to pass the plate's bores.

    Returns
    -------
    dict
        JSON-ready; its paths are those of a case's folder.
    """
    return {
        "schema": "plan-request/1",
        "scan": "planning",
        "structures": "labels.nrrd",
        "labels": dict(LABELS),
        "lesions": [{"name": "L1", "structure": "gtv", "margin_mm": 5.0}],
        "antenna": "Medtronic Emprint",
        "antenna_diameter_mm": antenna_diameter_mm,
        "setting": "in-vivo",
        "template": "template.json",
        "gravity_lps": [0, 1, 0],
        "constraints": {
            "min_clearance_mm": {"vessel": 3.0, "bowel": 10.0, "bone": 2.0, "lung": 5.0},
            "max_insertion_depth_mm": 150,
            "max_tilt_deg": 40,
            "protractor_step_deg": 1.0,
        },
    }
