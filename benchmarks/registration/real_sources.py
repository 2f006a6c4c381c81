"""Real CT scans taken apart into what slides: the liver, and the rest of the body.

Two scans of the TotalSegmentator test data (Apache-2.0) are read from beside the checkout and never
copied. Their own noise is taken down first: it would move with the tissue and be a landmark that no
two real scans share.

References
----------
R. Whitaker, X. Xue, Variable-conductance, level-set curvature for image denoising, ICIP 2001,
doi:10.1109/ICIP.2001.958071 (the denoising).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from phantoms.body import skin_distance
from phantoms.sources import read_source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phantoms.arrays import Floats
    from phantoms.painting import ScanGrid

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CONDUCTANCE = 2.0
DIFFUSION_STEPS = {"real-abdomen": 3, "real-chest": 8}
SOFT_HU = (-200.0, 400.0)
"""Within these the noise is taken down; bone, metal and air stay as they are."""
BONE_HU = 180.0
BLUR_VOXELS = 1.2

LIVER, SPLEEN, KIDNEYS, PANCREAS = 5, 1, (2, 3), 7
AORTA, CAVA, PORTAL = 52, 63, 64
BONES = (*range(25, 51), *range(75, 79), *range(92, 117))
"""Labels of TotalSegmentator's task `total`, version 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A real scan, quiet, in two looks, and its liver.

    Parameters
    ----------
    grid : ScanGrid
        Where the voxels lie.
    native_hu, enhanced_hu : (k, j, i) float32 array
        With little and with much contrast; one of the two is the scan, the other follows from it.
    liver_mm, bone_mm, skin_mm : (k, j, i) float32 array
        Signed distances, negative inside, millimetres.
    whole_noise_hu, left_noise_hu : float
        Fine spread in the liver before and after denoising, Hounsfield units.
    """

    grid: ScanGrid
    native_hu: NDArray[np.float32]
    enhanced_hu: NDArray[np.float32]
    liver_mm: NDArray[np.float32]
    bone_mm: NDArray[np.float32]
    skin_mm: NDArray[np.float32]
    whole_noise_hu: float
    left_noise_hu: float

    @property
    def span_mm(self) -> tuple[float, float]:
        """First and last slice, LPS z, millimetres."""
        first, step = float(self.grid.lps_from_index[2, 3]), float(self.grid.lps_from_index[2, 0])
        return first, first + step * (self.grid.shape_kji[0] - 1)


class DataMissingError(RuntimeError):
    """The real scans are not beside the checkout."""


def _path(*words: str) -> Path:
    path = DATA.joinpath(*words)
    if not path.exists():
        raise DataMissingError(f"no real scan at ../shared/data/{'/'.join(words)}")
    return path


@cache
def load_source(kind: str) -> Source:
    """Read and prepare the real scan of a kind, ``real-abdomen`` or ``real-chest``.

    Raises
    ------
    DataMissingError
        If it is not beside the checkout.
    """
    return _abdomen() if kind == "real-abdomen" else _chest()


def _quiet(values_hu: NDArray[np.float32], steps: int) -> NDArray[np.float32]:
    """Take down the noise of soft tissue, edges and vessels kept."""
    soft = np.clip(values_hu, *SOFT_HU)
    image = sitk.CurvatureAnisotropicDiffusion(
        sitk.GetImageFromArray(soft),
        timeStep=0.06,
        conductanceParameter=CONDUCTANCE,
        numberOfIterations=steps,
    )
    quiet = sitk.GetArrayFromImage(image).astype(np.float32)
    # what was cut off comes back
    return np.asarray(quiet + (values_hu - soft), dtype=np.float32)


def fine_spread_hu(values_hu: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Measure the spread between neighbours in a row, as that of white noise: robust, HU."""
    both = mask[:, :, 1:] & mask[:, :, :-1]
    steps = np.abs(np.diff(values_hu, axis=2)[both])
    return float(np.median(steps) / 0.6745 / np.sqrt(2.0))


def _signed_mm(mask: NDArray[np.bool_], spacing: Floats) -> NDArray[np.float32]:
    """Measure signed distances to a mask's border, smoothed a little, millimetres."""
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing)
    inside = ndimage.distance_transform_edt(mask, sampling=spacing)
    signed = np.where(mask, 0.5 * spacing[2] - inside, outside - 0.5 * spacing[2])
    return np.asarray(ndimage.gaussian_filter(signed, 0.7), dtype=np.float32)


