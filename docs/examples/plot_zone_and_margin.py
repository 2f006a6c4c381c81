"""
Zone and margin of one antenna
==============================

The zone of a device is a published row, never a guess. Makers print what they measured outside the
body; in a perfused liver it is smaller. Here both stand round one tumour of 20 mm whose centre lies
2 mm beside the antenna.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, Ellipse

from navigator.ablation.lesions import build_sphere_lesion
from navigator.ablation.margin import measure_margin, signed_margins_mm
from navigator.ablation.zones import find_zone_size, place_zone
from navigator.geometry.frames import Frame, FrameKind
from navigator.io.antennas import load_zone_records
from navigator.model.ablation import ZoneSize
from navigator.model.trajectory import Trajectory

frame = Frame(FrameKind.LPS, "a drawing")
antenna = {"device": "Medtronic Emprint", "power_w": 100.0, "time_s": 420.0}
sizes = {
    setting: find_zone_size(load_zone_records(), setting=setting, **antenna)
    for setting in ("manufacturer", "in-vivo")
}
expected = sizes["in-vivo"]

# the needle comes from above (here z falls toward the tip) and its zone is centred on the tumour
tip = np.array([2.0, 0.0, -expected.centre_to_tip_mm.value])
way = Trajectory(entry_mm=tip + np.array([0.0, 0.0, 90.0]), tip_mm=tip, frame=frame)
lesion = build_sphere_lesion(
    name="L1", centre_mm=[0, 0, 0], diameter_mm=20.0, wanted_margin_mm=5.0, frame=frame
)
zone = place_zone(expected, way)
margin = measure_margin(lesion, [zone])
print(f"long axis  {expected.long_axis_mm.low:.1f} to {expected.long_axis_mm.high:.1f} mm")
print(f"short axis {expected.short_axis_mm.low:.1f} to {expected.short_axis_mm.high:.1f} mm")
print(f"least margin {margin.mam_mm.value:.1f} mm")
print(f"          in {margin.mam_mm.low:.1f} to {margin.mam_mm.high:.1f} mm")

# %%
# The margin is signed: positive where the zone reaches beyond the tumour's surface. The least one,
# MAM, is where the tumour is nearest to leaving the zone. The band is what the range of published
# zones in living liver makes of it.

figure, (side, curve) = plt.subplots(1, 2, figsize=(12, 5.2), layout="constrained")


def outline(size: ZoneSize, attribute: str, **style: str | float) -> None:
    """Draw the cut of a zone with the plane that holds the needle."""
    along, across = (getattr(size, f"{axis}_axis_mm") for axis in ("long", "short"))
    centre = place_zone(size, way).centre_mm
    side.add_patch(
        Ellipse(
            (centre[0], centre[2]),
            getattr(across, attribute),
            getattr(along, attribute),
            fill=False,
            **style,
        )
    )


outline(sizes["manufacturer"], "value", color="#8d99ae", linestyle=":", label="maker's table")
outline(expected, "low", color="#ff9f1c", linestyle="--", label="in vivo, low and high")
outline(expected, "high", color="#ff9f1c", linestyle="--")
outline(expected, "value", color="#e76f00", linewidth=2.5, label="in vivo, expected")
side.add_patch(Circle((0, 0), 10.0, color="#d7263d", alpha=0.35, label="tumour, 20 mm"))
side.plot([tip[0]] * 2, [60, tip[2]], color="#333333", linewidth=3, label="antenna")
side.set(xlim=(-27, 27), ylim=(-27, 32), aspect="equal", xlabel="mm", ylabel="mm")
side.legend(fontsize=8, loc="upper left")
side.set_title("Zone round the tumour")

angles = np.linspace(-180.0, 180.0, 361)
turn = np.deg2rad(angles)
ring = 10.0 * np.stack([np.sin(turn), np.zeros_like(turn), np.cos(turn)], axis=1)
low, value, high = (
    signed_margins_mm(ring, [zone], bound=bound) for bound in ("low", "value", "high")
)
curve.fill_between(angles, low, high, color="#ff9f1c", alpha=0.25, label="range of the zone")
curve.plot(angles, value, color="#e76f00", linewidth=2.5, label="expected")
curve.axhline(5.0, color="#2a9d8f", linestyle="--", label="wanted: 5 mm")
curve.axhline(0.0, color="#d7263d", linewidth=1, label="below it: tumour left")
curve.set(
    xlabel="place on the tumour's outline (0° toward the hub, 90° right)",
    ylabel="signed margin, mm",
    xlim=(-180, 180),
    xticks=range(-180, 181, 90),
)
curve.legend(fontsize=8)
curve.set_title("Margin along that outline")
plt.show()

# %%
# Where the numbers come from is part of the result.

for source in expected.sources:
    print("-", source)
