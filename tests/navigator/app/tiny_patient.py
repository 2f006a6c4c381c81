"""A patient small enough to be planned in a second, painted from balls and tubes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from template_gen import build_default_spec, save_spec

if TYPE_CHECKING:
    from pathlib import Path

SPACING_MM = 3.0
COUNT = 60
FIRST_MM = np.array([-88.5, -88.5, 11.5])
"""Centre of the first voxel, LPS."""
MIDDLE_Z_MM = 100.0
LESION_MM = np.array([-30.0, 5.0, MIDDLE_Z_MM])
LESION_RADIUS_MM = 6.0
BODY_RADII_MM = (80.0, 65.0)
"""Half axes of the elliptic trunk along x and y; it runs through the whole scan along z."""
LABELS = {"body": 1, "liver": 2, "gtv": 3, "bone": 4, "vessel": 5, "bowel": 7}
AIR_HU, SOFT_HU, BONE_HU = -1000, 40, 500


@dataclass(frozen=True, slots=True)
class TinyPatient:
    """A painted patient on disk."""

    folder: Path
    request: Path


def request_document(**changes: object) -> dict[str, Any]:
    """Give the request that plans the tiny patient, with some fields changed.

    A change to ``None`` of a key in capitals is not special: a field is left out with `DROP`.
    """
    document: dict[str, Any] = {
        "schema": "plan-request/1",
        "scan": "scan.nii.gz",
        "structures": "labels.nii.gz",
        "labels": dict(LABELS),
        "lesions": [{"name": "L1", "structure": "gtv", "margin_mm": 5.0}],
        "antenna": "Medtronic Emprint",
        "antenna_diameter_mm": 2.4,
        "setting": "in-vivo",
        "template": "template.json",
        "gravity_lps": [0, 1, 0],
        "constraints": {
            "min_clearance_mm": {"vessel": 3.0, "bowel": 10.0, "bone": 2.0},
            "max_insertion_depth_mm": 150,
            "max_tilt_deg": 6,
            "protractor_step_deg": 1.0,
        },
    }
    return {key: value for key, value in {**document, **changes}.items() if value is not DROP}


DROP = object()
"""As the value of a change: leave the field out."""


def paint() -> tuple[np.ndarray, np.ndarray]:
    """Paint Hounsfield units and labels, axes (k, j, i)."""
    steps = SPACING_MM * np.arange(COUNT)
    z, y, x = np.meshgrid(
        FIRST_MM[2] + steps, FIRST_MM[1] + steps, FIRST_MM[0] + steps, indexing="ij"
    )
    z = z - MIDDLE_Z_MM
    out = np.sqrt((x / BODY_RADII_MM[0]) ** 2 + (y / BODY_RADII_MM[1]) ** 2)
    labels = np.zeros(x.shape, dtype=np.uint8)
    labels[out <= 1.0] = LABELS["body"]
    labels[((x + 30) / 40) ** 2 + (y / 40) ** 2 + (z / 50) ** 2 <= 1.0] = LABELS["liver"]
    labels[np.hypot(x, y) <= 6.0] = LABELS["vessel"]
    labels[(x - 35) ** 2 + (y + 20) ** 2 + z**2 <= 15.0**2] = LABELS["bowel"]
    ribs = (out >= 0.84) & (out <= 0.94) & (np.abs(np.abs(z) - 22.0) <= 5.0)
    labels[ribs | (np.hypot(x, y - 45) <= 12.0)] = LABELS["bone"]
    far = np.sqrt(((np.stack([x, y, z], axis=-1) - LESION_MM + [0, 0, MIDDLE_Z_MM]) ** 2).sum(-1))
    labels[far <= LESION_RADIUS_MM] = LABELS["gtv"]
    hounsfield = np.full(x.shape, AIR_HU, dtype=np.int16)
    hounsfield[labels > 0] = SOFT_HU
    hounsfield[labels == LABELS["vessel"]] = 160
    hounsfield[labels == LABELS["gtv"]] = 90
    hounsfield[labels == LABELS["bone"]] = BONE_HU
    return hounsfield, labels


def write_image(values: np.ndarray, path: Path) -> None:
    """Write an array (k, j, i) where the patient lies."""
    image = sitk.GetImageFromArray(values)
    image.SetSpacing([SPACING_MM] * 3)
    image.SetOrigin([float(value) for value in FIRST_MM])
    sitk.WriteImage(image, str(path))


def write_patient(folder: Path) -> TinyPatient:
    """Write scan, labels, plate and request."""
    folder.mkdir(parents=True, exist_ok=True)
    hounsfield, labels = paint()
    write_image(hounsfield, folder / "scan.nii.gz")
    write_image(labels, folder / "labels.nii.gz")
    spec = build_default_spec(rows=7, columns=7, pitch_mm=5.0, bore_diameter_mm=2.6)
    save_spec(spec, folder / "template.json")
    request = folder / "request.json"
    request.write_text(json.dumps(request_document()), encoding="utf-8")
    return TinyPatient(folder, request)


def write_request(patient: TinyPatient, name: str, **changes: object) -> Path:
    """Write another request beside the patient's own."""
    path = patient.folder / name
    path.write_text(json.dumps(request_document(**changes)), encoding="utf-8")
    return path
