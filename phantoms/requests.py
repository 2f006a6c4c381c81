"""The plan request that goes with a synthetic patient."""

from __future__ import annotations

from typing import Any

from phantoms.tissues import LABELS

USUAL_MARGIN_MM = 5.0
USUAL_SETTING = "in-vivo"


def structure_of(number: int) -> str:
    """Name the structure of a lesion in a label map, by its place among the lesions from 1.

    Examples
    --------
    >>> structure_of(1), structure_of(2)
    ('gtv', 'gtv L2')
    """
    return "gtv" if number == 1 else f"gtv L{number}"


def labels_for(lesions: int) -> dict[str, int]:
    """List the labels of a map with so many lesions: each has its own.

    Examples
    --------
    >>> labels_for(2)["gtv L2"]
    8
    """
    more = range(2, lesions + 1)
    highest = max(LABELS.values())
    return dict(LABELS) | {structure_of(each): highest + each - 1 for each in more}


def plan_request(
    antenna_diameter_mm: float,
    *,
    lesions: int = 1,
    margin_mm: float = USUAL_MARGIN_MM,
    setting: str = USUAL_SETTING,
) -> dict[str, Any]:
    """Write the request for a plan through the plate, ``plan-request/1``.

    Parameters
    ----------
    antenna_diameter_mm : float
        Of the antenna; it has to pass the plate's bores.
    lesions : int
        How many there are.
    margin_mm : float
        Wanted round each, millimetres.
    setting : str
        Whose zones are taken.

    Returns
    -------
    dict
        JSON-ready; its paths are those of a case's folder.
    """
    return {
        "schema": "plan-request/1",
        "scan": "planning",
        "structures": "labels.nrrd",
        "labels": labels_for(lesions),
        "lesions": [
            {"name": f"L{each}", "structure": structure_of(each), "margin_mm": margin_mm}
            for each in range(1, lesions + 1)
        ],
        "antenna": "Medtronic Emprint",
        "antenna_diameter_mm": antenna_diameter_mm,
        "setting": setting,
        "template": "template.json",
        "gravity_lps": [0, 1, 0],
        "constraints": {
            "min_clearance_mm": {"vessel": 3.0, "bowel": 10.0, "bone": 2.0, "lung": 5.0},
            "max_insertion_depth_mm": 150,
            "max_tilt_deg": 40,
            "protractor_step_deg": 1.0,
        },
    }
