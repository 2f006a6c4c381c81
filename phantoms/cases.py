"""Named cases scanned: planning, on the table with the plate, and what came before or after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from phantoms.ablation import ablated
from phantoms.anatomy import build_patient
from phantoms.beside import coil_metals, coil_parts, sticker_metals, sticker_parts
from phantoms.case_motion import shrunk
from phantoms.field import draw_intraop_grid
from phantoms.hardware import markers_lps_mm, needle_metals, needle_parts
from phantoms.motion import moved_points
from phantoms.recipes import INTRAOP, PLANNING
from phantoms.scanner import scan_patient
from phantoms.setups import set_up_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from phantoms.metal import Metal
    from phantoms.motion import BodyMotion
    from phantoms.painting import ScanGrid
    from phantoms.scans import SyntheticScan
    from phantoms.setups import SetUp
    from phantoms.tissues import Part

OLDER_PROTOCOL = replace(PLANNING, dose=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomCase:
    """A case made up.

    Parameters
    ----------
    setup : SetUp
        All that is true of it.
    planning, intraop : SyntheticScan
        The scan before and the scan with the plate.
    older : SyntheticScan or None
        A scan of weeks before, in which every lesion shows.
    after : SyntheticScan or None
        The scan after an ablation, the plate taken off.
    """

    setup: SetUp
    planning: SyntheticScan
    intraop: SyntheticScan
    older: SyntheticScan | None
    after: SyntheticScan | None


def build_case(
    name: str, seed: int, *, tell: Callable[[str], None] = lambda _: None
) -> PhantomCase:
    """Make a case up and scan it.

    Parameters
    ----------
    name : str
        Name of the case.
    seed : int
        Not negative; every seed is another patient.
    tell : callable
        Takes one line before each longer step.

    Returns
    -------
    PhantomCase
        Scans and truth; the same name and seed give the same values.

    Raises
    ------
    CaseUnknownError
        If there is no such case.
    LesionRefusedError
        If this patient has no place for a lesion of the case.
    HardwareRefusedError
        If the needles find no room.
    """
    tell("building the patient")
    setup = set_up_case(name, seed)
    rng = np.random.default_rng([seed, 3])
    tell("scanning for planning")
    planning = scan_patient(
        setup.patient,
        protocol=PLANNING,
        rng=rng,
        devices=coil_parts(setup.coils_mm),
        metals=coil_metals(setup.coils_mm),
        with_labels=True,
    )
    tell("scanning with the plate")
    intraop, older, after = scan_on_table(setup, rng), None, None
    if setup.older is not None:
        tell("scanning as weeks before")
        older = scan_before(setup, setup.older.whole, rng)
    if setup.zone is not None:
        tell("scanning after the ablation")
        after = scan_after(setup, rng)
    return PhantomCase(
        setup=setup,
        planning=planning,
        intraop=intraop,
        older=older,
        after=after,
    )


def scan_on_table(
    setup: SetUp, rng: np.random.Generator, *, grid: ScanGrid | None = None
) -> SyntheticScan:
    """Scan whoever lies on the table, with all that stands on and in him.

    Parameters
    ----------
    setup : SetUp
        The case.
    rng : numpy.random.Generator
        Draws the field and the noise.
    grid : ScanGrid, optional
        Other voxels than those of a field drawn about plate and tumour.

    Returns
    -------
    SyntheticScan
        As the case's protocol says.
    """
    parts, metals = _devices(setup)
    return scan_patient(
        setup.on_table,
        protocol=setup.recipe.intraop,
        rng=rng,
        motion=setup.motion.on_couch,
        plate=setup.plate,
        devices=parts,
        metals=metals,
        grid=table_grid(setup, rng) if grid is None else grid,
    )


def table_grid(setup: SetUp, rng: np.random.Generator) -> ScanGrid:
    """Draw the field of the scan with the plate: it holds tumour, markers and stickers.

    Parameters
    ----------
    setup : SetUp
        The case.
    rng : numpy.random.Generator
        Draws where it lies.

    Returns
    -------
    ScanGrid
        As the case's protocol says.
    """
    seen = [setup.target_mm, *markers_lps_mm(setup.plate).values(), *setup.stickers_mm]
    return draw_intraop_grid(
        setup.on_table, rng, protocol=setup.recipe.intraop, keep_lps_mm=np.array(seen)
    )


def _devices(setup: SetUp) -> tuple[list[Part], list[Metal]]:
    """Build needles, stickers and coils to paint, and as metal, LPS of the intraoperative scan."""
    liver = setup.motion.whole.of("liver")
    coils = [moved_points(liver, course) for course in setup.coils_mm]
    diameter_mm = setup.plate.spec.markers[0].diameter_mm
    parts = coil_parts(coils) + sticker_parts(setup.stickers_mm, diameter_mm)
    metals = coil_metals(coils) + sticker_metals(setup.stickers_mm, diameter_mm)
    for needle in setup.needles:
        parts += needle_parts(needle)
        metals += needle_metals(needle)
    return parts, metals


def scan_before(setup: SetUp, motion: BodyMotion, rng: np.random.Generator) -> SyntheticScan:
    """Scan the patient as he was weeks before, every lesion still to be seen.

    Parameters
    ----------
    setup : SetUp
        The case.
    motion : BodyMotion
        From the planning scan to the older one, LPS millimetres.
    rng : numpy.random.Generator
        Draws the noise.

    Returns
    -------
    SyntheticScan
        With labels.
    """
    seed, lesions = setup.patient.seed, setup.recipe.patient.lesions
    return scan_patient(
        build_patient(seed, lesions=lesions),
        protocol=OLDER_PROTOCOL,
        rng=rng,
        motion=motion,
        with_labels=True,
    )


def after_from_planning(setup: SetUp) -> BodyMotion:
    """Give the motion to the scan after an ablation: the liver has shrunk round the zone.

    Parameters
    ----------
    setup : SetUp
        A case with an ablation.

    Returns
    -------
    BodyMotion
        LPS millimetres; the couch of that scan is level.
    """
    if setup.zone is None or setup.recipe.ablation is None:
        raise ValueError(f"after_from_planning: {setup.recipe.name} has no ablation")
    return shrunk(setup.zone, setup.recipe.ablation.shrinkage_share, setup.motion.on_couch)


def scan_after(
    setup: SetUp, rng: np.random.Generator, *, grid: ScanGrid | None = None
) -> SyntheticScan:
    """Scan the patient as he lies on the table, ablated, without the plate.

    Parameters
    ----------
    setup : SetUp
        A case with an ablation.
    rng : numpy.random.Generator
        Draws the noise.
    grid : ScanGrid, optional
        Other voxels than those of the patient's field.

    Returns
    -------
    SyntheticScan
        With labels of what is left.
    """
    if setup.zone is None:
        raise ValueError(f"scan_after: {setup.recipe.name} has no ablation")
    return scan_patient(
        ablated(setup.patient, setup.patient.lesions[0].name, setup.zone),
        protocol=INTRAOP,
        rng=rng,
        motion=after_from_planning(setup),
        with_labels=True,
        grid=grid,
    )
