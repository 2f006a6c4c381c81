"""Problems made of real CT scans with a known sliding motion.

The picture is taken apart into two layers, liver and rest; each is read at the place that its own
motion leads back to, and they are put together with the liver on top. Where the liver has gone,
the rest's nearest tissue goes on (lung over the dome, fat and bowel below), as the organs there
close up in a patient. Lesions are painted into the liver, needles and a plate into the moved
picture, with their streaks; then comes the noise of each scan, drawn anew.

Limits: ribs do not move with the breath; the lung's vessels are stretched where it fills a gap;
what is left of the source's own noise after denoising moves with the tissue (`problem.json` says
how much); contrast is made from labels and grey values and is not that of one injection.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from benchmarks.registration.layers import Layers, cut_layers, read_layers
from benchmarks.registration.phantom_problems import (
    INTRAOP_FIELD_MM,
    INTRAOP_SLICE_MM,
    PIXELS,
    PLANNING_SLICE_MM,
    SEEN_MARGIN_MM,
    SHIFT_MM,
    TURN_DEG,
    upright_grid,
)
from benchmarks.registration.problem import Picture, Problem, is_seen
from benchmarks.registration.real_sources import load_source
from benchmarks.registration.sliding import Slide, draw_slide, liver_box_mm
from phantoms.body import skin_distance
from phantoms.hardware import (
    PlacedPlate,
    drive_kit,
    needle_metals,
    needle_parts,
    plate_metals,
    plate_parts,
)
from phantoms.inserting import insert_parts, within_twelve_bits
from phantoms.motion import Motion, moved_points, rigid_motion
from phantoms.noise import draw_noise
from phantoms.placing import draw_pose_above, face_points_mm
from phantoms.setups import case_spec
from phantoms.streaks import add_streaks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.registration.real_sources import Source
    from phantoms.arrays import Floats
    from phantoms.painting import ScanGrid

DRAWS = {"real-abdomen": 71, "real-chest": 72}
PLANNING_NOISE_HU, INTRAOP_NOISE_HU = (8.0, 13.0), (12.0, 25.0)
PLANNING_LENGTH_MM = 190.0
INTRAOP_LENGTH_MM = (120.0, 150.0)
LEFT_CONTRAST = (0.5, 0.65)
"""Share of the contrast that is left in the intraoperative scan: blood at 100 HU and the liver at
85, as some minutes after the injection."""
LESIONS, LESION_RADII_MM, LESION_DEPTH_MM = 3, (6.0, 12.0), 6.0
LESION_SEEN_MM = 22.0
"""A lesion's middle lies at least so far inside the later scan."""
LESION_HU, LESION_NATIVE_HU = -40.0, -16.0
LIVER_STEP_MM, BONE_STEP_MM = 18.0, 12.0
EDGE_MM = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A lesion: an ellipsoid along the axes, LPS of the planning scan, millimetres."""

    centre_mm: Floats
    radii_mm: Floats


def build_real_problem(kind: str, seed: int) -> Problem:
    """Build the problem of a kind and a seed.

    Parameters
    ----------
    kind : str
        ``real-abdomen`` or ``real-chest``.
    seed : int
        Not negative; every seed is another breath, set-up shift, field, and other lesions.

    Returns
    -------
    Problem
        The same kind and seed give the same values.

    Raises
    ------
    DataMissingError
        If the real scan is not beside the checkout.
    """
    source = load_source(kind)
    rng = np.random.default_rng([seed, DRAWS[kind]])
    middle = np.mean(liver_box_mm(source), axis=0)
    setup = rigid_motion(rng, shift_mm=SHIFT_MM, turn_deg=TURN_DEG, about_mm=middle)
    slide = draw_slide(source, setup, rng)
    planning_grid, grid = _planning_grid(source), _intraop_grid(source, slide, setup, rng)
    blobs = draw_blobs(source, slide, grid, rng)
    target = blobs[0].centre_mm
    noises = float(rng.uniform(*PLANNING_NOISE_HU)), float(rng.uniform(*INTRAOP_NOISE_HU))
    left = float(rng.uniform(*LEFT_CONTRAST))
    early = cut_layers(source.enhanced_hu, source.liver_mm, source.grid)
    faded = (source.native_hu + left * (source.enhanced_hu - source.native_hu)).astype(np.float32)
    late = cut_layers(faded, source.liver_mm, source.grid)
    still = Slide(liver=Motion(), rest=Motion(), amplitude_mm=0.0, follow_share=0.0)
    planning, depth = show(early, still, planning_grid, (blobs, LESION_HU))
    moved, _ = show(late, slide, grid, (blobs, LESION_NATIVE_HU))
    moved = _with_hardware(moved, grid, moved_points(slide.liver, target), rng)
    before, after = _carried(source, slide, blobs, (planning_grid, grid))
    return Problem(
        kind=kind,
        seed=seed,
        planning=Picture(
            values=_noisy(planning, planning_grid, noises[0], rng), grid=planning_grid
        ),
        intraop=Picture(values=_noisy(moved, grid, noises[1], rng), grid=grid),
        liver=depth < 0.0,
        before_mm=before,
        after_mm=after,
        making={
            "amplitude_mm": slide.amplitude_mm,
            "follow_share": slide.follow_share,
            "setup": setup.tolist(),
            "planning_noise_hu": noises[0],
            "intraop_noise_hu": noises[1],
            "left_contrast": left,
            "source_noise_hu": source.whole_noise_hu,
            "source_noise_left_hu": source.left_noise_hu,
            "intraop_shape_kji": list(grid.shape_kji),
        },
    )


def draw_blobs(
    source: Source, slide: Slide, grid: ScanGrid, rng: np.random.Generator
) -> list[Blob]:
    """Draw lesions inside the liver, apart from each other, that the later scan shows."""
    blobs: list[Blob] = []
    matrix = source.grid.lps_from_index
    while len(blobs) < LESIONS:
        radii = rng.uniform(*LESION_RADII_MM) * rng.uniform(0.85, 1.15, 3)
        places = np.argwhere(source.liver_mm < -(radii.max() + LESION_DEPTH_MM))
        centre = matrix[:3, :3] @ places[rng.integers(len(places))] + matrix[:3, 3]
        far = all(
            np.linalg.norm(centre - each.centre_mm) > radii.max() + each.radii_mm.max() + 10.0
            for each in blobs
        )
        if far and is_seen(grid, moved_points(slide.liver, centre)[None], LESION_SEEN_MM)[0]:
            blobs.append(Blob(centre_mm=centre, radii_mm=radii))
    return blobs


def _planning_grid(source: Source) -> ScanGrid:
    """Lay 512 x 512 pixels over the whole width, and 1.5 mm slices over the liver and about it."""
    matrix, shape = source.grid.lps_from_index, np.array(source.grid.shape_kji)
    centre = matrix[:3, :3] @ (0.5 * (shape - 1.0)) + matrix[:3, 3]
    field = float((matrix[:3, :3] @ shape)[:2].max())
    low, high = source.span_mm
    liver_low, liver_high = liver_box_mm(source)
    middle = 0.5 * (liver_low[2] + liver_high[2])
    length = min(PLANNING_LENGTH_MM, high - low)
    centre[2] = np.clip(middle, low + 0.5 * length, high - 0.5 * length)
    slices = int(length / PLANNING_SLICE_MM) - 1
    pixel = field / PIXELS
    return upright_grid(centre, (slices, PIXELS, PIXELS), (PLANNING_SLICE_MM, pixel, pixel))


def _intraop_grid(
    source: Source, slide: Slide, setup: Floats, rng: np.random.Generator
) -> ScanGrid:
    """Draw a field that shows the liver and nothing that the source does not hold."""
    low, high = _held_mm(source, setup, slide.amplitude_mm)
    liver = moved_points(slide.liver, np.mean(liver_box_mm(source), axis=0))
    length = min(float(rng.uniform(*INTRAOP_LENGTH_MM)), high - low)
    middle = liver[2] + rng.uniform(-0.1, 0.1) * length
    middle = float(np.clip(middle, low + 0.5 * length, high - 0.5 * length))
    matrix, shape = source.grid.lps_from_index, np.array(source.grid.shape_kji)
    body = matrix[:3, :3] @ (0.5 * (shape - 1.0)) + matrix[:3, 3]
    body = moved_points(setup, body)
    # the plate stands in front of the body and has to be seen
    centre = np.array(
        [body[0] + rng.uniform(-25.0, 25.0), body[1] - rng.uniform(15.0, 35.0), middle]
    )
    pixel = rng.uniform(*INTRAOP_FIELD_MM) / PIXELS
    slices = int(length / INTRAOP_SLICE_MM)
    return upright_grid(centre, (slices, PIXELS, PIXELS), (INTRAOP_SLICE_MM, pixel, pixel))


def _held_mm(source: Source, setup: Floats, amplitude_mm: float) -> tuple[float, float]:
    """Find between which heights of the later scan all that is seen lies in the source."""
    low, high = source.span_mm
    index = np.argwhere(source.skin_mm < 0.0)[::97]
    matrix = source.grid.lps_from_index
    flat = index @ matrix[:3, :3].T + matrix[:3, 3]
    flat[:, 2] = low
    bottom = float(moved_points(setup, flat)[:, 2].max())
    flat[:, 2] = high
    top = float(moved_points(setup, flat)[:, 2].min())
    reach = 1.25 * amplitude_mm
    spare = EDGE_MM + 0.5 * INTRAOP_SLICE_MM
    return bottom + max(reach, 4.0) + spare, top + min(reach, -4.0) - spare


def show(
    layers: Layers, slide: Slide, grid: ScanGrid, lesions: tuple[list[Blob], float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Show what layers look like after a motion, lesions in them, without noise.

    Parameters
    ----------
    layers : Layers
        The source.
    slide : Slide
        How they move.
    grid : ScanGrid
        What is scanned; each slice is the mean over its thickness.
    lesions : tuple of (list of Blob, float)
        The lesions, and how much brighter than the liver they are, Hounsfield units.

    Returns
    -------
    values_hu, depth_mm : (k, j, i) float32 array
        Hounsfield units, and the signed distance to the liver's surface in each slice's middle.
    """
    blobs, brighter_hu = lesions

    def lesion_hu(places: Floats) -> Floats:
        added = np.zeros(len(places))
        for blob in blobs:
            depth = 1.0 - np.linalg.norm((places - blob.centre_mm) / blob.radii_mm, axis=1)
            share = np.clip(0.5 + depth * blob.radii_mm.mean(), 0.0, 1.0)
            added = np.maximum(added, share)
        return brighter_hu * added

    return read_layers(layers, (slide.liver, slide.rest), grid, lesion_hu)


