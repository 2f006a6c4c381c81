"""
A phantom that breathes
=======================

The same synthetic patient twice: at the end of a breath out, and 20 mm of diaphragm later. Liver,
lung, the other organs and the wall move by their own fields, so that the liver slides along the
ribs; each arrow is the truth at its foot, not an estimate.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import binary_fill_holes

from phantoms.anatomy import build_patient
from phantoms.breathing import Breathing, breathing_motion
from phantoms.field import field_grid
from phantoms.motion import GROUPS, moved_points, pulled_back
from phantoms.motion_truth import group_map
from phantoms.scanner import scan_patient
from phantoms.tissues import LABELS

patient = build_patient(3)
breath = Breathing(
    amplitude_mm=20.0,
    front_mm=5.0,
    side_mm=1.5,
    front_share=0.25,
    liver_compression_share=0.2,
    liver_tilt_share=0.08,
)
motion = breathing_motion(patient, breath)
grid = field_grid(patient, (1.5, 1.0, 1.0))
out, breathed_in = (
    scan_patient(
        patient,
        spacing_kji_mm=(1.5, 1.0, 1.0),
        rng=np.random.default_rng(1),
        motion=moved,
        with_labels=True,
        grid=grid,
    )
    for moved in (None, motion)
)
there = moved_points(motion.of("liver"), patient.tumour_centre_mm)
way = there - patient.tumour_centre_mm
print(f"the tumour moved {-way[2]:.1f} mm down and {-way[1]:.1f} mm to the front")
back = pulled_back(motion.of("liver"), there)
print(f"and back again to within {np.abs(back - patient.tumour_centre_mm).max():.0e} mm")

# %%
# A coronal and a sagittal cut through the tumour. An arrow starts where tissue lay after breathing
# out and ends where it lies after breathing in. Beside the long arrows of the liver those of the
# ribs hardly show: there the capsule slides. The dashed line is the liver's outline of the left
# picture, put into the right one: what a plan made after breathing out would take for the liver.

COLOURS = {"wall": "#ff70a6", "liver": "#ffb703", "abdomen": "#90be6d", "lung": "#8ecae6"}
APART_MM = 26.0
groups = group_map(patient, grid)
steps = np.diag(grid.lps_from_index[:3, 2::-1])
tumour = np.linalg.inv(grid.lps_from_index) @ np.append(patient.tumour_centre_mm, 1.0)
k, j, i = np.rint(tumour[:3]).astype(int)
# name, which axis of (k, j, i) the cut fixes and where, the LPS axis that runs to the right
CUTS = (("coronal", 1, j, 0), ("sagittal", 2, i, 1))


def cut_of(values: np.ndarray, axis: int, index: int) -> np.ndarray:
    """Take one cut out of a volume."""
    return values.take(index, axis=axis)


def draw_arrows(panel: plt.Axes, axis: int, index: int, right: int) -> None:
    """Draw the truth at places of a regular lattice, each in the colour of its group."""
    size = np.array(groups.shape)
    every = np.maximum(np.rint(APART_MM / np.array([1.5, 1.0, 1.0])).astype(int), 1)
    places = [np.arange(each // 2, n, each) for n, each in zip(size, every, strict=True)]
    places[axis] = np.array([index])
    voxels = np.stack(np.meshgrid(*places, indexing="ij"), axis=-1).reshape(-1, 3)
    starts = voxels @ grid.lps_from_index[:3, :3].T + grid.lps_from_index[:3, 3]
    for number, group in enumerate(GROUPS, start=1):
        here = groups[tuple(voxels.T)] == number
        ways = moved_points(motion.of(group), starts[here]) - starts[here]
        panel.quiver(
            starts[here][:, right],
            starts[here][:, 2],
            ways[:, right],
            ways[:, 2],
            color=COLOURS[group],
            angles="xy",
            scale_units="xy",
            scale=1.0,
            width=0.0035,
            headwidth=4,
        )


figure, panels = plt.subplots(2, 2, figsize=(11, 6.6), layout="constrained")
for row, (name, axis, index, right) in zip(panels, CUTS, strict=True):
    low = grid.lps_from_index[:3, 3]
    high = low + steps * (np.array(groups.shape)[::-1] - 1)
    extent = (low[right], high[right], low[2], high[2])
    outline = binary_fill_holes(cut_of(out.labels == LABELS["liver"], axis, index))
    for panel, scan, state in zip(row, (out, breathed_in), ("out", "in"), strict=True):
        grey = cut_of(scan.values_hu, axis, index)
        panel.imshow(grey, cmap="gray", vmin=-160, vmax=240, origin="lower", extent=extent)
        panel.set_title(f"{name}, breathed {state}")
        panel.set_axis_off()
    draw_arrows(row[0], axis, index, right)
    row[1].contour(
        outline, [0.5], colors="#ffb703", linestyles="dashed", linewidths=1.2, extent=extent
    )
    left, right_side = ("R", "L") if name == "coronal" else ("A", "P")
    for panel in row:
        panel.text(0.01, 0.5, left, color="white", transform=panel.transAxes, va="center")
        panel.text(0.97, 0.5, right_side, color="white", transform=panel.transAxes, va="center")
for group, colour in COLOURS.items():
    panels[0, 0].plot([], [], "s", color=colour, label=group)
figure.legend(loc="outside lower center", ncols=4, frameon=False)
plt.show()

# %%
# How far each group goes, over its own voxels: the dome goes down by the whole amplitude, the
# spine and the back stay.

for number, group in enumerate(GROUPS, start=1):
    voxels = np.argwhere(groups[::6, ::6, ::6] == number) * 6
    starts = voxels @ grid.lps_from_index[:3, :3].T + grid.lps_from_index[:3, 3]
    lengths = np.linalg.norm(moved_points(motion.of(group), starts) - starts, axis=1)
    print(f"{group:8} {lengths.min():5.1f} to {lengths.max():5.1f} mm, mean {lengths.mean():4.1f}")
