"""Random frames, motions, grids, zones and tilts, with the awkward values drawn on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform, matrix_from_rotation_and_shift
from navigator.model.volume import Grid

if TYPE_CHECKING:
    from navigator.arrays import Floats

settings.register_profile("navigator", deadline=None, derandomize=True, max_examples=50)
settings.load_profile(
    "navigator"
)  # a shared machine has no deadlines, and a red run can be run again

ROOM_MM = 500.0
"""Coordinates in a scanner's bore stay below it."""

SUBNORMAL_RAD = (5e-324, -5e-324, 1e-310, -1e-310, 2.2e-308)
"""Angles whose square or reciprocal is not a number that float64 holds."""

SPECIAL_ANGLES_RAD = (
    0.0,
    -0.0,
    *SUBNORMAL_RAD,
    1e-160,
    1e-8,
    np.pi / 2,
    -np.pi / 2,
    np.pi,
    -np.pi,
    np.nextafter(np.pi, 4.0),
    2 * np.pi,
    -2 * np.pi,
)
"""Where formulas for rotations break: nothing, half turns, and a whole turn taken twice."""


def frames(kind: FrameKind | None = None) -> st.SearchStrategy[Frame]:
    """Draw a frame, of one kind where one is given."""
    kinds = st.sampled_from(FrameKind) if kind is None else st.just(kind)
    return st.builds(Frame, kinds, st.text("0123456789.", min_size=1, max_size=12))


def coordinates_mm(limit_mm: float = ROOM_MM) -> st.SearchStrategy[float]:
    """Draw a coordinate."""
    return st.floats(-limit_mm, limit_mm)


@st.composite
def points_mm(draw: st.DrawFn, limit_mm: float = ROOM_MM) -> Floats:
    """Draw one point, (3,), millimetres."""
    return np.array([draw(coordinates_mm(limit_mm)) for _ in range(3)])


@st.composite
def point_sets_mm(draw: st.DrawFn, count: int, spread_mm: float = 60.0) -> Floats:
    """Draw points that span space: the corner of a box and scattered others, (n, 3)."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corner = spread_mm * np.vstack([np.zeros(3), np.eye(3)])
    rest = rng.uniform(-spread_mm, spread_mm, size=(max(count - 4, 0), 3))
    return np.vstack([corner, rest])[:count] + draw(points_mm(100.0))


@st.composite
def directions(draw: st.DrawFn) -> Floats:
    """Draw a unit vector, axes and their neighbours included, (3,)."""
    signed_axes = [sign * axis for axis in np.eye(3) for sign in (1.0, -1.0)]
    if draw(st.booleans()):
        return draw(st.sampled_from(signed_axes))
    height, turn = draw(st.floats(-1.0, 1.0)), draw(st.floats(0.0, 2 * np.pi))
    across = np.sqrt(1.0 - height**2)
    return np.array([across * np.cos(turn), across * np.sin(turn), height])


def angles_rad() -> st.SearchStrategy[float]:
    """Draw an angle: any, nearly none, exactly a half turn, or a whole turn too much."""
    return st.one_of(
        st.sampled_from(SPECIAL_ANGLES_RAD),
        st.floats(-2 * np.pi, 2 * np.pi, allow_subnormal=True),
    )


@st.composite
def rotations(draw: st.DrawFn) -> Floats:
    """Draw a rotation matrix by scipy, which shares no code with ours, (3, 3)."""
    return Rotation.from_rotvec(draw(angles_rad()) * draw(directions())).as_matrix()


@st.composite
def rigid_transforms(
    draw: st.DrawFn, *, target: Frame | None = None, source: Frame | None = None
) -> RigidTransform:
    """Draw a rigid motion between two frames."""
    return RigidTransform(
        matrix=matrix_from_rotation_and_shift(draw(rotations()), draw(points_mm())),
        target=target or draw(frames()),
        source=source or draw(frames()),
    )


@st.composite
def grids(draw: st.DrawFn, *, sheared: bool | None = None) -> Grid:
    """Draw a grid: anisotropic, oblique, any handedness; sheared, not, or either."""
    spacing = [draw(st.floats(0.4, 8.0)) for _ in range(3)]
    signs = [draw(st.sampled_from([1.0, -1.0])) for _ in range(3)]
    axes = draw(rotations()) * signs
    has_shear = draw(st.booleans()) if sheared is None else sheared
    if has_shear:
        tilt = np.deg2rad(draw(st.floats(1.0, 30.0)) * draw(st.sampled_from([1.0, -1.0])))
        axes = np.stack(
            [np.cos(tilt) * axes[:, 0] + np.sin(tilt) * axes[:, 1], axes[:, 1], axes[:, 2]], axis=1
        )
    affine = matrix_from_rotation_and_shift(axes * spacing, draw(points_mm()))
    counts = [draw(st.integers(1, 12)) for _ in range(3)]
    return Grid(
        shape_kji=(counts[0], counts[1], counts[2]),
        lps_from_index=affine,
        frame=draw(frames(FrameKind.LPS)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spheroid:
    """An ellipsoid of revolution, half axes in millimetres."""

    centre_mm: Floats
    axis: Floats
    along_radius_mm: float
    across_radius_mm: float


@st.composite
def spheroids(draw: st.DrawFn) -> Spheroid:
    """Draw an ellipsoid of the size of ablation zones: long, flat, or a sphere."""
    along = draw(st.floats(4.0, 40.0))
    ratio = draw(st.one_of(st.just(1.0), st.floats(0.3, 3.0)))
    return Spheroid(
        centre_mm=draw(points_mm(200.0)),
        axis=draw(directions()),
        along_radius_mm=along,
        across_radius_mm=along * ratio,
    )


def tilts_deg(largest_deg: float = 89.0) -> st.SearchStrategy[float]:
    """Draw a protractor angle, the readings at which signs change included."""
    marks = [0.0, -0.0, 45.0, -45.0, largest_deg, -largest_deg]
    return st.one_of(st.sampled_from(marks), st.floats(-largest_deg, largest_deg))


@st.composite
def protractor_gravities(draw: st.DrawFn) -> Floats:
    """Draw a gravity that a protractor can be used under: supine, prone, or up to 60° off, (3,)."""
    lying = draw(st.sampled_from([1.0, -1.0]))
    sideways, headwards = draw(st.floats(-0.6, 0.6)), draw(st.floats(-0.6, 0.6))
    return draw(st.floats(0.1, 10.0)) * np.array([sideways, lying, headwards])
