"""A judge of needles that shares no code with the planner: files in, dense samples, plain numbers.

Scans are read with SimpleITK alone, voxels are boxes, needles are cylinders made of points.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from pathlib import Path

ALONG_MM, AROUND = 0.2, 24
"""Spacing of the cylinder's points along the needle, and their number around it."""
FINE_MM = 0.02
"""Spacing along the axis where a clearance is measured: it then errs by 0.01 mm at most."""


@dataclass(frozen=True, slots=True)
class Voxels:
    """Numbers on a grid, axes (x, y, z) as SimpleITK has them, and where they lie."""

    values: np.ndarray
    origin_mm: np.ndarray
    axes: np.ndarray
    spacing_mm: np.ndarray

    def indices(self, points_mm: np.ndarray) -> np.ndarray:
        """Carry LPS points to fractional indices (x, y, z)."""
        return (points_mm - self.origin_mm) @ self.axes / self.spacing_mm

    def points(self, indices: np.ndarray) -> np.ndarray:
        """Carry indices (x, y, z) to LPS points."""
        return self.origin_mm + (indices * self.spacing_mm) @ self.axes.T

    def nearest(self, points_mm: np.ndarray, outside: float) -> np.ndarray:
        """Read the voxel that holds each point."""
        whole = np.floor(self.indices(points_mm) + 0.5).astype(int)
        inside = ((whole >= 0) & (whole < self.values.shape)).all(axis=-1)
        held = np.clip(whole, 0, np.array(self.values.shape) - 1)
        read = self.values[held[..., 0], held[..., 1], held[..., 2]]
        return np.where(inside, read, outside)


def read_voxels(path: Path) -> Voxels:
    """Read an image file, or a folder that holds one DICOM series."""
    if path.is_dir():
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path)))
        image = reader.Execute()
    else:
        image = sitk.ReadImage(str(path))
    return Voxels(
        values=sitk.GetArrayFromImage(image).transpose(2, 1, 0),
        origin_mm=np.array(image.GetOrigin()),
        axes=np.array(image.GetDirection()).reshape(3, 3),
        spacing_mm=np.array(image.GetSpacing()),
    )


def load(path: Path) -> dict[str, Any]:
    """Read a JSON file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def cylinder_points(entry_mm: np.ndarray, tip_mm: np.ndarray, radius_mm: float) -> np.ndarray:
    """Fill a needle with points: axis, and rings at a third, two thirds and all of its radius."""
    way = tip_mm - entry_mm
    length = float(np.linalg.norm(way))
    direction = way / length
    across = np.cross(direction, np.eye(3)[int(np.argmin(np.abs(direction)))])
    across /= np.linalg.norm(across)
    other = np.cross(direction, across)
    along = np.linspace(0.0, length, math.ceil(length / ALONG_MM) + 1)
    turns = np.arange(AROUND) * 2 * np.pi / AROUND
    ring = np.cos(turns)[:, None] * across + np.sin(turns)[:, None] * other
    offsets = np.concatenate([np.zeros((1, 3)), *(ring * radius_mm * k / 3 for k in (1, 2, 3))])
    axis = entry_mm + along[:, None] * direction
    return (axis[:, None, :] + offsets[None, :, :]).reshape(-1, 3)


def labels_crossed(labels: Voxels, needle: dict[str, Any], diameter_mm: float) -> set[int]:
    """List the labels that a needle's body meets between skin and tip."""
    entry, tip = np.array(needle["entry_lps_mm"]), np.array(needle["tip_lps_mm"])
    points = cylinder_points(entry, tip, diameter_mm / 2)
    return {int(value) for value in np.unique(labels.nearest(points, 0))}


