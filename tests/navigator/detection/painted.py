"""A plate with its marker spheres, painted into a scan by supersampling, without `phantoms`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.rigid import RigidTransform, matrix_from_rotation_and_shift
from navigator.model.placement import normal_from_tilts, rotation_from_normal, template_frame
from navigator.model.volume import Grid, Volume
from template_gen.layout import build_default_spec
from tests.navigator.imaging.digitised import FRAME, upright_grid

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from template_gen import TemplateSpec

AIR, WATER, RESIN, SPHERE = -1000.0, 40.0, 120.0, 2800.0
"""HU; glass and ceramic spheres read 2,000 to 3,000."""
NOISE_HU = 25.0
SUPERSAMPLES = 5
"""Along each voxel axis."""
PLATE_AT_MM = np.array([8.3, -101.7, 61.4])
"""Centre of the operator face."""
SUPINE = np.array([0.0, 1.0, 0.0])
SPEC = build_default_spec(rows=15, columns=15, pitch_mm=5.0, bore_diameter_mm=2.1)


def pose_at(
    lateral_deg: float = 0.0,
    craniocaudal_deg: float = 0.0,
    in_plane_deg: float = 0.0,
    *,
    spec: TemplateSpec = SPEC,
    at_mm: Floats = PLATE_AT_MM,
) -> RigidTransform:
    """Set a plate by its protractor on a supine patient."""
    normal = normal_from_tilts(lateral_deg, craniocaudal_deg, SUPINE)
    axes = rotation_from_normal(normal, in_plane_deg, SUPINE)
    return RigidTransform(
        matrix=matrix_from_rotation_and_shift(axes, at_mm),
        target=FRAME,
        source=template_frame(spec),
    )


def scan_grid(spacing_kji_mm: tuple[float, float, float] = (2.5, 1.0, 1.0)) -> Grid:
    """Cover the plate and some centimetres below it."""
    k, j, i = spacing_kji_mm
    counts = (round(160.0 / k), round(100.0 / j), round(160.0 / i))
    return upright_grid(counts, spacing_kji_mm, (-72.0, -130.0, -19.0))


def marker_points(spec: TemplateSpec) -> Floats:
    """Give the centres of a spec's markers, (n, 3), template frame, millimetres."""
    return np.array([[marker.x_mm, marker.y_mm, marker.z_mm] for marker in spec.markers])


def paint_plate(
    grid: Grid, pose: RigidTransform, spec: TemplateSpec, *, seed: int = 1, body_hu: float = WATER
) -> tuple[np.ndarray, np.ndarray]:
    """Paint air, the plate's resin and a body below it; give the noise to be added beside it."""
    # z, y and x of the plate are sums of one term for each array axis: no list of points is needed
    template_from_index = pose.inverse().matrix @ grid.lps_from_index
    k, j, i = np.ogrid[tuple(slice(0, count) for count in grid.shape_kji)]
    x, y, z = (row[0] * k + row[1] * j + row[2] * i + row[3] for row in template_from_index[:3])
    plate = spec.plate
    values = np.where(z > plate.thickness_mm, body_hu, AIR)
    inside = (np.abs(x) <= plate.width_mm / 2) & (np.abs(y) <= plate.height_mm / 2)
    values[inside & (z >= 0.0) & (z <= plate.thickness_mm)] = RESIN
    return values, _noise(grid.shape_kji, seed)


@lru_cache(maxsize=4)
def _noise(shape_kji: tuple[int, int, int], seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal(size=shape_kji, dtype=np.float32)
    return NOISE_HU * drawn


def add_sphere(
    values: np.ndarray, grid: Grid, centre_mm: Floats, *, radius_mm: float = 2.5, hu: float = SPHERE
) -> None:
    """Blend a sphere into the values by the share of each voxel that it fills."""
    reach = np.ceil(radius_mm / grid.spacing_mm).astype(int) + 2
    middle = np.round(grid.indices_from_points(centre_mm)).astype(int)
    low = np.clip(middle - reach, 0, grid.shape_kji)
    high = np.clip(middle + reach + 1, 0, grid.shape_kji)
    fine = (np.arange(SUPERSAMPLES) + 0.5) / SUPERSAMPLES - 0.5
    axes = [(np.arange(a, b)[:, None] + fine).reshape(-1) for a, b in zip(low, high, strict=True)]
    indices = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    distance = np.linalg.norm(grid.points_from_indices(indices) - centre_mm, axis=-1)
    counts = high - low
    filled = (distance <= radius_mm).reshape(
        counts[0], SUPERSAMPLES, counts[1], SUPERSAMPLES, counts[2], SUPERSAMPLES
    )
    share = filled.mean(axis=(1, 3, 5))
    block = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    values[block] += share * (hu - values[block])


def painted_scan(
    pose: RigidTransform,
    *,
    spec: TemplateSpec = SPEC,
    grid: Grid | None = None,
    markers_mm: Floats | None = None,
    extra_mm: Floats | None = None,
    seed: int = 1,
) -> Volume:
    """Paint a plate with markers (its own, or others in its frame) and false spots in the scan."""
    where = grid or scan_grid()
    values, noise = paint_plate(where, pose, spec, seed=seed)
    markers = marker_points(spec) if markers_mm is None else markers_mm
    for centre in pose.map_points(markers):
        add_sphere(values, where, centre)
    for centre in np.zeros((0, 3)) if extra_mm is None else extra_mm:
        add_sphere(values, where, centre, hu=1800.0)
    return Volume(values + noise, where)