def _with_hardware(
    moved: NDArray[np.float32], grid: ScanGrid, target: Floats, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Set a plate on the skin and drive six needles through it to the target."""
    spec, face = case_spec(), face_points_mm(case_spec())
    outside_mm = skin_distance(moved, grid)
    pose = draw_pose_above(
        target, lambda pose: float(outside_mm(moved_points(pose, face)).min()), rng
    )
    plate = PlacedPlate(spec, pose, ())
    needles = drive_kit(plate, target, rng)
    parts = [(part, plate.lps_from_template) for part in plate_parts(plate)]
    parts += [(part, np.eye(4)) for each in needles for part in needle_parts(each)]
    metals = [*plate_metals(plate), *(metal for each in needles for metal in needle_metals(each))]
    shown = insert_parts(
        moved,
        parts,
        grid,
        point_spread_mm=0.55,
        metals=metals,
        streaks=partial(add_streaks, rng=rng),
    )
    return shown.astype(np.float32)


def _noisy(
    values: NDArray[np.float32], grid: ScanGrid, noise_hu: float, rng: np.random.Generator
) -> Any:  # noqa: ANN401 - int16 Hounsfield units
    noise = draw_noise(values, grid, "soft", rng)
    return within_twelve_bits(values + np.float32(noise_hu) * noise)


def _carried(
    source: Source, slide: Slide, blobs: list[Blob], grids: tuple[ScanGrid, ScanGrid]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Carry the places of each group that both scans show."""
    own = {
        "liver": _spread(source, source.liver_mm < -2.0, LIVER_STEP_MM),
        "tumour": _on_blobs(blobs),
        "bone": _spread(source, source.bone_mm < 0.0, BONE_STEP_MM),
    }
    before, after = {}, {}
    for group, points in own.items():
        moved = moved_points(slide.rest if group == "bone" else slide.liver, points)
        kept = is_seen(grids[1], moved, SEEN_MARGIN_MM) & is_seen(grids[0], points, SEEN_MARGIN_MM)
        before[group], after[group] = points[kept], moved[kept]
    return before, after


def _spread(source: Source, mask: NDArray[np.bool_], step_mm: float) -> Floats:
    """Lay a cubic lattice of points over a mask: (n, 3), LPS millimetres."""
    spacing = np.linalg.norm(source.grid.lps_from_index[:3, :3], axis=0)
    axes = [
        np.arange(0.5 * step_mm, n * s, step_mm) / s
        for n, s in zip(mask.shape, spacing, strict=True)
    ]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = ndimage.map_coordinates(mask.astype(np.float32), index.T, order=0) > 0.5
    matrix = source.grid.lps_from_index
    points: Floats = index[inside] @ matrix[:3, :3].T + matrix[:3, 3]
    return points


def _on_blobs(blobs: list[Blob]) -> Floats:
    """List the middle of each lesion and its six ends (n, 3)."""
    ends = np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
    return np.concatenate([each.centre_mm + ends * each.radii_mm for each in blobs])
