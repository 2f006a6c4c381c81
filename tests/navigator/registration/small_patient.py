"""A small patient made of ellipsoids, scanned in any place without any resampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import (
    RigidTransform,
    matrix_from_rotation_and_shift,
    rotation_from_axis_angle,
)
from navigator.model.volume import Grid, Mask, Volume
from tests.navigator.imaging.digitised import upright_grid

if TYPE_CHECKING:
    from navigator.arrays import Floats

HALF_WIDTH_MM, HALF_HEIGHT_MM, LENGTH_MM = 115.0, 80.0, 170.0
LIVER_MM = np.array([-45.0, -10.0, 95.0])
PLANNING = Frame(FrameKind.LPS, "planning")
INTRAOP = Frame(FrameKind.LPS, "intraop")
NOISE_HU = 20.0
LIVER_HU = (110.0, 200.0)
"""Of the liver, and of the vessels in it."""
PIVOT_MM = np.array([0.0, 0.0, 85.0])


@dataclass(frozen=True, slots=True)
class Patient:
    """Organs as ellipsoids, the later over the earlier: centre, half axes, HU."""

    organs: tuple[tuple[Floats, Floats, float], ...]


def small_patient(seed: int) -> Patient:
    """Draw a patient: a liver, a lung, vertebrae, ribs, and thirty soft organs of their own."""
    rng = np.random.default_rng(seed)
    organs: list[tuple[Floats, Floats, float]] = []
    for _ in range(30):
        centre = rng.uniform([-70, -45, 5], [70, 40, 165])
        organs.append((centre, rng.uniform(6, 22, size=3), float(rng.uniform(-80, 160))))
    organs.append((LIVER_MM, np.array([48.0, 42.0, 45.0]) + rng.uniform(-6, 6, 3), LIVER_HU[0]))
    for _ in range(6):
        offset = rng.uniform(-25, 25, size=3)
        organs.append((LIVER_MM + offset, rng.uniform(3, 8, size=3), LIVER_HU[1]))
    organs.append((np.array([40.0, -5.0, 165.0]), np.array([45.0, 50.0, 40.0]), -850.0))
    for height in np.arange(10.0 + rng.uniform(0, 8), 165.0, 27.0 + rng.uniform(0, 3)):
        organs.append((np.array([0.0, 52.0, height]), np.array([18.0, 14.0, 10.0]), 400.0))
        for side in (-1.0, 1.0):
            rib = np.array([side * 92.0, 5.0 + rng.uniform(-5, 5), height])
            organs.append((rib, np.array([5.0, 30.0, 5.0]), 500.0))
    return Patient(tuple(organs))


def slid(patient: Patient, shift: tuple[float, float, float]) -> Patient:
    """Let the liver and its vessels slide; everything else stays."""
    moved = tuple(
        (centre + np.array(shift) if hu in LIVER_HU else centre, half, hu)
        for centre, half, hu in patient.organs
    )
    return Patient(moved)


def liver_of(patient: Patient, grid: Grid) -> Mask:
    """Outline the liver: the one organ of 110 HU."""
    centre, half, _ = next(organ for organ in patient.organs if organ[2] == LIVER_HU[0])
    points = grid.points_from_indices(np.indices(grid.shape_kji).reshape(3, -1).T)
    inside = (((points - centre) / half) ** 2).sum(axis=1) <= 1.0
    return Mask(inside.reshape(grid.shape_kji), grid)


def motion(
    angles_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> RigidTransform:
    """Turn about the middle of the patient and shift: intraop from planning."""
    turn = np.eye(3)
    for axis, angle in zip(np.eye(3), angles_deg, strict=True):
        turn = rotation_from_axis_angle(axis, np.deg2rad(angle)) @ turn
    shift = PIVOT_MM - turn @ PIVOT_MM + np.array(shift_mm)
    return RigidTransform(
        matrix=matrix_from_rotation_and_shift(turn, shift), target=INTRAOP, source=PLANNING
    )


STILL = motion()


def scanner_grid(
    frame: Frame,
    *,
    spacing_kji_mm: tuple[float, float, float] = (3.0, 3.0, 3.0),
    from_mm: float = 0.0,
    to_mm: float = LENGTH_MM,
) -> Grid:
    """Cover the trunk from one height to another."""
    k, j, i = spacing_kji_mm
    counts = (round((to_mm - from_mm) / k) + 1, round(210.0 / j), round(280.0 / i))
    grid = upright_grid(counts, spacing_kji_mm, (-140.0, -105.0, from_mm))
    return Grid(shape_kji=grid.shape_kji, lps_from_index=grid.lps_from_index, frame=frame)


def scan(
    patient: Patient,
    grid: Grid,
    intraop_from_planning: RigidTransform = STILL,
    *,
    seed: int = 0,
) -> Volume:
    """Read the patient's tissue where every voxel lies, with noise."""
    points = grid.points_from_indices(np.indices(grid.shape_kji).reshape(3, -1).T)
    at = intraop_from_planning.inverse().map_points(points)
    x, y, z = at.T
    radius = np.hypot(x / HALF_WIDTH_MM, y / HALF_HEIGHT_MM)
    trunk = (radius <= 1.0) & (z >= 0.0) & (z <= LENGTH_MM)
    values = np.where(radius <= 0.9, 30.0, -100.0)
    for centre, half, hu in patient.organs:
        near = np.flatnonzero((np.abs(at - centre) <= half).all(axis=1))
        inside = (((at[near] - centre) / half) ** 2).sum(axis=1) <= 1.0
        values[near[inside]] = hu
    values[~trunk] = -1000.0
    values += np.random.default_rng(seed).normal(0.0, NOISE_HU, size=len(values))
    return Volume(values.reshape(grid.shape_kji), grid)


def everything(grid: Grid) -> Mask:
    """Say that all of a scan was imaged."""
    return Mask(np.ones(grid.shape_kji, dtype=bool), grid)


def liver_points(seed: int = 3, count: int = 200) -> Floats:
    """Draw points of the liver in the planning frame, (count, 3), millimetres."""
    rng = np.random.default_rng(seed)
    return LIVER_MM + rng.uniform(-30.0, 30.0, size=(count, 3))


def errors_mm(found: RigidTransform, true: RigidTransform, points: Floats) -> Floats:
    """Measure how far points are carried beside their true place."""
    apart: Floats = np.linalg.norm(found.map_points(points) - true.map_points(points), axis=1)
    return apart
