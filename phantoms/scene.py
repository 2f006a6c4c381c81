"""What is put into a real scan: where plate and needles stand, and what is true of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from phantoms.arrays import Floats, frozen_floats, positive
from phantoms.errors import SourceRefusedError
from phantoms.hardware import (
    course_of,
    drive_kit,
    markers_lps_mm,
    points_along,
    truth_of_needle,
)
from phantoms.motion import moved_points
from phantoms.placing import draw_pose_above, face_points_mm, plate_as_it_stands
from phantoms.recipes import CASES, recipe_of
from phantoms.truth import truth_of_plate

if TYPE_CHECKING:
    from collections.abc import Callable

    from phantoms.hardware import DrivenNeedle, PlacedPlate
    from phantoms.painting import ScanGrid
    from phantoms.recipes import Recipe
    from template_gen.spec import TemplateSpec

SKIN_STEP_MM = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be put into a real scan.

    Parameters
    ----------
    name : str
        Name of a case: how the patient moves and how the plate stands.
    target_mm : (3,) array
        What the plate is set above, LPS millimetres of the source scan.
    seed : int
        Draws motion, tilts and slack.
    spec : TemplateSpec
        The plate.
    with_needles : bool
        Whether the needles of one ablation are driven as well.
    antenna_bend_mm : float
        Bend radius of its antenna, millimetres; infinite for a straight one.
    point_spread_mm : float
        Standard deviation of the source scanner's in-plane point spread, millimetres.
    """

    name: str
    target_mm: Floats
    seed: int
    spec: TemplateSpec
    with_needles: bool = False
    antenna_bend_mm: float = np.inf
    point_spread_mm: float = 0.55

    def __post_init__(self) -> None:
        target = frozen_floats(self.target_mm, (3,), "Wish.target_mm")
        object.__setattr__(self, "target_mm", target)
        positive(self.point_spread_mm, "Wish.point_spread_mm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What stands in the moved picture.

    Parameters
    ----------
    target_mm : (3,) array
        The target after the motion, LPS millimetres of the intraoperative scan, as all below.
    plate : PlacedPlate
        The plate as it stands.
    planned : (4, 4) array
        Where the plan wants it, ``lps_from_template``, millimetres.
    needles : tuple of DrivenNeedle
        What is driven through it.
    outside_mm : callable
        Takes (n, 3) points and returns (n,) distances from the skin, negative inside, millimetres.
    """

    target_mm: Floats
    plate: PlacedPlate
    planned: Floats
    needles: tuple[DrivenNeedle, ...]
    outside_mm: Callable[[Floats], Floats]


def set_scene(
    wish: Wish,
    motion: Floats,
    outside_mm: Callable[[Floats], Floats],
    rng: np.random.Generator,
) -> Scene:
    """Lower the plate onto the skin, put it where the recipe has it, and drive the needles.

    Parameters
    ----------
    wish : Wish
        What is to be put in.
    motion : (4, 4) array
        ``intraop_from_planning``, millimetres.
    outside_mm : callable
        Takes (n, 3) points, LPS millimetres after the motion, and returns (n,) distances from the
        skin, negative inside.
    rng : numpy.random.Generator
        Draws tilts, slip and slack.

    Returns
    -------
    Scene
        In LPS of the intraoperative scan.

    Raises
    ------
    SourceRefusedError
        If the target is not in the body, or needles are wanted through a plate upside down.
    HardwareRefusedError
        If the needles do not fit the plate.
    """
    recipe, face = insertable_recipe(wish.name), face_points_mm(wish.spec)
    target = moved_points(motion, wish.target_mm)
    _check_inside(outside_mm, target)

    def clearance_mm(pose: Floats) -> float:
        return float(outside_mm(moved_points(pose, face)).min())

    planned = draw_pose_above(target, clearance_mm, rng)
    plate = plate_as_it_stands(recipe.plate, wish.spec, planned, clearance_mm, rng)
    if recipe.plate.is_turned_over and wish.with_needles:
        raise SourceRefusedError(
            "No needle goes through a plate that lies upside down",
            where="--needles",
            expected="a case whose operator face looks away from the patient",
            got=wish.name,
            next_step="leave the needles out, or choose another case",
        )
    needles = (
        drive_kit(plate, target, rng, antenna_bend_mm=wish.antenna_bend_mm)
        if wish.with_needles
        else []
    )
    return Scene(
        target_mm=target,
        plate=plate,
        planned=planned,
        needles=tuple(needles),
        outside_mm=outside_mm,
    )


def insertable_recipe(name: str) -> Recipe:
    """Find a case that can be played out in a real scan.

    Parameters
    ----------
    name : str
        Name of a case.

    Returns
    -------
    Recipe
        With rigid motion, the plate and nothing else.

    Raises
    ------
    CaseUnknownError
        If there is no such case.
    SourceRefusedError
        If it needs a synthetic patient.
    """
    recipe = recipe_of(name)
    if not recipe.fits_any_scan:
        raise SourceRefusedError(
            "This case needs a synthetic patient",
            where="NAME with --into",
            expected=f"one of {', '.join(each for each in CASES if CASES[each].fits_any_scan)}",
            got=name,
            next_step="choose one of these, and add --needles for needles",
        )
    return recipe


def truth_of_scene(scene: Scene, wish: Wish) -> dict[str, Any]:
    """Write down target, plate and needles.

    Parameters
    ----------
    scene : Scene
        What stands where.
    wish : Wish
        What was asked for.

    Returns
    -------
    dict
        JSON-ready, LPS millimetres.
    """
    return {
        "target": {
            "planning_lps_mm": wish.target_mm.tolist(),
            "intraop_lps_mm": scene.target_mm.tolist(),
        },
        "plate": truth_of_plate(scene.plate, scene.planned),
        "needles": [
            {**truth_of_needle(each), **_skin_entry(each, scene.outside_mm)}
            for each in scene.needles
        ],
    }


def _check_inside(outside_mm: Callable[[Floats], Floats], target: Floats) -> None:
    """Refuse a target that is not in the body."""
    depth = -float(outside_mm(target[None])[0])
    if not depth > 0.0:
        raise SourceRefusedError(
            "The target does not lie in the body",
            where="--target",
            expected="a point under the skin, LPS millimetres of the source scan",
            got=f"{-depth:.1f} mm off the skin",
            next_step="give the target as x (left), y (back) and z (head)",
        )


def check_in_field(plate: PlacedPlate, grid: ScanGrid) -> None:
    """Refuse a plate whose markers are not all in the field.

    Parameters
    ----------
    plate : PlacedPlate
        The plate as it stands.
    grid : ScanGrid
        The voxels, LPS millimetres.

    Raises
    ------
    SourceRefusedError
        If a marker lies outside.
    """
    index_from_lps = np.linalg.inv(grid.lps_from_index)
    for label, point in markers_lps_mm(plate).items():
        index = moved_points(index_from_lps, point)
        inside = np.minimum(index, np.array(grid.shape_kji) - 1.0 - index)
        if not inside.min() >= 0.0:
            short = inside * np.linalg.norm(grid.lps_from_index[:3, :3], axis=0)
            raise SourceRefusedError(
                "The plate does not fit the field of the scan",
                where=f"marker {label}",
                expected="every marker inside the scanned field",
                got=f"{-float(short.min()):.0f} mm outside",
                next_step="move the target, take a smaller plate, or another scan",
            )


def _skin_entry(needle: DrivenNeedle, outside_mm: Callable[[Floats], Floats]) -> dict[str, Any]:
    """Find where a needle passes the skin, and how deep it is."""
    course = course_of(needle)
    along = np.arange(0.0, course.length_mm, SKIN_STEP_MM)
    outside = outside_mm(points_along(course, along)) > 0.0
    if outside.all() or not outside.any():
        return {"skin_entry_lps_mm": None, "insertion_depth_mm": None}
    entry = float(along[np.flatnonzero(outside)[-1]])
    return {
        "skin_entry_lps_mm": points_along(course, [entry])[0].tolist(),
        "insertion_depth_mm": course.length_mm - entry,
    }
