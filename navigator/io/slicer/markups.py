"""Points and needles as .mrk.json: coordinate system and unit are always written.

References
----------
3D Slicer, markups schema 1.0.3. A point without ``coordinateSystem`` is read by Slicer as LPS in
newer and RAS in older versions: 2x its distance from the midline apart.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from navigator.io.saving import save_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from navigator.arrays import Floats
    from navigator.model.trajectory import Trajectory

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/"
    "Resources/Schema/markups-schema-v1.0.3.json#"
)
COORDINATE_SYSTEM, UNIT = "LPS", "mm"


def needle_markup(name: str, trajectory: Trajectory) -> dict[str, Any]:
    """Describe a needle as a line from skin entry to tip.

    Parameters
    ----------
    name : str
        Of the needle.
    trajectory : Trajectory
        Its way, LPS millimetres.

    Returns
    -------
    dict
        One markup.
    """
    points = {f"{name} entry": trajectory.entry_mm, f"{name} tip": trajectory.tip_mm}
    return {**_markup("Line", points), "fixedNumberOfControlPoints": True}


def point_markup(points_mm: Mapping[str, Floats]) -> dict[str, Any]:
    """Describe points.

    Parameters
    ----------
    points_mm : mapping of str to (3,) array
        By label, LPS millimetres.

    Returns
    -------
    dict
        One markup.
    """
    return _markup("Fiducial", points_mm)


def save_markup(markup: Mapping[str, Any], path: Path) -> None:
    """Write one markup; Slicer loads the first of a file alone.

    Parameters
    ----------
    markup : mapping
        As made here.
    path : Path
        Ends in ``.mrk.json``; replaced if there.

    Raises
    ------
    FileRefusedError
        If it cannot be written.
    """
    document = {"@schema": SCHEMA, "markups": [markup]}
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    save_text(text, path)


def _markup(kind: str, points_mm: Mapping[str, Floats]) -> dict[str, Any]:
    """Describe control points of one kind of markup."""
    return {
        "type": kind,
        "coordinateSystem": COORDINATE_SYSTEM,
        "coordinateUnits": UNIT,
        "locked": True,
        "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": len(points_mm),
        "controlPoints": [
            _control_point(number, label, point.tolist())
            for number, (label, point) in enumerate(points_mm.items(), start=1)
        ],
    }


def _control_point(number: int, label: str, position: Sequence[float]) -> dict[str, Any]:
    """Describe one point; where its state is left out Slicer may not draw it."""
    return {
        "id": str(number),
        "label": label,
        "description": "",
        "associatedNodeID": "",
        "position": [value + 0.0 for value in position],
        "orientation": [-1.0, -0.0, -0.0, -0.0, -1.0, -0.0, 0.0, 0.0, 1.0],
        "selected": True,
        "locked": True,
        "visibility": True,
        "positionStatus": "defined",
    }