def _distances(
    values: NDArray[np.float32], liver: NDArray[np.bool_], bone: NDArray[np.bool_], grid: ScanGrid
) -> dict[str, NDArray[np.float32]]:
    spacing = np.linalg.norm(grid.lps_from_index[:3, :3], axis=0)
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape_kji), indexing="ij"), axis=-1)
    skin = skin_distance(values, grid)
    places = index.reshape(-1, 3) @ grid.lps_from_index[:3, :3].T + grid.lps_from_index[:3, 3]
    return {
        "liver_mm": _signed_mm(liver, spacing),
        "bone_mm": _signed_mm(bone, spacing),
        "skin_mm": skin(places).reshape(grid.shape_kji).astype(np.float32),
    }


def _abdomen() -> Source:
    """Prepare the abdomen: taken without contrast; labelled organs get the contrast."""
    scan = read_source(_path("totalseg_abdomen", "example_ct.nii.gz"))
    labels_at = _path("totalseg_abdomen", "example_seg_fast_force_split.nii.gz")
    labels = sitk.GetArrayFromImage(sitk.DICOMOrient(sitk.ReadImage(str(labels_at)), "LPS"))
    whole = scan.values_hu.astype(np.float32)
    native = _quiet(whole, DIFFUSION_STEPS["real-abdomen"])
    liver: NDArray[np.bool_] = labels == LIVER
    bone = np.isin(labels, BONES)
    core = ndimage.binary_erosion(liver, iterations=2)
    return Source(
        grid=scan.grid,
        native_hu=native,
        enhanced_hu=_with_contrast(native, labels),
        whole_noise_hu=fine_spread_hu(whole, core),
        left_noise_hu=fine_spread_hu(native, core),
        **_distances(whole, liver, bone, scan.grid),
    )


def _with_contrast(native: NDArray[np.float32], labels: NDArray[np.generic]) -> NDArray[np.float32]:
    """Give labelled organs what they take up in the portal venous phase."""
    enhanced = native.copy()
    gains = [(SPLEEN, 70.0), (PANCREAS, 50.0), (AORTA, 110.0), (CAVA, 90.0), (PORTAL, 120.0)]
    gains += [(kidney, 140.0) for kidney in KIDNEYS]
    for label, gain in gains:
        enhanced += gain * ndimage.gaussian_filter((labels == label).astype(np.float32), 0.6)
    liver: NDArray[np.float32] = ndimage.gaussian_filter((labels == LIVER).astype(np.float32), 0.6)
    # blood is a little darker than the liver without contrast and brighter with it
    off = native - np.median(native[labels == LIVER])
    turned = np.clip(-3.0 * off, -20.0, 60.0)
    enhanced += liver * (50.0 + np.where(np.abs(off) < 40.0, turned, 0.0))
    return enhanced


def _chest() -> Source:
    """Prepare the chest: taken in the arterial phase; blood is brought to later phases."""
    scan = read_source(_path("totalseg_chest_liver", "example_ct.nii.gz"))
    whole = scan.values_hu.astype(np.float32)
    arterial = _quiet(whole, DIFFUSION_STEPS["real-chest"])
    spacing = np.linalg.norm(scan.grid.lps_from_index[:3, :3], axis=0)
    skin = _distances(whole, whole > 0, whole > 0, scan.grid)["skin_mm"]
    liver = _grown_liver(arterial, skin, spacing)
    bone = _bone_of_wall(arterial, skin, liver)
    native, venous = (_in_phase(arterial, liver, bone, curve) for curve in (NATIVE, VENOUS))
    core = ndimage.binary_erosion(liver, iterations=4)
    return Source(
        grid=scan.grid,
        native_hu=native,
        enhanced_hu=venous,
        whole_noise_hu=fine_spread_hu(whole, core),
        left_noise_hu=fine_spread_hu(arterial, core),
        **_distances(whole, liver, bone, scan.grid),
    )


LIVER_SEED_KJI = (25, 80, 60)
LIVER_TOP_K, HEART_K, HEART_I = 75, 40, 125
CAP_SLICES, LUNG_HU = 6, -400.0
"""Slices and columns of this one scan: above the dome, and where the heart lies on the liver."""


