"""
Hard cases
==========

Six of the named cases, each drawn through the thing that it asks about: lung above the dome, a
ball on the skin that is no marker, a second antenna across the first, the couch rolled under a
level plate, a field that cuts the patient off, and what an ablation has left.
"""

import matplotlib.pyplot as plt
import numpy as np

from phantoms.cases import scan_after, scan_on_table, table_grid
from phantoms.field import slices_near
from phantoms.setups import set_up_case

SEED = 4
NAMES = (
    "dome-under-lung",
    "false-bright-spots",
    "antennas-crossing",
    "couch-rolled",
    "truncated-field",
    "ablation-incomplete",
)
WINDOW_HU = (-160.0, 240.0)


def picture(name: str) -> tuple[np.ndarray, float]:
    """Scan a few slices of a case, or for the dome all: the picture and its pixels' aspect."""
    setup, rng = set_up_case(name, SEED), np.random.default_rng(1)
    print(f"{name}: {setup.recipe.question}")
    whole = table_grid(setup, rng)
    if name == "dome-under-lung":
        values_hu = scan_on_table(setup, rng, grid=whole).values_hu
        index = np.linalg.inv(whole.lps_from_index) @ np.append(setup.target_mm, 1.0)
        return values_hu[::-1, round(index[1])], 2.5
    at = setup.stickers_mm[1] if len(setup.stickers_mm) else setup.target_mm
    if setup.zone is not None:
        return scan_after(setup, rng, grid=slices_near(whole, at, 1)).values_hu[0], 1.0
    thick = 9 if name == "antennas-crossing" else 1
    return scan_on_table(setup, rng, grid=slices_near(whole, at, thick)).values_hu.max(axis=0), 1.0


figure, panels = plt.subplots(2, 3, figsize=(15, 9.0), layout="constrained")
for panel, name in zip(panels.flat, NAMES, strict=True):
    values_hu, aspect = picture(name)
    panel.imshow(values_hu, cmap="gray", vmin=WINDOW_HU[0], vmax=WINDOW_HU[1], aspect=aspect)
    panel.set_title(name, fontsize=11)
    panel.set_axis_off()
plt.show()
