"""The aorta and its branches, and the small vessels of the mesentery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phantoms import tissues
from phantoms.organs.curves import in_pieces, smooth_tube
from phantoms.tissues import Part

if TYPE_CHECKING:
    from phantoms.physique import Physique

MESENTERIC_TWIGS = 90


def aorta_parts(physique: Physique) -> list[Part]:
    """Build the aorta in front of the spine, with the coeliac trunk and its branches."""
    y = physique.spine_y_mm - 30.0
    tubes = {
        "aorta": [[30, y + 16, 160, 12], [24, y + 12, 20, 11.5], [10, y + 1, -60, 11],
                  [6, y, -150, 9.5], [4, y + 1, -330, 8.5]],
        "coeliac trunk": [[7, y - 8, -94, 3.8], [6, y - 17, -97, 3.6], [7, y - 24, -98, 3.2]],
        "splenic artery": [[7, y - 24, -98, 2.8], [24, y - 14, -92, 2.6], [44, y - 2, -94, 2.5],
                           [62, y + 14, -82, 2.3], [80, y + 24, -76, 1.8]],
        "hepatic artery": [[7, y - 24, -98, 2.6], [-8, y - 32, -104, 2.4],
                           [-20, y - 32, -102, 2.2], [-30, y - 30, -94, 1.7],
                           [-40, y - 26, -88, 1.4]],
        "mesenteric artery": [[6, y - 8, -112, 4], [5, y - 18, -122, 3.6],
                              [3, y - 23, -170, 3.2], [8, y - 26, -250, 2.4]],
        "mesenteric vein": [[-14, y - 24, -124, 5.5], [-10, y - 25, -170, 5.0],
                            [-2, y - 26, -250, 3.6]],
        "splenic vein": [[-12, y - 22, -118, 4.6], [18, y - 20, -112, 4.4],
                         [48, y - 1, -100, 4.0], [78, y + 22, -84, 3.0]],
        "left renal vein": [[-14, y - 8, -134, 4.6], [8, y - 15, -134, 4.4],
                            [32, y + 3, -138, 4.4], [48, y + 14, -140, 4.0]],
        "right renal vein": [[-20, y - 2, -152, 5], [-34, y + 8, -160, 4.6],
                             [-46, y + 14, -166, 4.0]],
        "left renal artery": [[8, y, -136, 2.8], [30, y + 14, -142, 2.6], [50, y + 20, -144, 2.2]],
        "right renal artery": [[4, y + 2, -140, 2.8], [-24, y + 12, -156, 2.6],
                               [-46, y + 20, -170, 2.2]],
    }  # fmt: skip
    return [
        Part(name=name, shape=piece, tissue=tissues.ARTERIAL_BLOOD)
        for name, corners in tubes.items()
        for piece in in_pieces(smooth_tube(corners, 5), 5)
    ]


def mesentery_parts(physique: Physique, rng: np.random.Generator) -> list[Part]:
    """Draw small vessels in the mesenteric fat, so that it does not look poured."""
    width, depth = physique.cavity_half_mm
    y = physique.cavity_centre_y_mm
    parts = []
    for _ in range(MESENTERIC_TWIGS):
        start = np.array([rng.uniform(-0.4, 0.8) * width, y + rng.uniform(-0.7, 0.4) * depth, 0.0])
        start[2] = rng.uniform(-220.0, -70.0)
        course = np.cumsum(rng.normal(0.0, 8.0, (4, 3)), axis=0)
        corners = np.column_stack([start + course, np.linspace(1.8, 0.7, 4)])
        parts.append(
            Part(name="mesenteric twig", shape=smooth_tube(corners, 3), tissue=tissues.PANCREAS)
        )
    return parts
