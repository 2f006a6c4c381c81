"""
What is lost when an outline becomes voxels
===========================================

A radiotherapy structure is a stack of polygons; a plan needs voxels. The engine computes the area
of each pixel inside the outline exactly, and a pixel belongs from one half on. So it knows how much
was drawn, and says how much of it the voxels keep. Here both are shown for a narrow vessel.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.path import Path

from navigator.imaging.coverage import measure_coverage


def vessel(width: float, turn: float) -> np.ndarray:
    """Draw a vessel of a width in pixels as a bent band: corners (j, i)."""
    along = np.linspace(0.0, 1.0, 60)
    middle = np.stack([4.0 + 6.0 * along**2, 2.0 + 18.0 * along], axis=1)
    across = np.stack([np.gradient(middle[:, 1]), -np.gradient(middle[:, 0])], axis=1)
    across *= 0.5 * width / np.linalg.norm(across, axis=1, keepdims=True)
    band = np.concatenate([middle + across, (middle - across)[::-1]])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return (band - band.mean(axis=0)) @ rotation.T + [12.0, 12.0]


def by_area(outline: np.ndarray, count: int = 25) -> np.ndarray:
    """Give the share of each pixel inside."""
    found = measure_coverage([outline])
    shares = np.zeros((count, count))
    (j, i), (height, width) = found.start_ji, found.odd_shares.shape
    shares[j : j + height, i : i + width] = found.odd_shares
    return shares


def by_centre(outline: np.ndarray, count: int = 25) -> np.ndarray:
    """Ask for the centre of each pixel."""
    places = np.stack(np.meshgrid(range(count), range(count), indexing="ij"), axis=-1)
    return Path(outline).contains_points(places.reshape(-1, 2)).reshape(count, count)


# %%
# One vessel, a pixel and a tenth wide. Its exact shares, what half of the area makes of them, and
# what the centres make of it.

outline = vessel(1.1, 0.4)
shares = by_area(outline)
figure, axes = plt.subplots(1, 3, figsize=(10, 2.4), layout="constrained")
pictures = (
    ("share of each pixel", shares),
    ("half of the area or more", shares >= 0.5),
    ("centre inside", by_centre(outline)),
)
for axis, (name, picture) in zip(axes, pictures, strict=True):
    axis.imshow(picture, cmap="GnBu", vmin=0.0, vmax=1.4)
    axis.plot(*np.vstack([outline, outline[:1]]).T[::-1], color="#c1121f", linewidth=1)
    axis.set(title=name, xticks=[], yticks=[], xlim=(0, 24), ylim=(18, 7))
plt.show()

# %%
# How much of the true area each way finds, for bands of several widths at 40 turns. The shares are
# exact. Cut at one half they lose about as much as the usual question loses, whether a pixel's
# centre lies inside: no way of choosing whole pixels keeps a vessel that is narrower than two. The
# centres alone do not know what was lost; the shares do, and a loss of a tenth has to be confirmed.

widths = np.array([0.6, 0.8, 1.0, 1.3, 1.8, 2.5, 4.0])
rows = {"share of each pixel": [], "half of the area or more": [], "centre inside": []}
for width in widths:
    errors = []
    for turn in np.linspace(0.0, np.pi, 40, endpoint=False):
        band = vessel(width, turn)
        j, i = band.T
        truth = 0.5 * abs(j @ np.roll(i, -1) - i @ np.roll(j, -1))
        exact = by_area(band)
        errors.append([exact.sum(), (exact >= 0.5).sum(), by_centre(band).sum()] / truth - 1.0)
    for name, column in zip(rows, np.array(errors).T, strict=True):
        rows[name].append((column.mean(), column.std()))

figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
colours = ("#264653", "#2a9d8f", "#e76f51")
for (name, values), colour in zip(rows.items(), colours, strict=True):
    mean, spread = 100.0 * np.array(values).T
    axes.errorbar(widths, mean, yerr=spread, color=colour, label=name, capsize=3)
    print(f"{name}: {mean.round(1).tolist()} % of area, spread {spread.round(1).tolist()}")
axes.axhline(0.0, color="#adb5bd", linewidth=1)
axes.set(xlabel="width of the vessel, pixels", ylabel="area found less true, %")
axes.legend()
axes.set_title("Area of a narrow outline as pixels: mean and spread of 40 turns")
plt.show()
