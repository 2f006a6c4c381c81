"""
Hard cases
==========

Six of the named cases, each drawn through the thing that it asks about: lung above the dome, a
ball on the skin that is no marker, a second antenna across the first, the couch rolled under a
level plate, a field that cuts the patient off, and what an ablation has left.
"""

import matplotlib.pyplot as plt
import numpy as np

from phantoms.cases import scan_after, scan_on_table
from phantoms.motion import moved_points
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
    """Scan a case and cut out what shows its question: the picture and its pixels' aspect."""
    setup, rng = set_up_case(name, SEED), np.random.default_rng(1)
    is_after = setup.zone is not None
    scan = scan_after(setup, rng) if is_after else scan_on_table(setup, rng)
    at = setup.stickers_mm[1] if len(setup.stickers_mm) else setup.target_mm
    k, j, _ = np.rint(moved_points(np.linalg.inv(scan.lps_from_index), at)).astype(int)
    print(f"{name}: {setup.recipe.question}")
    if name == "dome-under-lung":
        return scan.values_hu[::-1, j], 2.5
    if name == "antennas-crossing":
        return scan.values_hu[k - 4 : k + 5].max(axis=0), 1.0
    return scan.values_hu[k], 1.0


figure, panels = plt.subplots(2, 3, figsize=(15, 9.0), layout="constrained")
for panel, name in zip(panels.flat, NAMES, strict=True):
    values_hu, aspect = picture(name)
    panel.imshow(values_hu, cmap="gray", vmin=WINDOW_HU[0], vmax=WINDOW_HU[1], aspect=aspect)
    panel.set_title(name, fontsize=11)
    panel.set_axis_off()
plt.show()