def clearance_mm(
    labels: Voxels, wanted: list[int], needle: dict[str, Any], diameter_mm: float
) -> float:
    """Measure by dense points how far a needle's surface keeps from the boxes of some labels."""
    entry, tip = np.array(needle["entry_lps_mm"]), np.array(needle["tip_lps_mm"])
    members = np.argwhere(np.isin(labels.values, wanted)).astype(np.float64)
    # in the grid's own axes every voxel is a box along the axes
    boxes = members * labels.spacing_mm
    start, end = ((point - labels.origin_mm) @ labels.axes for point in (entry, tip))
    half = labels.spacing_mm / 2
    coarse = start + np.linspace(0, 1, 200)[:, None] * (end - start)
    reach, _ = cKDTree(coarse).query(boxes)
    near = boxes[reach <= reach.min() + 2 * np.linalg.norm(half) + 1.0]
    length = float(np.linalg.norm(end - start))
    steps = np.linspace(0.0, 1.0, math.ceil(length / FINE_MM) + 1)
    least = np.inf
    for share in np.array_split(steps, max(1, len(steps) * len(near) // 2_000_000)):
        axis = start + share[:, None] * (end - start)
        beyond = np.maximum(np.abs(axis[:, None, :] - near[None, :, :]) - half, 0.0)
        least = min(least, float(np.sqrt((beyond**2).sum(-1)).min()))
    return least - diameter_mm / 2


def hounsfield_along(scan: Voxels, points_mm: np.ndarray) -> np.ndarray:
    """Read a scan between its voxels, trilinearly; air outside."""
    image = np.pad(scan.values.astype(np.float64), 1, constant_values=-1024.0)
    at = scan.indices(points_mm) + 1.0
    inside = ((at >= 0) & (at <= np.array(image.shape) - 1)).all(axis=-1)
    at = np.clip(at, 0, np.array(image.shape) - 1.000001)
    low = np.floor(at).astype(int)
    share = at - low
    total = np.zeros(at.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, share, 1 - share), axis=-1)
        x, y, z = (low[..., axis] + corner[axis] for axis in range(3))
        total += weight * image[x, y, z]
    return np.where(inside, total, -1024.0)


def skin_depth_mm(scan: Voxels, needle: dict[str, Any]) -> float:
    """Find how far behind the tip the line leaves the last tissue above -500 HU on its way out."""
    entry, tip = np.array(needle["entry_lps_mm"]), np.array(needle["tip_lps_mm"])
    outward = (entry - tip) / np.linalg.norm(entry - tip)
    depths = np.arange(0.0, np.linalg.norm(entry - tip) + 12.0, 0.05)
    tissue = hounsfield_along(scan, tip + depths[:, None] * outward) > -500.0
    return float(depths[np.flatnonzero(tissue).max()])


def pose_matrix(placement: dict[str, Any]) -> np.ndarray:
    """Take the plate's pose out of a document."""
    return np.array(placement["lps_from_template"])


def bore_place_mm(template: dict[str, Any], label: str) -> np.ndarray:
    """Find a grid bore's centre on the operator face from its letter and number."""
    grid = template["grid"]
    letters = label.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - ord("A") + 1
    row = int(label[len(letters) :])
    return np.array(
        [
            (column - 1 - (grid["columns"] - 1) / 2) * grid["pitch_mm"],
            (row - 1 - (grid["rows"] - 1) / 2) * grid["pitch_mm"],
            0.0,
        ]
    )


def tip_through_bore_mm(
    pose: np.ndarray, template: dict[str, Any], needle: dict[str, Any]
) -> np.ndarray:
    """Drive a needle through its bore to its guide depth on a plate that stands at a pose."""
    depth = np.array([0.0, 0.0, needle["guide_depth_mm"]])
    tip: np.ndarray = pose[:3, :3] @ (bore_place_mm(template, needle["bore"]) + depth)
    return tip + pose[:3, 3]


def protractor_deg(matrix: np.ndarray, gravity: np.ndarray) -> tuple[float, float, float]:
    """Read lateral tilt, craniocaudal tilt and turn in the plane off a pose, by TERMS."""
    down = gravity / np.linalg.norm(gravity)
    left = np.array([1.0, 0.0, 0.0])
    left = left - (left @ down) * down
    left /= np.linalg.norm(left)
    superior = np.cross(left, down)
    normal, columns = matrix[:3, 2], matrix[:3, 0]
    flat_left = left - (left @ normal) * normal
    flat_left /= np.linalg.norm(flat_left)
    turn = math.atan2(float(np.cross(flat_left, columns) @ normal), float(flat_left @ columns))
    return (
        math.degrees(math.atan2(float(normal @ left), float(normal @ down))),
        math.degrees(math.asin(float(normal @ superior))),
        math.degrees(turn),
    )


def tissue_inside_plate(scan: Voxels, matrix: np.ndarray, plate: dict[str, float]) -> int:
    """Count the voxels of tissue whose centres lie inside the plate."""
    half = np.array([plate["width_mm"] / 2, plate["height_mm"] / 2])
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (0, 1)], dtype=float)
    corners *= [*half, plate["thickness_mm"]]
    reached = scan.indices(corners @ matrix[:3, :3].T + matrix[:3, 3])
    low = np.maximum(np.floor(reached.min(axis=0)).astype(int) - 1, 0)
    high = np.maximum(np.ceil(reached.max(axis=0)).astype(int) + 2, low)
    block = scan.values[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    tissue = scan.points((np.argwhere(block > -500) + low).astype(np.float64))
    inside = (tissue - matrix[:3, 3]) @ matrix[:3, :3]
    within = (np.abs(inside[:, :2]) <= half).all(axis=1)
    deep = (inside[:, 2] >= 0) & (inside[:, 2] <= plate["thickness_mm"])
    return int((within & deep).sum())


def sphere_points(centre_mm: np.ndarray, radius_mm: float, rings: int = 60) -> np.ndarray:
    """Cover a sphere with points along parallels."""
    polar = np.linspace(0, np.pi, rings + 1)[:, None]
    turn = np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)[None, :]
    unit = np.stack(
        np.broadcast_arrays(
            np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)
        ),
        axis=-1,
    )
    return centre_mm + radius_mm * unit.reshape(-1, 3)


def margin_mm(points_mm: np.ndarray, zone: dict[str, Any]) -> float:
    """Measure the least signed distance of points to a spheroid by dense points on its meridian."""
    centre, axis = np.array(zone["centre_lps_mm"]), np.array(zone["axis_lps"])
    long_half, short_half = zone["long_axis_mm"] / 2, zone["short_axis_mm"] / 2
    along = (points_mm - centre) @ axis
    across = np.linalg.norm(points_mm - centre - along[:, None] * axis, axis=1)
    turn = np.linspace(-np.pi / 2, np.pi / 2, 20_001)
    meridian = np.column_stack([long_half * np.sin(turn), short_half * np.cos(turn)])
    distance, _ = cKDTree(meridian).query(np.column_stack([along, across]))
    inside = (along / long_half) ** 2 + (across / short_half) ** 2 <= 1.0
    return float(np.where(inside, distance, -distance).min())
