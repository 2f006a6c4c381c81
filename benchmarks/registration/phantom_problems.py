"""Problems made of phantoms: a patient breathes, lies elsewhere, and is scanned again with needles.

``smooth``: late contrast for planning, none afterwards, and much noise: the liver is nearly even,
and its vessels turn from brighter to darker than the liver. ``rough``: vessels and texture stay
visible in both scans. The truth is the motion that the scanner painted with
(:class:`phantoms.motion.BodyMotion`), exact to 1e-9 mm; nothing of it is estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from benchmarks.registration.problem import GROUPS, Picture, Problem, is_seen
from benchmarks.registration.sliding import bump_motion
from phantoms.anatomy import build_patient
from phantoms.breathing import breathing_motion, draw_breathing
from phantoms.hardware import PlacedPlate, drive_kit, needle_metals, needle_parts
from phantoms.lesions import LesionRequest
from phantoms.motion import BodyMotion, body_chained, chained, moved_points, rigid_motion
from phantoms.painting import ScanGrid
from phantoms.placing import draw_pose_above, skin_clearance_mm, skin_distance
from phantoms.protocol import ScanProtocol, dose_for_noise
from phantoms.sampling import points_within
from phantoms.scanner import scan_patient
from phantoms.setups import case_spec
from phantoms.targets import target_points
from phantoms.tissues import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats, Labels
    from phantoms.breathing import Breathing

PIXELS = 512
SHIFT_MM, TURN_DEG = (10.0, 25.0), (2.0, 5.0)
AMPLITUDE_MM = (10.0, 20.0)
PLANNING_SLICE_MM, INTRAOP_SLICE_MM = 1.5, 2.5
PLANNING_FIELD_MM = 400.0
INTRAOP_FIELD_MM = (320.0, 400.0)
INTRAOP_LENGTH_MM = (125.0, 155.0)
SEEN_MARGIN_MM = 4.0
"""A point nearer to the rim of the intraoperative scan is not asked for."""
MOST_TRIES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What tells one kind of phantom problem from another.

    Parameters
    ----------
    draw : int
        Tells the chance of one kind from that of another.
    phases : tuple of str
        Contrast of the planning and of the intraoperative scan.
    planning_noise_hu, intraop_noise_hu : (low, high)
        Ranges of the noise, Hounsfield units.
    lesions : int
        How many there are.
    """

    draw: int
    phases: tuple[str, str]
    planning_noise_hu: tuple[float, float]
    intraop_noise_hu: tuple[float, float]
    lesions: int


BULGING = ("liver", "lung", "abdomen")
"""Groups of parts that lie on the liver; the wall holds its shape."""

LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "smooth": Look(
            draw=61,
            phases=("delayed", "none"),
            planning_noise_hu=(12.0, 15.0),
            intraop_noise_hu=(20.0, 25.0),
            lesions=2,
        ),
        "rough": Look(
            draw=62,
            phases=("portal venous", "delayed"),
            planning_noise_hu=(9.0, 12.0),
            intraop_noise_hu=(12.0, 18.0),
            lesions=3,
        ),
    }
)


def build_phantom_problem(kind: str, seed: int) -> Problem:
    """Build the problem of a kind and a seed.

    Parameters
    ----------
    kind : str
        One of :data:`LOOKS`.
    seed : int
        Not negative; every seed is another patient, breath, set-up shift and field.

    Returns
    -------
    Problem
        The same kind and seed give the same values.
    """
    look = LOOKS[kind]
    rng = np.random.default_rng([seed, look.draw])
    patient = build_patient(seed, lesions=[LesionRequest()] * look.lesions)
    out = bool(rng.integers(0, 2))
    breath = draw_breathing(rng, amplitude_mm=AMPLITUDE_MM, breathes_out=out)
    setup = rigid_motion(
        rng, shift_mm=SHIFT_MM, turn_deg=TURN_DEG, about_mm=patient.tumour_centre_mm
    )
    motion = body_chained(_deformed_too(patient, breathing_motion(patient, breath), rng), setup)
    tumour = moved_points(motion.of("liver"), patient.tumour_centre_mm)
    planning, labels = _planning_scan(patient, look, rng)
    noise = float(rng.uniform(*look.intraop_noise_hu))
    grid = draw_cropped_grid(rng, tumour)
    intraop = _intraop_scan(
        patient, (look.phases[1], noise), (motion, setup, breath), (tumour, grid), rng
    )
    before, after = _carried(patient, motion, grid, planning.grid)
    return Problem(
        kind=kind,
        seed=seed,
        planning=planning,
        intraop=intraop,
        liver=np.isin(labels, [LABELS["liver"], LABELS["gtv"]]) | _vessels_within(labels),
        before_mm=before,
        after_mm=after,
        making=_making(breath, setup, noise, look, grid),
    )


def _deformed_too(patient: Patient, breathed: BodyMotion, rng: np.random.Generator) -> BodyMotion:
    """Let the liver bulge before it slides: a breath alone leaves it nearly rigid.

    What lies on it bulges too: a diaphragm that stayed would show an edge where no tissue ends.
    """
    inside = moved_points(patient.lps_from_body, points_within(patient.liver, 10.0))
    bumps = bump_motion(inside.min(axis=0), inside.max(axis=0), rng)
    bulging = {group: chained(bumps, breathed.of(group)) for group in BULGING}
    return BodyMotion({**breathed.by_group, **bulging})


