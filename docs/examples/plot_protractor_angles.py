"""
The three angles on the protractor
==================================

The plate is held by an arm with a protractor. Two tilts say where its normal points, a third angle
how the plate is turned in its own plane. All three are read against gravity, which the case has to
name. Positive *lateral tilt* leans the needle's tip to the patient's left, positive *craniocaudal
tilt* to the head, positive *in-plane rotation* is right-handed about the way in: clockwise for the
operator who faces the plate.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from navigator.model.placement import (
    angles_from_rotation,
    normal_from_tilts,
    rotation_from_normal,
)

LEFT, POSTERIOR, HEAD = np.eye(3)
GRAVITY = POSTERIOR  # a supine patient on a level table: things fall toward the back
COLOURS = {-30: "#1b6ca8", 0: "#444444", 30: "#c0392b"}


def letters(axes: Axes, left: str, right: str, up: str, down: str) -> None:
    """Write on each side of a picture which way the patient lies."""
    places = {(0.04, 0.5): left, (0.96, 0.5): right, (0.5, 0.95): up, (0.5, 0.05): down}
    for (x, y), letter in places.items():
        axes.text(x, y, letter, transform=axes.transAxes, ha="center", va="center", weight="bold")


def draw_tilts(axes: Axes, right: np.ndarray, normals: dict, body: tuple[float, float]) -> None:
    """Draw needles that all end in one tumour, seen along an axis of the patient."""
    up = -POSTERIOR if right is LEFT else HEAD
    axes.add_patch(Ellipse((0, -20), *body, facecolor="#f3e3d3", edgecolor="#b08968"))
    for (angle, word), normal in normals.items():
        start = -115.0 * normal
        xs, ys = [start @ right, 0.0], [start @ up, 0.0]
        axes.plot(
            xs,
            ys,
            color=COLOURS[angle],
            linewidth=2.5,
            label=f"{angle:+d}°: {word}" if angle else "0°: upright",
        )
        head = {"arrowstyle": "-|>", "color": COLOURS[angle], "mutation_scale": 22}
        axes.annotate("", xy=(0.1 * xs[0], 0.1 * ys[0]), xytext=(xs[0], ys[0]), arrowprops=head)
    axes.plot(0, 0, "o", color="#c1121f", markersize=9)
    axes.set(xlim=(-160, 160), ylim=(-160, 140), aspect="equal", xticks=[], yticks=[])
    axes.legend(loc="lower center", fontsize=8, bbox_to_anchor=(0.5, 0.1))


figure, (axial, sagittal, facing) = plt.subplots(1, 3, figsize=(13, 4.8), layout="constrained")

words = {-30: "tip to patient's right", 0: "upright", 30: "tip to patient's left"}
draw_tilts(
    axial,
    LEFT,
    {(a, w): normal_from_tilts(a, 0.0, GRAVITY) for a, w in words.items()},
    body=(290, 190),
)
axial.set_title("Lateral tilt, axial, seen from the feet")
letters(axial, "R", "L", "A", "P")

words = {-30: "tip to feet", 0: "upright", 30: "tip to head"}
normals = {(a, w): normal_from_tilts(0.0, a, GRAVITY) for a, w in words.items()}
draw_tilts(sagittal, POSTERIOR, normals, body=(190, 290))
sagittal.set_title("Craniocaudal tilt, seen from the left")
letters(sagittal, "A", "P", "H", "F")

# The operator faces the patient, whose left is on the operator's right. At zero rotation the
# columns run to the patient's left and the rows to the feet: bore A1 is at the top left.
square = 60.0 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
for angle, colour in ((0, "#444444"), (20, "#2a9d8f")):
    rotation = rotation_from_normal(normal_from_tilts(0.0, 0.0, GRAVITY), angle, GRAVITY)
    corners = square @ rotation[:, :2].T
    facing.plot(
        corners @ LEFT,
        corners @ HEAD,
        color=colour,
        label=f"{angle:+d}° in plane" if angle else "0° in plane",
    )
    first = 50.0 * np.array([-1, -1]) @ rotation[:, :2].T
    facing.text(first @ LEFT, first @ HEAD, "A1", color=colour, ha="center", va="center")
facing.set(xlim=(-110, 110), ylim=(-110, 110), aspect="equal", xticks=[], yticks=[])
facing.set_title("In-plane rotation, facing the patient")
facing.legend(loc="lower right", fontsize=8)
letters(facing, "R", "L", "H", "F")
plt.show()

# %%
# The angles read off a pose are those that were set.

pose = rotation_from_normal(normal_from_tilts(-12.0, 7.0, GRAVITY), 20.0, GRAVITY)
print(angles_from_rotation(pose, GRAVITY))
