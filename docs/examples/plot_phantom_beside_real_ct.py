"""
A phantom beside a real CT
==========================

A phantom patient and a real patient in the windows in which a radiologist would read them, in
axial, coronal and sagittal planes, the patient's right on the left of the picture. What still tells
the two apart is written down in *Phantom patients*.

The real scan is test data of TotalSegmentator (Apache-2.0), which lies beside the checkout and is
not part of it. Where it is absent only the phantom is drawn.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import SimpleITK as sitk

from phantoms.anatomy import build_patient
from phantoms.protocol import ScanProtocol
from phantoms.scanner import scan_patient

WINDOWS = {"abdomen": (40, 400), "lung": (-600, 1500), "bone": (400, 1800)}
PLANES = ("axial", "coronal", "sagittal")
SPACING_MM = (1.5, 1.5, 1.5)
REAL = "shared/data/totalseg_chest_liver/example_ct.nii.gz"
ABSENT = "The real scan is not beside this checkout: only the phantom is drawn."


def find_real() -> Path | None:
    """Look for the real scan beside the checkout."""
    for folder in Path.cwd().resolve().parents:
        if (folder / REAL).is_file():
            return folder / REAL
    return None


def planes_of(hu: np.ndarray, spacing_mm: np.ndarray, height: float) -> list[tuple]:
    """Cut three planes through the right half of the body, without the air around it."""
    body = hu > -300
    j, i = (np.flatnonzero(body.any(axis=0).sum(axis=axis) > 40) for axis in (1, 0))
    body_only = hu[:, j[0] : j[-1] + 1, i[0] : i[-1] + 1]
    slices, rows, columns = body_only.shape
    k_mm, j_mm, i_mm = spacing_mm
    return [
        (body_only[int(height * slices)], j_mm / i_mm),
        (body_only[::-1, rows // 2], k_mm / i_mm),
        (body_only[::-1, :, int(0.3 * columns)], k_mm / j_mm),
    ]


patient = build_patient(2)
protocol = ScanProtocol(spacing_kji_mm=SPACING_MM, thickness_mm=SPACING_MM[0], phase="arterial")
scan = scan_patient(patient, protocol=protocol, rng=np.random.default_rng(2))
beside = {"phantom": planes_of(scan.values_hu, np.array(SPACING_MM), 0.6)}
path = find_real()
if path is not None:
    image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    spacing_mm = np.array(image.GetSpacing())[::-1]
    beside["real CT"] = planes_of(sitk.GetArrayFromImage(image), spacing_mm, 0.12)

columns = len(PLANES) * len(beside)
figure, panels = plt.subplots(3, columns, figsize=(3.1 * columns, 8.4), layout="constrained")
for row, (window, (level, width)) in zip(panels, WINDOWS.items(), strict=True):
    drawn = [(plane, name) for plane in range(len(PLANES)) for name in beside]
    for panel, (plane, name) in zip(row, drawn, strict=True):
        picture, aspect = beside[name][plane]
        low = level - width / 2
        panel.imshow(picture, cmap="gray", vmin=low, vmax=low + width, aspect=aspect)
        panel.set_title(f"{name}, {PLANES[plane]}, {window} {level}/{width}", fontsize=8)
        panel.set_axis_off()
if path is None:
    figure.supxlabel(ABSENT)
plt.show()
