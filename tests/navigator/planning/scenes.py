"""Small patients for the planner, painted from half-spaces and balls, with exact truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.ablation.lesions import build_sphere_lesion
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.ablation import Interval, ZoneSize
from navigator.model.device import Antenna
from navigator.model.plan import Provenance
from navigator.model.volume import Grid, Mask, Volume
from navigator.planning.scene import Constraints, ScannedBody, Scene
from template_gen import TemplateSpec, build_default_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from navigator.model.anatomy import Lesion

FRAME = Frame(FrameKind.LPS, "small-patient")
DOWN = np.array([0.0, 1.0, 0.0])
PROVENANCE = Provenance(input_hashes={"scan": "00"}, engine_version="test")
SKIN_Y_MM = -40.0
"""The flat patient: everything posterior of this plane."""


def grid(spacing_mm: float = 3.0, count: int = 48, middle: tuple[float, ...] = (0, 0, 0)) -> Grid:
    """Lay a cubic grid about a point, axes (k, j, i) along (z, y, x)."""
    affine = np.zeros((4, 4))
    affine[[2, 1, 0], [0, 1, 2]] = spacing_mm
    affine[3, 3] = 1.0
    affine[:3, 3] = np.array(middle) - spacing_mm * (count - 1) / 2
    return Grid(shape_kji=(count, count, count), lps_from_index=affine, frame=FRAME)


def centres_mm(of: Grid) -> np.ndarray:
    """List the voxel centres, (k, j, i, 3), LPS."""
    indices = np.stack(np.meshgrid(*map(np.arange, of.shape_kji), indexing="ij"), axis=-1)
    return indices @ of.lps_from_index[:3, :3].T + of.lps_from_index[:3, 3]


def painted(of: Grid, inside: Callable[[np.ndarray], np.ndarray]) -> Mask:
    """Paint a structure: a test on points (..., 3)."""
    return Mask(inside(centres_mm(of)), of)


def ball(of: Grid, centre: tuple[float, ...], radius_mm: float) -> Mask:
    """Paint a ball."""
    return painted(of, lambda at: np.linalg.norm(at - centre, axis=-1) <= radius_mm)


def box(of: Grid, low: tuple[float, ...], high: tuple[float, ...]) -> Mask:
    """Paint a box."""
    return painted(of, lambda at: ((at >= low) & (at <= high)).all(axis=-1))


def patient_of(body: Mask, imaged: Mask | None = None) -> ScannedBody:
    """Scan a body: soft tissue inside, air outside, all of it imaged unless said otherwise."""
    everything = Mask(np.ones(body.grid.shape_kji, dtype=bool), body.grid)
    scan = Volume(np.where(body.members, 40.0, -1000.0), body.grid)
    return ScannedBody(scan=scan, body=body, imaged=imaged or everything)


def zone_size(long_mm: float, short_mm: float, tip_mm: float, power_w: float = 60.0) -> ZoneSize:
    """Make a zone without doubt."""
    exact = [Interval(value=v, low=v, high=v) for v in (long_mm, short_mm, tip_mm)]
    return ZoneSize(
        power_w=power_w, time_s=300.0, long_axis_mm=exact[0], short_axis_mm=exact[1],
        centre_to_tip_mm=exact[2], setting="in-vivo", sources=("test",),
    )  # fmt: skip


def lesion(
    centre: tuple[float, ...] = (0, 10, 0), diameter_mm: float = 14.0, margin_mm: float = 5.0
) -> Lesion:
    """Make a ball of a tumour."""
    return build_sphere_lesion(
        name="L1", centre_mm=np.array(centre, dtype=float), diameter_mm=diameter_mm,
        wanted_margin_mm=margin_mm, frame=FRAME,
    )  # fmt: skip


def scene(**changes: Any) -> Scene:  # noqa: ANN401 - fields of a scene are of many kinds
    """Make a flat patient with one obstacle beside the way."""
    of = changes.pop("of", grid())
    body = changes.pop("body", None)
    body = box(of, (-70, SKIN_Y_MM, -70), (70, 70, 70)) if body is None else body
    fields: dict[str, Any] = {
        "lesion": lesion(),
        "patient": patient_of(body),
        "obstacles": {"bone": ball(of, (45, 0, 0), 8.0)},
        "gravity_lps": DOWN,
        "antenna": Antenna(name="test", diameter_mm=2.0),
        "sizes": (zone_size(30.0, 26.0, 14.0),),
        "constraints": Constraints(
            min_clearance_mm={"bone": 2.0}, max_tilt_deg=6.0, protractor_step_deg=2.0
        ),
    }
    return Scene(**{**fields, **changes})


def plate(bore_mm: float = 2.1, rows: int = 5) -> TemplateSpec:
    """Make a small plate."""
    return build_default_spec(rows=rows, columns=rows, pitch_mm=5.0, bore_diameter_mm=bore_mm)
