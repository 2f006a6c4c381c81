"""
The plate's pose from its marker spheres
========================================

Six spheres of 5 mm sit in the plate at two depths. In the CT each becomes a bright spot; weighing
its voxels gives the centre far finer than a voxel. The spots are named by their distances to each
other, and one rigid fit gives the pose. Below, a plate over a block of tissue is scanned at three
slice spacings and found again.
"""

import matplotlib.pyplot as plt
import numpy as np

from navigator.detection.plate import locate_plate
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.volume import Grid, Volume
from phantoms.detector import blur_and_add_noise
from phantoms.hardware import PlacedPlate, plate_parts
from phantoms.motion import moved_points, rigid_about, rotation_about
from phantoms.painting import ScanGrid, paint_parts
from phantoms.shapes import RoundedBox
from phantoms.tissues import MUSCLE, Part
from template_gen import build_default_spec, marker_points_mm

spec = build_default_spec(rows=3, columns=3, pitch_mm=35.0, bore_diameter_mm=2.6)
SIZE_MM = np.array([150.0, 110.0, 150.0])  # along z, y, x
BLOCK = Part(
    name="tissue",
    shape=RoundedBox(centre_mm=[0, 45, 0], half_extent_mm=[70, 25, 70], edge_radius_mm=5),
    tissue=MUSCLE,
)


def scan_plate(slice_mm: float, rng: np.random.Generator) -> tuple[Volume, np.ndarray]:
    """Paint a plate that lies nearly level over the block; give the scan and the true pose."""
    spacing = np.array([slice_mm, 0.8, 0.8])
    shape = tuple(np.ceil(SIZE_MM / spacing).astype(int).tolist())
    affine = np.eye(4)
    affine[:3, :3] = np.diag(spacing)[:, ::-1].T  # array axes k, j, i run along z, y, x
    affine[:3, 3] = -0.5 * (SIZE_MM - spacing)[::-1]
    grid = ScanGrid(shape_kji=shape, lps_from_index=affine, thickness_mm=slice_mm)
    level = np.eye(4)
    level[:3, :3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]  # columns left, rows to the feet, z down
    turn = rotation_about(rng.standard_normal(3), np.deg2rad(rng.uniform(1.0, 8.0)))
    pose = rigid_about(turn, np.zeros(3), rng.uniform(-3.0, 3.0, 3)) @ level
    placed = [(BLOCK, np.eye(4))]
    placed += [(part, pose) for part in plate_parts(PlacedPlate(spec, pose))]
    hu, _ = paint_parts(placed, grid)
    blur_and_add_noise(hu, grid, 12.0, rng)
    frame = Frame(FrameKind.LPS, f"block at {slice_mm} mm")
    return Volume(hu, Grid(shape_kji=shape, lps_from_index=affine, frame=frame)), pose


# %%
# Error of the pose at the plate and 100 mm below it, four poses for each spacing.

rng = np.random.default_rng(4)
below = np.array([0.0, 0.0, spec.plate.thickness_mm + 100.0])
errors = {}
for slice_mm in (1.0, 2.5, 5.0):
    for _ in range(4):
        volume, pose = scan_plate(slice_mm, rng)
        located = locate_plate(volume, spec)
        found = located.lps_from_template
        centres = np.stack([marker.lps_mm for marker in located.markers])
        errors.setdefault(slice_mm, []).append(
            (
                np.linalg.norm(centres - moved_points(pose, marker_points_mm(spec)), axis=1).max(),
                np.linalg.norm(found.map_points(below) - moved_points(pose, below)),
                located.expected_tre_mm,
            )
        )

# %%
# Left: the slice nearest to one marker, with the centre that was found. Right: the errors. What the
# engine expects is a root mean square, and never assumes a centre that is better than 0.1 mm.

figure, (picture, chart) = plt.subplots(1, 2, figsize=(12, 4.8), layout="constrained")
for offset, (title, colour) in enumerate(
    (
        ("worst marker centre", "#457b9d"),
        ("error 100 mm below the plate", "#c1121f"),
        ("what the engine expected there", "#adb5bd"),
    )
):
    for place, values in enumerate(errors.values()):
        column = [row[offset] for row in values]
        chart.scatter(
            np.full(len(column), place + 0.2 * (offset - 1)),
            column,
            color=colour,
            label=title if place == 0 else None,
        )
chart.set(
    xticks=range(len(errors)),
    xticklabels=[f"{spacing:g} mm slices" for spacing in errors],
    ylabel="mm",
    ylim=(0, None),
)
chart.legend()
chart.set_title("Four poses for each spacing")

# the slice nearest to one marker, with the centre that was found
marker = located.markers[0]
k, j, i = volume.grid.indices_from_points(marker.lps_mm)
spacing = volume.grid.spacing_mm
picture.imshow(
    volume.values_hu[round(k)], cmap="gray", vmin=-1000, vmax=1200, aspect=spacing[1] / spacing[2]
)
picture.plot(i, j, "+", color="#e63946", markersize=16, markeredgewidth=2)
picture.annotate(marker.label, (i, j), xytext=(16, 20), textcoords="offset points", color="#e63946")
picture.set(xticks=[], yticks=[], title="Axial slice of 5 mm: air, plate, tissue")
plt.show()

# %%
# With real plates the error is larger than this: the marker pockets are printed and the plate
# bends. See the page on the plate's pose for what is and is not in these figures.

for spacing_mm, rows in errors.items():
    worst = np.max(rows, axis=0)
    print(f"{spacing_mm:g} mm: worst centre {worst[0]:.2f} mm, worst at depth {worst[1]:.2f} mm")
