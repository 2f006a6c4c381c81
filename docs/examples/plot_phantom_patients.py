"""
Six phantom patients
====================

A seed draws the build, the organs and the pose. Each of these patients carries another clinical
question: the lesion is asked for by its place, and what was asked for is measured. The window is
that of a liver CT: 400 HU wide around 40.
"""

import matplotlib.pyplot as plt
import numpy as np

from phantoms.ablation import AblatedZone, ablated, residual_volume_ml
from phantoms.anatomy import build_patient
from phantoms.lesions import LesionRequest
from phantoms.scanner import scan_patient

ASKED = (
    LesionRequest(),
    LesionRequest(where="subcapsular", diameter_mm=(14, 18), is_reachable=None),
    LesionRequest(where="dome", diameter_mm=(14, 20), is_reachable=None, has_rim=True),
    LesionRequest(where="near portal vein", diameter_mm=(12, 20), is_reachable=None),
    LesionRequest(where=8, diameter_mm=(34, 36), is_reachable=None, is_oval=True),
    LesionRequest(where="near bowel", diameter_mm=(12, 20), is_reachable=None),
)
SPACING_MM = (2.0, 0.9, 0.9)

figure, panels = plt.subplots(3, 6, figsize=(17, 8.0), layout="constrained")
for seed, request in enumerate(ASKED, start=1):
    patient = build_patient(seed, lesions=(request,))
    scan = scan_patient(patient, spacing_kji_mm=SPACING_MM, rng=np.random.default_rng(seed))
    index = np.linalg.inv(scan.lps_from_index) @ np.append(patient.tumour_centre_mm, 1.0)
    k, j, i = (round(float(each)) for each in index[:3])
    grey = np.clip((scan.values_hu + 160.0) / 400.0, 0.0, 1.0)
    grey = grey[:, 60:330, 30:-30]
    j, i = j - 60, i - 30
    hilum = grey.shape[0] // 2
    column = panels[:, seed - 1]
    column[0].imshow(grey[k], cmap="gray", vmin=0, vmax=1)
    column[1].imshow(grey[hilum], cmap="gray", vmin=0, vmax=1)
    column[2].imshow(
        grey[::-1, j], cmap="gray", vmin=0, vmax=1, aspect=SPACING_MM[0] / SPACING_MM[2]
    )
    radius = 0.5 * patient.tumour_diameter_mm / SPACING_MM[1] + 5.0
    words = f"segment {request.where}" if isinstance(request.where, int) else request.where
    column[0].add_patch(plt.Circle((i, j), radius, fill=False, color="#ffd166", linewidth=1))
    column[0].set_title(f"seed {seed}: {words}", fontsize=10)
    lesion = patient.lesions[0]
    way = "a free way" if lesion.corridor else "no free way"
    print(
        f"seed {seed}, asked for {request.where}: {lesion.diameter_mm:.1f} mm, "
        f"{lesion.volume_ml:.2f} ml, segment {lesion.truth.segment}, "
        f"capsule {lesion.truth.to_capsule.high_mm:.1f} mm, "
        f"portal vein {lesion.truth.to_portal_vein.high_mm:.1f} mm, "
        f"lung {lesion.truth.to_lung.high_mm:.1f} mm, "
        f"bowel {lesion.truth.to_bowel.high_mm:.1f} mm, {way}"
    )
for panel in panels.flat:
    panel.set_axis_off()
plt.show()

# %%
# After the ablation
# ------------------
# The zone is an exact ellipsoid with a ragged brighter rim. How much tumour it has missed is known:
# none in the middle picture, a crescent in the right one.

patient = build_patient(1, lesions=(LesionRequest(diameter_mm=(18, 20)),))
figure, panels = plt.subplots(1, 3, figsize=(12, 4.0), layout="constrained")
for panel, offset in zip(panels, (None, 0.0, -10.0), strict=True):
    shown, words = patient, "before"
    if offset is not None:
        pose = np.eye(4)
        pose[:3, 3] = patient.tumour_centre_mm + np.array([offset, 0.0, 0.0])
        zone = AblatedZone(lps_from_zone=pose, radii_mm=np.array([17.0, 15.0, 16.0]))
        shown = ablated(patient, "L1", zone)
        words = f"{residual_volume_ml(patient.lesions[0], zone):.2f} ml of tumour left"
    scan = scan_patient(shown, spacing_kji_mm=SPACING_MM, rng=np.random.default_rng(1))
    index = np.linalg.inv(scan.lps_from_index) @ np.append(patient.tumour_centre_mm, 1.0)
    k, j, i = (round(float(each)) for each in index[:3])
    grey = np.clip((scan.values_hu[k] + 60.0) / 250.0, 0.0, 1.0)
    panel.imshow(grey[j - 70 : j + 70, i - 70 : i + 70], cmap="gray", vmin=0, vmax=1)
    panel.set_title(words, fontsize=10)
    panel.set_axis_off()
plt.show()
