"""
What rules find in a scan
=========================

Body, skin, lung, gas, bone and couch need no weights: their grey values and shapes tell them. A
lesion and a vessel need a click. Here all of it is found in a synthetic patient, and compared with
the truth; what has no colour is unknown, not free.
"""

import matplotlib.pyplot as plt
import numpy as np

from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Volume
from navigator.segmentation.scan import segment_scan
from phantoms.anatomy import build_patient
from phantoms.scanner import scan_patient
from phantoms.tissues import LABELS

patient = build_patient(1)
made = scan_patient(
    patient, spacing_kji_mm=(2.5, 1.2, 1.2), rng=np.random.default_rng(1), with_labels=True
)
grid = Grid(
    shape_kji=made.values_hu.shape,
    lps_from_index=made.lps_from_index,
    frame=Frame(FrameKind.LPS, "phantom"),
)
scan = Volume(made.values_hu.astype(np.float32), grid)
aorta = np.argwhere((made.labels == LABELS["vessel"]) & (made.values_hu > 100))
high = aorta[aorta[:, 0] == int(0.75 * grid.shape_kji[0])]
vessel_click = grid.points_from_indices(high[len(high) // 2].astype(float))
found = segment_scan(scan, lesions_mm=[patient.tumour_centre_mm], vessels_mm=[vessel_click])

# %%
# How much of each there is, and what a person has to look at.

for structure in found.found:
    size = structure.mask.volume_ml
    low_high = structure.volume_ml
    doubt = f", {low_high.low:.1f} to {low_high.high:.1f}" if low_high else ""
    print(f"{structure.name:15} {size:8.1f} ml{doubt}")
true_ml = np.pi / 6.0 * patient.tumour_diameter_mm**3 / 1000.0
print(f"the tumour has {true_ml:.1f} ml in truth")
for reason in found.verdict.reasons:
    print(f"- {reason.message}")

# %%
# Slices as a radiologist sees them: the patient's right on the left of the picture, the front up.

COLOURS = {
    "skin": "#2a9d8f",
    "lung": "#219ebc",
    "bowel gas": "#f4a261",
    "bone": "#ffe66d",
    "table": "#9d8ce0",
    "clicked vessel": "#e63946",
    "gtv": "#ff4fd8",
}
numbers = {each.name: each.labels[0] for each in found.labels.structures}
tumour_slice = round(grid.indices_from_points(patient.tumour_centre_mm)[0])
slices = [tumour_slice, int(0.5 * grid.shape_kji[0]), int(0.88 * grid.shape_kji[0])]
figure, panels = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained")
for panel, index in zip(panels, slices, strict=True):
    grey = np.clip((scan.values_hu[index] + 160.0) / 400.0, 0.0, 1.0)
    picture = np.repeat(grey[:, :, None], 3, axis=2)
    for name, colour in COLOURS.items():
        if name in numbers:
            here = found.labels.values[index] == numbers[name]
            rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255.0
            picture[here] = 0.45 * picture[here] + 0.55 * rgb
    # where the file's columns run to the patient's right, or its rows to the front: turn them
    directions = grid.directions
    picture = picture[:, ::-1] if directions[0, 2] < 0 else picture
    picture = picture[::-1] if directions[1, 1] < 0 else picture
    panel.imshow(picture, aspect=grid.spacing_mm[1] / grid.spacing_mm[2])
    panel.text(0.01, 0.5, "R", color="white", transform=panel.transAxes, va="center")
    panel.text(0.97, 0.5, "L", color="white", transform=panel.transAxes, va="center")
    panel.text(0.5, 0.95, "A", color="white", transform=panel.transAxes, ha="center")
    panel.text(0.5, 0.02, "P", color="white", transform=panel.transAxes, ha="center")
    height = grid.points_from_indices(np.array([index, 0.0, 0.0]))[2]
    panel.set_title(f"z = {height:.0f} mm")
    panel.set_axis_off()
for name, colour in COLOURS.items():
    panels[1].plot([], [], "s", color=colour, label=name)
figure.legend(loc="outside lower center", ncols=7, frameon=False)
plt.show()

# %%
# Agreement with the truth.

for name, label in (("lung", "lung"), ("gtv", "gtv")):
    members = found.labels.values == numbers[name]
    true = made.labels == LABELS[label]
    overlap = 2.0 * (members & true).sum() / (members.sum() + true.sum())
    print(f"{name}: Dice {overlap:.3f}")
