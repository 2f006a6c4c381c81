"""
Needles in a phantom
====================

A plate stands over a synthetic patient, held by its fixer arm. Four fixing needles hold the liver
round the tumour, an antenna has bent on its way, and a coaxial cannula carries a second antenna.
Everything lies where the truth says: each needle leans in its bore by a drawn slack, and an arc
begins where the plate stops guiding it.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import map_coordinates

from phantoms.anatomy import build_patient
from phantoms.hardware import (
    DrivenNeedle,
    Needle,
    PlacedPlate,
    ThreadedNeedle,
    arm_parts,
    build_arm,
    build_needle,
    course_of,
    drive_needle,
    needle_parts,
    needles_closest_mm,
    plate_parts,
    points_along,
    truth_of_needle,
)
from phantoms.inserting import insert_parts
from phantoms.motion import inverse_rigid, moved_points
from phantoms.painting import ScanGrid
from phantoms.placing import draw_level_pose
from phantoms.program import signed_distance_mm
from phantoms.scanner import scan_patient
from template_gen import build_default_spec

rng = np.random.default_rng(8)
patient = build_patient(3)
spec = build_default_spec(rows=9, columns=9, pitch_mm=8.0, bore_diameter_mm=2.3)
plate = PlacedPlate(spec, draw_level_pose(patient, spec, np.eye(4), rng))
tumour = moved_points(inverse_rigid(plate.lps_from_template), patient.tumour_centre_mm)

# %%
# Needles through bores. A bore is named like a cell of a spreadsheet, and a depth is what the
# needle's scale reads at the plate.


def driven(needle: Needle, bore: str, depth_mm: float) -> DrivenNeedle:
    """Drive a needle; its slack is drawn."""
    return drive_needle(needle, plate, bore, depth_mm, rng)


deep = float(tumour[2])
fixing = [
    driven(build_needle("fixing", name, gauge=15, length_mm=200.0), bore, deep + 5.0)
    for name, bore in (("F1", "C3"), ("F2", "F3"), ("F3", "E8"), ("F4", "C7"))
]
antenna = build_needle(
    "antenna", "A1", gauge=14, length_mm=200.0, bend_radius_mm=400.0, bend_direction_rad=2.6
)
bent = driven(antenna, "E5", deep + 9.5)
cannula = driven(build_needle("coaxial", "C1", gauge=14, length_mm=deep), "F6", deep - 30.0)
slim = build_needle("antenna", "A2", gauge=17, length_mm=deep + 70.0)
inner = ThreadedNeedle(needle=slim, carrier=cannula, beyond_mm=30.0)
needles = [*fixing, bent, cannula, inner]

# %%
# The arm looks for a way to the rail of the couch that keeps off the skin and off the needles.


def outside_mm(points: np.ndarray) -> np.ndarray:
    """Measure how far points are from the skin."""
    return signed_distance_mm(
        patient.skin, moved_points(inverse_rigid(patient.lps_from_body), points)
    )


middle = patient.field_centre_mm
rail = [middle[0] - 235.0, patient.back_y_mm, plate.lps_from_template[2, 3] + 20.0]
arm = build_arm(plate, rail, outside_body_mm=outside_mm, needles=needles)

# %%
# One scan of the patient, and the hardware put into it as the scanner would have seen it: partial
# volume, point spread, and the noise of the scan.

scan = scan_patient(patient, spacing_kji_mm=(1.25, 0.8, 0.8), rng=rng)
grid = ScanGrid(
    shape_kji=scan.values_hu.shape,
    lps_from_index=scan.lps_from_index,
    thickness_mm=scan.thickness_mm,
)
room = np.eye(4)
placed = [(part, room) for part in arm_parts(arm)]
placed += [(part, plate.lps_from_template) for part in plate_parts(plate)]
placed += [(part, room) for needle in needles for part in needle_parts(needle)]
values = insert_parts(scan.values_hu, placed, grid, point_spread_mm=0.55)

# %%
# Cuts at the window of soft tissue, 400 wide about 40 HU. The last window is wide, for there the
# active zone of the bent antenna shows: a piece of 3 mm that is no metal.

WINDOW = {"cmap": "gray", "vmin": -160, "vmax": 240}
WIDE = {"cmap": "gray", "vmin": -500, "vmax": 3000}
Plane = tuple[np.ndarray, np.ndarray, np.ndarray, float, float]


def cut(plane: Plane) -> np.ndarray:
    """Cut the scan along a plane: centre, way right, way down, width and height, mm."""
    centre, right, down, width, height = plane
    across, along = (np.arange(-0.5 * size, 0.5 * size, 0.4) for size in (width, height))
    points = centre + along[:, None, None] * np.array(down) + across[:, None] * np.array(right)
    index = moved_points(np.linalg.inv(grid.lps_from_index), points)
    return map_coordinates(values, np.moveaxis(index, -1, 0), order=1, cval=-1000, output=float)


tumour_lps = patient.tumour_centre_mm
left, back, feet = np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([0, 0, -1.0])
columns, rows, _ = plate.lps_from_template[:3, :3].T
course = course_of(bent)
along_bend = (course.bend_towards, course.direction)
in_plate = moved_points(plate.lps_from_template, [0.0, 0.0, 0.3 * spec.plate.thickness_mm])
fixed = points_along(course_of(fixing[3]), [150.0])[0]
active = np.mean(truth_of_needle(bent)["active_zone_lps_mm"], axis=0)
cuts: dict[str, Plane] = {
    "axial": (fixed + 25 * left, left, back, 270, 250),
    "coronal, through the tumour": (tumour_lps + 10 * left, left, feet, 200, 185),
    "in the plane of the bend": (0.5 * (in_plate + active), *along_bend, 220, 204),
    "in the plane of the plate": (in_plate, columns, rows, 140, 130),
    "along the cannula and its antenna": (
        points_along(course_of(inner), [slim.length_mm - 70.0])[0], left, back, 150, 139,
    ),
    "the tip of the bent antenna, wide window": (active, *along_bend, 50, 46),
}  # fmt: skip
figure, axes = plt.subplots(2, 3, figsize=(16, 10), layout="constrained")
for axis, (title, plane) in zip(axes.flat, cuts.items(), strict=True):
    axis.imshow(cut(plane), **(WIDE if "wide" in title else WINDOW))
    axis.set(xticks=[], yticks=[], title=title)
plt.show()

# %%
# What the truth says of the needles, and how near they come to each other.

for needle in needles:
    true = truth_of_needle(needle)
    lean = f", leaning {true['slack_tilt_deg']:.2f}°" if "slack_tilt_deg" in true else ""
    print(f"{true['name']} {true['gauge']}G, tip at {np.round(true['tip_lps_mm'], 1)}{lean}")
closest = needles_closest_mm(bent, inner)
print(f"A1 and A2 come within {closest.clearance_mm:.1f} mm of each other")
