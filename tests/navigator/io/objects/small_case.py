"""A small scan with structures and a plan, written by hand: what objects are made from in tests."""

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
from navigator.io.objects import SourceSeries, load_source, pseudonymous_subject
from navigator.io.structure_codes import CodedStructure, code_from_name
from navigator.model.ablation import AblationZone, Interval, Margin, ZoneSize
from navigator.model.anatomy import Role
from navigator.model.outcome import Reason, Verdict, VerdictStatus
from navigator.model.placement import ProtractorAngles, TemplatePlacement
from navigator.model.plan import Plan, PlannedNeedle, Provenance
from navigator.model.trajectory import Trajectory
from navigator.model.volume import Grid, Mask
from tests.navigator.io.dicom_writer import (
    FRAME_OF_REFERENCE,
    SERIES,
    StackGeometry,
    ct_slices,
    write_files,
)

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.objects import Subject

SHAPE = (7, 18, 22)
LATER_FRAME_OF_REFERENCE = "1.2.826.0.1.3680043.10.1.33"
LATER_SERIES = "1.2.826.0.1.3680043.10.1.55"
PLANNING = Frame(FrameKind.LPS, f"{FRAME_OF_REFERENCE}/{SERIES}")
LATER = Frame(FrameKind.LPS, f"{LATER_FRAME_OF_REFERENCE}/{LATER_SERIES}")
PLATE = Frame(FrameKind.TEMPLATE, "T-0001-0123456789abcdef")
NAMES = ("body", "liver", "gtv", "Gefäß \\ 血管 " + "x" * 70)
"""The last one holds a backslash, letters beyond ASCII, and more than a field of DICOM holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallCase:
    """What objects are made from."""

    grid: Grid
    source: SourceSeries
    subject: Subject
    structures: tuple[CodedStructure, ...]
    plan: Plan


def geometry_of(grid: Grid) -> StackGeometry:
    """Say where a grid lies in the words of DICOM."""
    affine, spacing = grid.lps_from_index, grid.spacing_mm
    return StackGeometry(
        origin_mm=affine[:3, 3],
        slice_step_mm=affine[:3, 0],
        row_direction=affine[:3, 2] / spacing[2],
        column_direction=affine[:3, 1] / spacing[1],
        row_step_mm=float(spacing[1]),
        column_step_mm=float(spacing[2]),
    )


def oblique_grid() -> Grid:
    """Lay a grid askew, each axis with a spacing of its own."""
    affine = np.eye(4)
    turn = rotation_from_axis_angle([1.0, 2.0, 3.0], 0.4)
    # columns are the axes k, j, i: a right-handed stack has k along i x j
    affine[:3, :3] = turn @ np.array([[0, 0, 0.9], [0, 0.8, 0], [2.5, 0, 0]])
    affine[:3, 3] = [-31.0, 17.0, 205.0]
    return Grid(shape_kji=SHAPE, lps_from_index=affine, frame=PLANNING)


def write_source(folder: Path, grid: Grid) -> None:
    """Write a CT series on a grid."""
    rng = np.random.default_rng(3)
    stored = rng.integers(0, 2000, grid.shape_kji).astype(np.int16)
    write_files(ct_slices(stored, geometry_of(grid)), folder)


def structures_on(grid: Grid) -> tuple[CodedStructure, ...]:
    """Draw structures that overlap, one with a gap, one with parts that meet at a corner."""
    drawn = [np.zeros(grid.shape_kji, dtype=np.bool_) for _ in NAMES]
    body, liver, gtv, odd = drawn
    body[:, 1:17, 1:21] = True
    body[2:4, 5:8, 5:9] = False
    body[2, 6, 6] = True
    liver[1:5, 3:14, 2:12] = True
    gtv[2:4, 9:12, 8:11] = True
    odd[3, 2, 2] = odd[3, 3, 3] = odd[6, 17, 21] = True
    roles = (Role.BODY, Role.TARGET_ORGAN, Role.LESION, Role.OBSTACLE)
    return tuple(
        CodedStructure(name=name, mask=Mask(members, grid), code=code_from_name(name, role))
        for name, members, role in zip(NAMES, drawn, roles, strict=True)
    )


def plan_on(grid: Grid) -> Plan:
    """Plan a needle whose every number can be looked up here."""
    zone = AblationZone(
        centre_mm=[-20.5, 25.25, 210.125],
        axis=[0.0, 0.6, 0.8],
        size=ZoneSize(
            power_w=100.0,
            time_s=300.0,
            long_axis_mm=Interval(value=40.0, low=36.0, high=44.0),
            short_axis_mm=Interval(value=30.0, low=27.0, high=33.0),
            centre_to_tip_mm=Interval(value=10.0, low=9.0, high=11.0),
            setting="in-vivo",
            sources=("a source",),
        ),
        frame=grid.frame,
    )
    needle = PlannedNeedle(
        name="N1",
        role="antenna",
        bore="C4",
        trajectory=Trajectory(
            entry_mm=[-20.5, -34.75, 130.125], tip_mm=[-20.5, 31.25, 218.125], frame=grid.frame
        ),
        guide_depth_mm=131.5,
        zone=zone,
        clearance_mm={"bone": 12.25, "left_lung": 31.0, "right_lung": 40.5},
    )
    return Plan(
        needles=(needle,),
        placement=TemplatePlacement(
            lps_from_template=plate_motion(),
            angles=ProtractorAngles(
                lateral_tilt_deg=1.5, craniocaudal_tilt_deg=-2.25, in_plane_rotation_deg=0.75
            ),
            template_hash="ab" * 32,
        ),
        margin=Margin(
            mam_mm=Interval(value=5.25, low=3.5, high=7.0),
            area_share={"lt_0": 0.0, "0_to_5": 0.25, "5_to_10": 0.75, "ge_10": 0.0},
            covered_share=0.985,
            wanted_margin_covered_share=0.9,
            thinnest_point_mm=[-25.5, 22.0, 211.0],
            frame=grid.frame,
        ),
        verdict=Verdict(VerdictStatus.WARNING, (Reason("odd", "Größe ± 1 mm"),)),
        provenance=Provenance(input_hashes={"scan": "cd" * 32}, engine_version="0"),
        candidates_seen=2,
        candidates_allowed=1,
    )


def plate_motion() -> RigidTransform:
    """Place the plate askew."""
    turn = rotation_from_axis_angle([0.2, 1.0, -0.4], 1.1)
    matrix = matrix_from_rotation_and_shift(turn, [-20.5, -60.0, 100.0])
    return RigidTransform(matrix=matrix, target=PLANNING, source=PLATE)


def patient_motion() -> RigidTransform:
    """Move the patient by a turn and a shift without any symmetry."""
    turn = rotation_from_axis_angle([0.3, -0.5, 0.8], 0.21)
    matrix = matrix_from_rotation_and_shift(turn, [11.5, -7.25, 23.125])
    return RigidTransform(matrix=matrix, target=LATER, source=PLANNING)


def small_case(folder: Path) -> SmallCase:
    """Write the scan and put everything together."""
    grid = oblique_grid()
    write_source(folder, grid)
    source = load_source(folder)
    return SmallCase(
        grid=grid,
        source=source,
        subject=pseudonymous_subject(source, "STUDY-007"),
        structures=structures_on(grid),
        plan=plan_on(grid),
    )


def later_source(folder: Path, grid: Grid) -> SourceSeries:
    """Write a second scan with a frame of reference of its own."""
    stored = np.random.default_rng(5).integers(0, 2000, grid.shape_kji).astype(np.int16)
    slices = ct_slices(stored, geometry_of(grid))
    for number, dataset in enumerate(slices):
        dataset.FrameOfReferenceUID = LATER_FRAME_OF_REFERENCE
        dataset.SeriesInstanceUID = LATER_SERIES
        uid = f"{LATER_SERIES}.{number + 1}"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    write_files(slices, folder)
    return load_source(folder)
