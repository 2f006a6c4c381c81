"""
What a scanner does to a patient
================================

The same synthetic patient under different protocols. Everything that a radiographer sets is in one
object, and each setting changes what the software has to cope with: sharpness, noise, contrast,
metal, and how much of the body is in the picture.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from phantoms.anatomy import build_patient
from phantoms.field import protocol_grid
from phantoms.metal import Metal
from phantoms.painting import ScanGrid
from phantoms.protocol import ScanProtocol
from phantoms.scanner import scan_patient
from phantoms.shapes import Tube
from phantoms.tissues import HOLLOW_STEEL, STEEL, Part, Tissue

Needle = tuple[np.ndarray, float, Tissue, str]
"""Points, radius, tissue to paint and metal of a needle."""

patient = build_patient(3)
usual = ScanProtocol(spacing_kji_mm=(2.5, 0.8, 0.8), thickness_mm=2.5)


def slice_through_tumour(protocol: ScanProtocol) -> ScanGrid:
    """Keep the one slice of a protocol's grid that lies nearest to the tumour."""
    whole = protocol_grid(patient, protocol)
    matrix = np.array(whole.lps_from_index)
    place = np.linalg.inv(matrix) @ [*patient.tumour_centre_mm, 1.0]
    matrix[:3, 3] += round(float(place[0])) * matrix[:3, 0]
    return ScanGrid(
        shape_kji=(1, *whole.shape_kji[1:]),
        lps_from_index=matrix,
        thickness_mm=whole.thickness_mm,
    )


def scan(protocol: ScanProtocol, needles: tuple[Needle, ...] = ()) -> np.ndarray:
    """Scan one slice, with needles given as (points, radius, tissue, material)."""
    return scan_patient(
        patient,
        protocol=protocol,
        rng=np.random.default_rng(1),
        devices=[part_of(*needle) for needle in needles],
        metals=[Metal(points_mm=p, radius_mm=r, material=m) for p, r, _, m in needles],
        grid=slice_through_tumour(protocol),
    ).values_hu[0]


def part_of(points: np.ndarray, radius_mm: float, tissue: Tissue, _: str) -> Part:
    """Turn a needle into a part to paint."""
    return Part(name="needle", shape=Tube(points, np.full(2, radius_mm)), tissue=tissue, samples=4)


def show(pictures: dict[str, np.ndarray]) -> None:
    """Draw slices side by side at the window of the liver."""
    _, axes = plt.subplots(
        1, len(pictures), figsize=(4.2 * len(pictures), 3.6), layout="constrained"
    )
    for each, (title, values) in zip(axes, pictures.items(), strict=True):
        each.imshow(values, cmap="gray", vmin=-110, vmax=240, interpolation="bilinear")
        each.set_title(title, fontsize=10)
        each.axis("off")
    plt.show()


# %%
# Kernel and dose. The sharp kernel draws fine edges and pays with four times the noise.

window = np.s_[150:400, 40:330]
show(
    {
        "soft": scan(usual)[window],
        "sharp": scan(replace(usual, kernel="sharp"))[window],
        "soft, a fifth of the dose": scan(replace(usual, dose=0.2))[window],
    }
)

# %%
# Contrast phases. The metastasis in the right lobe stands out most in the portal venous phase.

show(
    {
        phase: scan(replace(usual, phase=phase))[75:415]
        for phase in ("none", "arterial", "portal venous", "delayed")
    }
)

# %%
# Metal. Two needles across the slice: dark between them, bright beside. An antenna in the slice:
# a black shadow runs on from its tip.

middle = patient.tumour_centre_mm
ways = [np.array([[x, -8.0, -40.0], [x, 8.0, 40.0]]) for x in (-12.0, 14.0)]
across = tuple((middle + way, 0.65, STEEL, "steel") for way in ways)
shaft = np.array([[-22.0, -150.0, 2.0], [0.0, 3.0, 0.0]])
within = ((middle + shaft, 0.9, HOLLOW_STEEL, "hollow steel"),)
show(
    {
        "two needles across": scan(usual, across)[window],
        "antenna in the slice": scan(usual, within)[75:415],
        "the same, no streaks": scan(replace(usual, with_streaks=False), within)[75:415],
    }
)

# %%
# A field of view that cuts the patient off, a rolled couch, and rings of a detector that is due for
# calibration.

show(
    {
        "field of 260 mm": scan(
            replace(usual, field_of_view_mm=260.0, spacing_kji_mm=(2.5, 0.51, 0.51))
        ),
        "couch rolled by 8 degrees": scan(replace(usual, couch_roll_deg=8.0)),
        "rings": scan(replace(usual, rings_hu=90.0))[window],
    }
)