def _vessels_within(labels: Labels) -> NDArray[np.bool_]:
    """Find the vessels that are wrapped by liver: they belong to its mask."""
    liver = np.isin(labels, [LABELS["liver"], LABELS["gtv"]])
    closed = ndimage.binary_closing(liver, iterations=4)
    wrapped: NDArray[np.bool_] = closed & (labels == LABELS["vessel"])
    return wrapped


def draw_cropped_grid(rng: np.random.Generator, tumour_mm: Floats) -> ScanGrid:
    """Draw a short field about a tumour: 512 x 512 pixels, slices of 2.5 mm.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    tumour_mm : (3,) array
        What is treated, LPS millimetres of the intraoperative scan; at least 40 mm from the first
        and the last slice, and within 60 mm of the field's middle line to the side.

    Returns
    -------
    ScanGrid
        Upright.
    """
    length = rng.uniform(*INTRAOP_LENGTH_MM)
    pixel = rng.uniform(*INTRAOP_FIELD_MM) / PIXELS
    slices = round(length / INTRAOP_SLICE_MM)
    reach = 0.5 * length - 40.0
    away = rng.uniform([40.0, 10.0, -reach], [60.0, 40.0, reach])
    centre = tumour_mm + away
    return upright_grid(centre, (slices, PIXELS, PIXELS), (INTRAOP_SLICE_MM, pixel, pixel))


def upright_grid(
    centre_mm: Floats, shape_kji: tuple[int, int, int], spacing_kji_mm: tuple[float, float, float]
) -> ScanGrid:
    """Lay an upright grid about its centre (3,), LPS millimetres."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag(spacing_kji_mm)[::-1]
    matrix[:3, 3] = centre_mm - matrix[:3, :3] @ (0.5 * (np.array(shape_kji) - 1.0))
    return ScanGrid(shape_kji=shape_kji, lps_from_index=matrix, thickness_mm=spacing_kji_mm[0])


def _planning_scan(
    patient: Patient, look: Look, rng: np.random.Generator
) -> tuple[Picture, Labels]:
    """Scan the patient for planning, and label what is there."""
    pixel = PLANNING_FIELD_MM / PIXELS
    noise = float(rng.uniform(*look.planning_noise_hu))
    spacing = (PLANNING_SLICE_MM, pixel, pixel)
    slices = round(patient.field_size_kji_mm[0] / PLANNING_SLICE_MM)
    grid = upright_grid(patient.field_centre_mm, (slices, PIXELS, PIXELS), spacing)
    scan = scan_patient(
        patient,
        rng=rng,
        protocol=_protocol(spacing, noise, look.phases[0]),
        grid=grid,
        with_labels=True,
    )
    assert scan.labels is not None
    return Picture(values=scan.values_hu, grid=grid), scan.labels


def _protocol(spacing: tuple[float, float, float], noise_hu: float, phase: str) -> ScanProtocol:
    return ScanProtocol(
        spacing_kji_mm=spacing,
        thickness_mm=spacing[0],
        dose=dose_for_noise(noise_hu, thickness_mm=spacing[0]),
        phase=phase,
    )


def _intraop_scan(
    patient: Patient,
    how: tuple[str, float],
    motions: tuple[BodyMotion, Floats, Breathing],
    where: tuple[Floats, ScanGrid],
    rng: np.random.Generator,
) -> Picture:
    """Scan the moved patient with the plate and its six needles."""
    (phase, noise), (motion, setup, breath), (tumour, grid) = how, motions, where
    spec = case_spec()
    off_skin = partial(skin_clearance_mm, skin_distance(patient, setup), spec)
    pose = draw_pose_above(tumour, off_skin, rng).copy()
    # a breath in lifts the belly to the plate, which was set down on the belly as it was
    pose[:3, 3] -= max(breath.front_mm, 0.0) * pose[:3, 2]
    plate = PlacedPlate(spec, pose, ())
    needles = drive_kit(plate, tumour, rng)
    pixel = float(grid.lps_from_index[0, 2])
    scan = scan_patient(
        patient,
        rng=rng,
        protocol=_protocol((INTRAOP_SLICE_MM, pixel, pixel), noise, phase),
        motion=motion,
        plate=plate,
        devices=[part for needle in needles for part in needle_parts(needle)],
        metals=[metal for needle in needles for metal in needle_metals(needle)],
        grid=grid,
    )
    return Picture(values=scan.values_hu, grid=grid)


def _carried(
    patient: Patient, motion: BodyMotion, seen: ScanGrid, planned: ScanGrid
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Carry the places of each group that both scans show."""
    moves = {"liver": "liver", "tumour": "liver", "bone": "wall"}
    points = target_points(patient)
    before, after = {}, {}
    for group in GROUPS:
        own = np.array([place for label, place in points.items() if label.startswith(group)])
        moved = moved_points(motion.of(moves[group]), own)
        kept = is_seen(seen, moved, SEEN_MARGIN_MM) & is_seen(planned, own, SEEN_MARGIN_MM)
        before[group], after[group] = own[kept], moved[kept]
    return before, after


def _making(
    breath: Breathing, setup: Floats, noise_hu: float, look: Look, grid: ScanGrid
) -> dict[str, Any]:
    """Write down what was drawn."""
    turn = np.rad2deg(np.arccos(np.clip(0.5 * (np.trace(setup[:3, :3]) - 1.0), -1.0, 1.0)))
    return {
        "amplitude_mm": breath.amplitude_mm,
        "setup": setup.tolist(),
        "setup_turn_deg": float(turn),
        "intraop_noise_hu": noise_hu,
        "phases": list(look.phases),
        "intraop_shape_kji": list(grid.shape_kji),
    }
