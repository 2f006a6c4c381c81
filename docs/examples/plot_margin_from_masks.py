"""
How exact a margin from two masks is
====================================

After an ablation the margin is measured between two segmented bodies, each a heap of voxels. The
true margin of two spheres is known, so the error of any method shows at once. Here the engine's
surfaces are compared with the distance between outer voxels, for 12 pairs in two voxel sizes.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial import cKDTree

from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.distance import border_boxes
from navigator.imaging.surfaces import find_surface
from navigator.imaging.surfels import signed_distance_to_surface_mm
from navigator.model.volume import Grid, Mask


def ball(grid: Grid, centre_mm: np.ndarray, radius_mm: float) -> Mask:
    """Mark the voxels whose centres lie in a sphere."""
    indices = np.indices(grid.shape_kji).reshape(3, -1).T
    distance = np.linalg.norm(grid.points_from_indices(indices) - centre_mm, axis=1)
    return Mask((distance <= radius_mm).reshape(grid.shape_kji), grid)


def border_margin_mm(tumour: Mask, zone: Mask) -> float:
    """Measure the way that is common: from outer voxel to outer voxel."""
    whole = tuple(slice(0, count) for count in tumour.grid.shape_kji)
    inner, outer = border_boxes(tumour, whole), border_boxes(zone, whole)
    return float(cKDTree(outer).query(inner)[0].min())


# %%
# Spheres of 6 to 15 mm radius in zones that reach 2 to 9 mm farther, off centre, at places that no
# grid knows.

rng = np.random.default_rng(7)
errors = {}
for spacing in ((1.0, 0.75, 0.75), (2.5, 0.75, 0.75)):
    for _ in range(12):
        radius = rng.uniform(6.0, 15.0)
        reach = radius + rng.uniform(2.0, 9.0)
        offset = rng.standard_normal(3)
        offset *= rng.uniform(0.0, min(4.0, reach - radius)) / np.linalg.norm(offset)
        shape = tuple(int(np.ceil(2.0 * (reach + 8.0) / step)) for step in spacing)
        affine = np.eye(4)
        affine[:3, :3] = np.diag(spacing)[::-1]  # array axes k, j, i run along z, y, x
        affine[:3, 3] = -0.5 * (np.array(shape) * spacing)[::-1] + rng.uniform(-0.5, 0.5, 3)
        grid = Grid(shape_kji=shape, lps_from_index=affine, frame=Frame(FrameKind.LPS, "spheres"))
        tumour, zone = ball(grid, offset, radius), ball(grid, np.zeros(3), reach)
        margins = signed_distance_to_surface_mm(find_surface(tumour).points_mm, find_surface(zone))
        truth = reach - radius - np.linalg.norm(offset)
        pair = (margins.min() - truth, border_margin_mm(tumour, zone) - truth)
        errors.setdefault(spacing[0], []).append(pair)

# %%
# Above zero a method promises more margin than there is: the dangerous side.

figure, axes = plt.subplots(figsize=(8, 4.6), layout="constrained")
for place, (slice_mm, rows) in enumerate(errors.items()):
    for column, (name, colour) in enumerate((("engine", "#2a9d8f"), ("voxel borders", "#adb5bd"))):
        values = np.array(rows)[:, column]
        spread = place + 0.3 * column + np.linspace(-0.09, 0.09, len(values))
        axes.scatter(spread, values, s=18, color=colour, label=name if place == 0 else None)
        print(
            f"{slice_mm} mm slices, {name}: bias {values.mean():+.2f} mm, "
            f"{values.min():+.2f} to {values.max():+.2f} mm"
        )
axes.axhline(0.0, color="#c1121f", linewidth=1)
axes.set(
    xticks=[0.15, 1.15],
    xticklabels=[f"0.75 x 0.75 x {slice_mm} mm" for slice_mm in errors],
    ylabel="least margin: measured less true, mm",
)
axes.legend()
axes.set_title("Error of the least margin, 12 pairs of spheres")
plt.show()
