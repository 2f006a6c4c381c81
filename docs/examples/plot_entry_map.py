"""
Where a needle may come from
============================

Every direction that the protractor can set is tried from the tumour's centre outward. Some meet a
rib, some pass too near a vessel, some leave the scan. The map shows what is left; the plan then
stands the plate in the best of these directions and chooses bore, depth, power and time.
"""

import io
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np

from navigator.ablation.lesions import build_mask_lesion
from navigator.ablation.margin import signed_margins_mm
from navigator.ablation.zones import find_zone_size
from navigator.geometry.frames import Frame, FrameKind
from navigator.imaging.resample import sample_membership
from navigator.imaging.tissue import find_body, find_imaged
from navigator.io.antennas import load_zone_records
from navigator.model.anatomy import LabelMap, structure_from_name
from navigator.model.device import Antenna
from navigator.model.plan import Provenance
from navigator.model.volume import Grid, Volume
from navigator.planning.clearance import (
    bound_clearances_mm,
    build_clearance_field,
    interpolation_doubt_mm,
)
from navigator.planning.directions import protractor_normals
from navigator.planning.entries import find_skin_entries
from navigator.planning.one_antenna import plan_one_antenna
from navigator.planning.scene import Constraints, ScannedBody, Scene
from navigator.report.planes import anatomical_planes
from navigator.report.slices import Outline, draw_slices
from phantoms.anatomy import build_patient
from phantoms.scanner import scan_patient
from phantoms.tissues import LABELS
from template_gen import build_default_spec

# %%
# A synthetic patient, scanned coarsely so that this page is quick.

scan = scan_patient(
    build_patient(3), spacing_kji_mm=(3.0, 1.8, 1.8), rng=np.random.default_rng(0), with_labels=True
)
frame = Frame(FrameKind.LPS, scan.series_uid)
grid = Grid(shape_kji=scan.values_hu.shape, lps_from_index=scan.lps_from_index, frame=frame)
volume = Volume(scan.values_hu, grid)
labels = LabelMap(
    values=scan.labels,
    grid=grid,
    structures=tuple(structure_from_name(name, (value,)) for name, value in LABELS.items()),
)
gravity = np.array([0.0, 1.0, 0.0])
limits = Constraints(
    min_clearance_mm={"bone": 2.0, "vessel": 3.0, "lung": 5.0, "bowel": 10.0},
    protractor_step_deg=2.0,
)
scene = Scene(
    lesion=build_mask_lesion(name="L1", mask=labels.mask("gtv"), wanted_margin_mm=5.0),
    patient=ScannedBody(scan=volume, body=find_body(volume), imaged=find_imaged(volume)),
    obstacles={name: labels.mask(name) for name in limits.min_clearance_mm},
    gravity_lps=gravity,
    antenna=Antenna(name="Medtronic Emprint", diameter_mm=2.4),
    sizes=tuple(
        find_zone_size(
            load_zone_records(),
            device="Medtronic Emprint",
            power_w=100.0,
            time_s=time_s,
            setting="in-vivo",
        )
        for time_s in (300.0, 420.0, 600.0)
    ),
    constraints=limits,
)

# %%
# The quick look at all directions: how much clearance is likely to be left beyond each limit. The
# planner's bound is generous by the doubt of the interpolation, so that no way is lost by it.

normals, _ = protractor_normals(limits, gravity)
centre = scene.lesion.centre_mm
tips = centre + 12.0 * normals
entries = find_skin_entries(scene.patient, np.repeat(centre[None], len(normals), 0), normals)
depths = entries.depths_mm + 12.0
free = entries.usable & (np.nan_to_num(depths, nan=np.inf) <= limits.max_insertion_depth_mm)
reach = limits.max_insertion_depth_mm
field = build_clearance_field(scene.obstacles, np.stack([centre - reach, centre + reach]))
skin = tips - np.where(free, depths, 1.0)[:, None] * normals
spare = bound_clearances_mm(field, skin, tips, scene.antenna.diameter_mm)
spare -= np.array([limits.min_clearance_mm[name] for name in field.names])
spare -= interpolation_doubt_mm(field)
plan = plan_one_antenna(
    scene,
    build_default_spec(rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=2.6),
    Provenance(input_hashes={}, engine_version="example"),
)
needle, angles = plan.needles[0], plan.placement.angles
print(f"bore {needle.bore}, guide depth {needle.guide_depth_mm:.0f} mm")
print(f"{free.sum()} of {len(free)} directions meet clean skin in reach;")
print(f"{(free & (spare.min(axis=1) >= 0)).sum()} of them are likely to keep every limit")

# %%
# Grey: no clean skin entry within the scan and the depth. Colours: the structure that is too near.
# Yellow to green: free, the greener the more room.

lateral = np.rad2deg(np.arctan2(normals @ [1, 0, 0], normals @ gravity))
cranial = np.rad2deg(np.arcsin(normals @ [0, 0, 1]))
figure, axes = plt.subplots(figsize=(7.5, 6.6), layout="constrained")
axes.scatter(lateral[~free], cranial[~free], s=30, color="#d0d4d9", label="no skin entry in reach")
worst = spare.argmin(axis=1)
colours = {"bone": "#8d6e63", "vessel": "#4d96ff", "lung": "#b39ddb", "bowel": "#f48fb1"}
for column, name in enumerate(field.names):
    near = free & (spare.min(axis=1) < 0) & (worst == column)
    if near.any():
        axes.scatter(lateral[near], cranial[near], s=30, color=colours[name], label=f"near {name}")
good = free & (spare.min(axis=1) >= 0)
shown = axes.scatter(
    lateral[good],
    cranial[good],
    s=30,
    c=spare.min(axis=1)[good],
    cmap="summer_r",
    vmin=0,
    vmax=10,
)
figure.colorbar(shown, label="room beyond the limits, mm", shrink=0.7)
axes.plot(
    angles.lateral_tilt_deg,
    angles.craniocaudal_tilt_deg,
    marker="*",
    markersize=17,
    color="#c1121f",
    linestyle="none",
    label="plan",
)
axes.set(
    xlabel="lateral tilt, degrees (right of 0: tip to patient's left)",
    ylabel="craniocaudal tilt, degrees (above 0: tip to head)",
    aspect="equal",
)
axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize=8, frameon=False)
axes.set_title("Allowed directions on the protractor")
plt.show()

# %%
# The plan in the scan: axial from the feet, coronal from the front. The needle is solid where it
# lies in the plane, dotted where it does not.


def member(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Give the outline of a structure."""
    return lambda points: sample_membership(labels.mask(name), points) - 0.5


outlines = (
    Outline(name="tumour", colour="#ff3b5c", field=member("gtv"), width_pt=2.0),
    Outline(
        name="expected zone",
        colour="#ff9f1c",
        field=lambda points: signed_margins_mm(points, [needle.zone]),
        width_pt=2.0,
    ),
    Outline(name="bone", colour="#f1f1e6", field=member("bone")),
    Outline(name="vessel", colour="#4d96ff", field=member("vessel")),
)
way = needle.trajectory
hub = way.tip_mm - needle.guide_depth_mm * way.direction
picture = draw_slices(volume, anatomical_planes(centre, 110.0)[:2], outlines, way, hub)
figure, axes = plt.subplots(figsize=(10.8, 5.4), layout="constrained", facecolor="#0b0e12")
axes.imshow(plt.imread(io.BytesIO(picture)))
axes.axis("off")
plt.show()
