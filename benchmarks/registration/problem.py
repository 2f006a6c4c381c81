"""A registration problem with exact truth, and the folder that it is kept in.

A folder holds ``planning.mha``, ``intraop.mha`` (int16, Hounsfield units), ``liver.mha`` (uint8, on
the planning grid), ``points.npz`` (places before and after by group, LPS millimetres),
``points_planning.csv`` (the same places before and nothing of the truth), ``lattice.npz`` (a
regular lattice over the planning body, to count folds) and ``problem.json`` (how it was made).
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from phantoms.arrays import Floats
    from phantoms.painting import ScanGrid

GROUPS = ("liver", "tumour", "bone")
MAKINGS = {"real-abdomen": 5, "real-chest": 5, "smooth": 6, "rough": 6}
"""Raised when problems of the same kind and seed change: results of two makings do not compare."""
LATTICE_MM = 4.0
"""Folds are counted between points of the planning body that lie so far apart."""
BODY_HU = -300.0
POINT_HEADER = ("label", "x_mm", "y_mm", "z_mm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Grey values and where they lie.

    Parameters
    ----------
    values : (k, j, i) array
        Hounsfield units, or a mask.
    grid : ScanGrid
        An upright grid: its axes run to the left, to the back and to the head.
    """

    values: NDArray[np.number]
    grid: ScanGrid


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Two scans, a mask, and places whose motion is known.

    Parameters
    ----------
    kind, seed : str, int
        The two that it follows from.
    planning, intraop : Picture
        Hounsfield units.
    liver : (k, j, i) bool array
        On the planning grid.
    before_mm, after_mm : mapping of str to (n, 3) array
        Places by group (`GROUPS`), LPS of the planning and of the intraoperative scan.
    making : dict
        How it was made, for `problem.json`.
    """

    kind: str
    seed: int
    planning: Picture
    intraop: Picture
    liver: NDArray[np.bool_]
    before_mm: Mapping[str, Floats]
    after_mm: Mapping[str, Floats]
    making: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Kind and seed, the folder's name."""
        return f"{self.kind}-{self.seed}"


def image_of(values: NDArray[np.number], grid: ScanGrid) -> sitk.Image:
    """Build an image of an upright grid."""
    image = sitk.GetImageFromArray(values)
    steps = grid.lps_from_index[:3, 2::-1]
    lengths = np.linalg.norm(steps, axis=0)
    image.SetSpacing(lengths.tolist())
    image.SetDirection((steps / lengths).ravel().tolist())
    image.SetOrigin(grid.lps_from_index[:3, 3].tolist())
    return image


def index_of(grid: ScanGrid, points_mm: Floats) -> Floats:
    """Say where points (n, 3), LPS millimetres, lie among the voxels: (n, 3) indices k, j, i."""
    matrix = np.linalg.inv(grid.lps_from_index)
    found: Floats = points_mm @ matrix[:3, :3].T + matrix[:3, 3]
    return found


def is_seen(grid: ScanGrid, points_mm: Floats, margin_mm: float) -> NDArray[np.bool_]:
    """Tell which points (n, 3) lie inside a grid and so far from its rim."""
    index = index_of(grid, points_mm)
    spare = margin_mm / np.linalg.norm(grid.lps_from_index[:3, :3], axis=0)
    upper = np.array(grid.shape_kji) - 1.0 - spare
    inside: NDArray[np.bool_] = ((index >= spare) & (index <= upper)).all(axis=1)
    return inside


def lattice_of(planning_hu: NDArray[np.number], grid: ScanGrid) -> tuple[Floats, NDArray[np.bool_]]:
    """Lay a lattice over a planning scan.

    Returns
    -------
    points_mm : (a, b, c, 3) array
        Along z, y, x, `LATTICE_MM` apart, LPS millimetres.
    body : (a, b, c) bool array
        Which of them lie in the patient.
    """
    spacing = np.linalg.norm(grid.lps_from_index[:3, :3], axis=0)
    counts = [
        int((n - 1) * s / LATTICE_MM) + 1 for n, s in zip(grid.shape_kji, spacing, strict=True)
    ]
    index = np.stack(
        np.meshgrid(
            *[np.arange(n) * LATTICE_MM / s for n, s in zip(counts, spacing, strict=True)],
            indexing="ij",
        ),
        axis=-1,
    )
    points = index @ grid.lps_from_index[:3, :3].T + grid.lps_from_index[:3, 3]
    near = np.rint(index).astype(int)
    hu = planning_hu[near[..., 0], near[..., 1], near[..., 2]]
    pieces, count = ndimage.label(hu > BODY_HU)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    body = ndimage.binary_fill_holes(pieces == sizes.argmax())
    return points, body


def making_of(folder: Path) -> int:
    """Read which making a problem's folder is of; 0 where there is none."""
    told = folder / "problem.json"
    return (
        int(json.loads(told.read_text(encoding="utf-8")).get("making", 0)) if told.is_file() else 0
    )


def save_problem(problem: Problem, folder: Path) -> None:
    """Write a problem; the folder appears whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name in ("planning", "intraop"):
            picture: Picture = getattr(problem, name)
            image = image_of(picture.values.astype(np.int16), picture.grid)
            sitk.WriteImage(image, str(draft / f"{name}.mha"))
        liver = image_of(problem.liver.astype(np.uint8), problem.planning.grid)
        sitk.WriteImage(liver, str(draft / "liver.mha"), useCompression=True)
        both = {f"{group}_planning": problem.before_mm[group] for group in GROUPS}
        both |= {f"{group}_intraop": problem.after_mm[group] for group in GROUPS}
        save_arrays(draft / "points.npz", both)
        write_points(labelled(problem.before_mm), draft / "points_planning.csv")
        points, body = lattice_of(problem.planning.values, problem.planning.grid)
        save_arrays(draft / "lattice.npz", {"points_mm": points, "body": body})
        named = {"making": MAKINGS[problem.kind], "kind": problem.kind, "seed": problem.seed}
        text = json.dumps({**named, **problem.making}, indent=1, sort_keys=True)
        (draft / "problem.json").write_text(text + "\n", encoding="utf-8")
        draft.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as numpy's ``npz``, but without the hour: the same arrays, the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, values in arrays.items():
            raw = io.BytesIO()
            np.lib.format.write_array(raw, np.ascontiguousarray(values), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, raw.getvalue())


def labelled(by_group: Mapping[str, Floats]) -> dict[str, Floats]:
    """Name points by group and number: ``liver-001``."""
    return {
        f"{group}-{number:03d}": point
        for group in GROUPS
        for number, point in enumerate(by_group[group], start=1)
    }


def write_points(points: Mapping[str, Floats], path: Path) -> None:
    """Write labelled points as CSV with the header of the leaderboard's."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(POINT_HEADER)
        writer.writerows([label, *(f"{x:.6f}" for x in point)] for label, point in points.items())


def load_truth(folder: Path) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Read the places before and after by group, (n, 3) arrays, LPS millimetres."""
    with np.load(folder / "points.npz") as held:
        before = {group: held[f"{group}_planning"] for group in GROUPS}
        after = {group: held[f"{group}_intraop"] for group in GROUPS}
    return before, after