def _grown_liver(
    quiet: NDArray[np.float32], skin_mm: NDArray[np.float32], spacing: Floats
) -> NDArray[np.bool_]:
    """Grow the liver from a place in it, cut where it is joined to others by a thin bridge."""
    smooth: NDArray[np.float32] = ndimage.gaussian_filter(np.clip(quiet, *SOFT_HU), BLUR_VOXELS)
    darkest = np.full(smooth.shape, 45.0, dtype=np.float32)
    darkest[HEART_K:] = 28.0
    like = (smooth > darkest) & (smooth < 112.0) & (skin_mm < -20.0)
    like[LIVER_TOP_K:] = False
    like[HEART_K:, :, HEART_I:] = False
    core = ndimage.distance_transform_edt(like, sampling=spacing) > 6.0
    pieces, _ = ndimage.label(core)
    core = pieces == pieces[LIVER_SEED_KJI]
    near = ndimage.distance_transform_edt(~core, sampling=spacing) < 7.0
    liver = near & (smooth > 0.7 * darkest) & (smooth < 125.0)
    closed = ndimage.binary_closing(liver, iterations=4) & (smooth > 0.0)
    # a vessel is closed where the liver is all round it, and what is no liver stays out
    filled = np.stack([ndimage.binary_fill_holes(each) for each in liver | closed])
    return np.asarray(filled | _under_lung(filled, quiet), dtype=np.bool_)


def _under_lung(liver: NDArray[np.bool_], quiet: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Find the thin cap of the dome between a liver grown too low and the lung above it."""
    lung_above, liver_below = np.zeros_like(liver), np.zeros_like(liver)
    for step in range(1, CAP_SLICES + 1):
        lung_above[:-step] |= quiet[step:] < LUNG_HU
        liver_below[step:] |= liver[:-step]
    return np.asarray(lung_above & liver_below & (quiet > LUNG_HU), dtype=np.bool_)


def _bone_of_wall(
    quiet: NDArray[np.float32], skin_mm: NDArray[np.float32], liver: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Find ribs, sternum and spine: dense, and near the skin or behind the great vessels."""
    dense = quiet > BONE_HU
    columns = np.arange(quiet.shape[2])[None, None]
    rows = np.arange(quiet.shape[1])[None, :, None]
    is_spine = (np.abs(columns - 122) < 32) & (rows > 98)
    # lines and clips on the skin are no bone
    is_wall = (skin_mm > -42.0) & (skin_mm < -4.0) & ~ndimage.binary_dilation(liver, iterations=1)
    return np.asarray(ndimage.binary_closing(dense & (is_spine | is_wall), iterations=2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What a phase makes of arterial grey values, in soft tissue and in the liver.

    Parameters
    ----------
    tissue : tuple of (float, float)
        Arterial and new Hounsfield units, rising in the first.
    liver_hu : float
        What the liver's median becomes.
    off_liver : tuple of (float, float)
        Arterial and new difference from the liver's median, Hounsfield units.
    """

    tissue: tuple[tuple[float, float], ...]
    liver_hu: float
    off_liver: tuple[tuple[float, float], ...]


FAR = (-4000.0, -4000.0)
NATIVE = Curve(
    tissue=(FAR, (45.0, 45.0), (80.0, 52.0), (150.0, 50.0), (600.0, 62.0), (4000.0, 400.0)),
    liver_hu=57.0,
    off_liver=((-60.0, -20.0), (-30.0, -15.0), (0.0, 0.0), (40.0, -6.0), (300.0, -12.0)),
)
VENOUS = Curve(
    tissue=(FAR, (50.0, 52.0), (80.0, 75.0), (150.0, 115.0), (300.0, 150.0), (4000.0, 500.0)),
    liver_hu=108.0,
    off_liver=(
        (-60.0, 30.0),
        (-30.0, 35.0),
        (-12.0, 12.0),
        (0.0, 0.0),
        (40.0, 35.0),
        (300.0, 60.0),
    ),
)
"""Veins of the liver are darker than it in the arterial phase and brighter in the venous one."""


def _in_phase(
    arterial: NDArray[np.float32], liver: NDArray[np.bool_], bone: NDArray[np.bool_], curve: Curve
) -> NDArray[np.float32]:
    """Give soft tissue the grey values of another phase; bone stays."""
    old, new = np.array(curve.tissue).T
    tissue = np.interp(arterial, old, new)
    off = arterial - float(np.median(arterial[liver]))
    old, new = np.array(curve.off_liver).T
    parenchyma = curve.liver_hu + np.interp(off, old, new)
    # what is far darker than a vein is fat or gas in a fissure
    parenchyma = np.where(off < -60.0, tissue, parenchyma)
    soft: NDArray[np.float32] = ndimage.gaussian_filter(liver.astype(np.float32), 0.6)
    near = ndimage.binary_dilation(bone, iterations=2).astype(np.float32)
    hard: NDArray[np.float32] = ndimage.gaussian_filter(near, 0.8)
    changed = soft * parenchyma + (1.0 - soft) * tissue
    return np.asarray(hard * arterial + (1.0 - hard) * changed, dtype=np.float32)
