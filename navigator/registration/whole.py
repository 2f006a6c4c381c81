"""The whole registration: body, bones and liver of the planning scan in the new scan.

1. The shift by masked correlation at 8 mm, from any scanner offset and crop.
2. The body's rigid motion by robust Gauss-Newton at 8 and 5 mm; the bones' beside it.
3. A field for the liver and one for the rest at 8, 5 and 3 mm, each smooth in itself.
4. They are joined into one without folds, and the result is judged.
5. Where only the search itself is in doubt, it is done again from more starts, and checked closer.

No random sampling and one thread: the same scans give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.errors import StructureRefusedError
from navigator.geometry.rigid import RigidTransform, renormalised
from navigator.imaging.displacing import measure_jacobian
from navigator.model.displacement import DisplacementField
from navigator.model.volume import Grid
from navigator.registration.backward import COARSER_STAGES, check_search
from navigator.registration.closer import is_worth_a_closer_look, search_closer
from navigator.registration.holding import with_firm_parts
from navigator.registration.lattice_pair import find_body_motion, lay_lattices
from navigator.registration.registered import Registration
from navigator.registration.sliding import join_layers
from navigator.registration.stages import (
    LIVER_STAGES,
    find_layers,
    run_stages,
)
from navigator.registration.uncertainty import expect_errors
from navigator.registration.whole_quality import judge_whole, measure_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from navigator.geometry.frames import Frame
    from navigator.model.volume import Mask, Volume
    from navigator.registration.backward import SearchChecks
    from navigator.registration.stages import FoundFields, LayeredPair


def register_deformable(
    planning: Volume,
    intraop: Volume,
    *,
    liver: Mask | None = None,
    firm: Mask | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Registration:
    """Register an intraoperative CT to the planning CT, with a liver that slides and bends.

    Parameters
    ----------
    planning, intraop : Volume
        The two scans, sheared ones too.
    liver : Mask or None
        The liver of the planning scan; without it nothing slides, and the result says so.
    firm : Mask or None
        What keeps its size and shape, such as a tumour in a zone that shrinks.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    Registration
        The motion, the field, its quality and a verdict.

    Raises
    ------
    StructureRefusedError
        ``no-overlap`` where the scans have no tissue in common, ``firm-in-pieces``.
    """
    progress("searching the planning scan in the new scan")
    pair = lay_lattices(planning, intraop, liver)
    body = find_body_motion(pair)
    if body is None:
        raise StructureRefusedError(
            code="no-overlap",
            what="The two scans show no common part of the body",
            where=str(intraop.grid.frame),
            expected="tissue that both scans show",
            got="none under any shift",
            next_step="check that both show the liver of one patient",
        )
    progress("telling bones and liver apart")
    layered = find_layers(pair, body.matrix)
    progress("following the liver")
    laid = [layered.scans(stage) for stage in LIVER_STAGES]
    searched = run_stages(layered, np.zeros(3), laid)
    progress("searching once more from another start, and backward")
    checks = check_search(layered, searched[:COARSER_STAGES])
    found = searched[-1]
    result = _judged(layered, found, checks, (planning, intraop))
    if is_worth_a_closer_look(result.verdict):
        progress("looking closer: more starts, every resolution both ways")
        found, checks = search_closer(layered, searched)
        result = _judged(layered, found, checks, (planning, intraop))
    return result if firm is None else with_firm_parts(result, found, firm)


def _judged(
    layered: LayeredPair, found: FoundFields, checks: SearchChecks, scans: tuple[Volume, Volume]
) -> Registration:
    """Put what was found together, and judge it."""
    planning, intraop = (scan.grid for scan in scans)
    field, least = _joined(found, planning.frame)
    # slices stand farther apart than the pixels in them; a file may hold them along any axis
    slices = float(max(grid.spacing_mm.max() for grid in (planning, intraop)))
    quality = measure_whole(layered, found, checks, least_jacobian_ratio=least, slices_mm=slices)
    motions, frames = (layered.body, layered.bones), (intraop.frame, planning.frame)
    of_body, of_bones = (
        RigidTransform(matrix=renormalised(each), target=frames[0], source=frames[1])
        for each in motions
    )
    return Registration(
        intraop_from_planning=of_body,
        bones=of_bones,
        field=field,
        errors=expect_errors(found, planning.frame),
        quality=quality,
        verdict=judge_whole(quality),
    )


def _joined(found: FoundFields, frame: Frame) -> tuple[DisplacementField, float]:
    """Lay the fields on one lattice without folds, and say to how little a cell shrinks."""
    scans, stage = found.scans, found.stage
    vectors = join_layers(scans, found.fields, stage)
    lattice = scans.planning.lattice
    grid = Grid(shape_kji=lattice.shape, lps_from_index=lattice.lps_from_index(), frame=frame)
    least = float(measure_jacobian(vectors, stage.spacing_mm).min())
    return DisplacementField(vectors[..., ::-1], grid), least
