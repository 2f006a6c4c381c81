"""How a scan is taken: the settings that a radiographer chooses, in one frozen object."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.contrast import PHASES
from phantoms.errors import ScanRefusedError
from phantoms.resolution import KERNELS, noise_factor

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import ArrayLike

ROUTINE_NOISE_HU = 10.0
"""Noise of a routine abdominal scan (dose 1), soft kernel, slices of `ROUTINE_THICKNESS_MM`."""
ROUTINE_THICKNESS_MM = 2.5
MOST_NOISE_HU = 500.0
MOST_GANTRY_TILT_DEG = 30.0
"""Real gantries tilt by up to 30 degrees."""
MOST_COUCH_ROLL_DEG = 30.0
FIELDS_MM = (50.0, 500.0)
"""Least and most diameter that a scanner reconstructs, millimetres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanProtocol:
    """The settings of one scan.

    Parameters
    ----------
    spacing_kji_mm : tuple of float
        Slice distance along the slices' normal, row distance, column distance, millimetres.
    thickness_mm : float
        Width of the box slice profile; more than the slice distance where slices overlap.
    kernel : str
        ``"soft"`` or ``"sharp"``, see :data:`phantoms.resolution.KERNELS`.
    dose : float
        Against a routine abdominal scan; infinite for a scan without noise.
    phase : str
        Contrast: ``"none"``, ``"arterial"``, ``"portal venous"`` or ``"delayed"``.
    gantry_tilt_deg : float
        How far the gantry's top leans to the head, degrees.
    couch_roll_deg : float
        How far couch and patient are turned about the scanner's axis, degrees; the patient's left
        side goes down where positive.
    field_of_view_mm : float or None
        Diameter of the circle that is reconstructed; what lies outside is padding. None gives the
        whole square of the patient's field.
    rings_hu : float
        Height of each slice's strongest ring; 0 for a well calibrated detector.
    with_streaks : bool
        Whether metal throws streaks.

    Raises
    ------
    ScanRefusedError
        If a setting is not one of a CT.

    Examples
    --------
    >>> ScanProtocol(spacing_kji_mm=(2.5, 0.8, 0.8), thickness_mm=2.5).noise_hu
    10.0
    """

    spacing_kji_mm: tuple[float, float, float]
    thickness_mm: float
    kernel: str = "soft"
    dose: float = 1.0
    phase: str = "portal venous"
    gantry_tilt_deg: float = 0.0
    couch_roll_deg: float = 0.0
    field_of_view_mm: float | None = None
    rings_hu: float = 0.0
    with_streaks: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "spacing_kji_mm", checked_spacing(self.spacing_kji_mm))
        _check_word(self.kernel, KERNELS, "kernel")
        _check_word(self.phase, PHASES, "phase")
        _check_range(self.thickness_mm, (0.2, 10.0), "thickness_mm", "mm")
        if not self.dose > 0.0:
            raise _refused("dose", "a number more than 0", repr(self.dose))
        tilt, roll = MOST_GANTRY_TILT_DEG, MOST_COUCH_ROLL_DEG
        _check_range(self.gantry_tilt_deg, (-tilt, tilt), "gantry_tilt_deg", "degrees")
        _check_range(self.couch_roll_deg, (-roll, roll), "couch_roll_deg", "degrees")
        _check_range(self.rings_hu, (0.0, 500.0), "rings_hu", "HU")
        if self.field_of_view_mm is not None:
            _check_range(self.field_of_view_mm, FIELDS_MM, "field_of_view_mm", "mm")

    @property
    def noise_hu(self) -> float:
        """Standard deviation of the noise over the body's inner half, Hounsfield units.

        It falls with the square root of dose and slice thickness, and rises with the kernel.
        """
        photons = self.dose * self.thickness_mm / ROUTINE_THICKNESS_MM
        return ROUTINE_NOISE_HU * noise_factor(self.kernel) / math.sqrt(photons)


def dose_for_noise(noise_hu: float, *, thickness_mm: float, kernel: str = "soft") -> float:
    """Find the dose that leaves a given noise.

    Parameters
    ----------
    noise_hu : float
        Standard deviation wanted, Hounsfield units; 0 asks for an infinite dose.
    thickness_mm : float
        Slice thickness, millimetres.
    kernel : str
        Name of the kernel.

    Returns
    -------
    float
        Dose against a routine scan.

    Raises
    ------
    ScanRefusedError
        If the noise is negative or beyond any CT.

    Examples
    --------
    >>> dose_for_noise(20.0, thickness_mm=2.5)
    0.25
    """
    _check_range(noise_hu, (0.0, MOST_NOISE_HU), "noise_hu", "HU")
    if noise_hu == 0.0:
        return math.inf
    ratio = ROUTINE_NOISE_HU * noise_factor(kernel) / noise_hu
    return ratio**2 * ROUTINE_THICKNESS_MM / thickness_mm


def _refused(setting: str, expected: str, got: str) -> ScanRefusedError:
    """Build the refusal of one setting."""
    return ScanRefusedError(
        "The setting is not one of a CT",
        where=setting,
        expected=expected,
        got=got,
        next_step=f"correct {setting}",
    )


def _check_range(value: float, limits: tuple[float, float], setting: str, unit: str) -> None:
    """Refuse a number outside its limits; NaN is outside."""
    if not limits[0] <= value <= limits[1]:
        raise _refused(setting, f"{limits[0]:g} to {limits[1]:g} {unit}", repr(value))


def _check_word(word: str, known: Collection[str], setting: str) -> None:
    """Refuse a word that is not in the list."""
    if word not in known:
        raise _refused(setting, f"one of {', '.join(known)}", repr(word))


def checked_spacing(spacing_kji_mm: ArrayLike) -> tuple[float, float, float]:
    """Return a voxel spacing as three plain numbers, or refuse it.

    Parameters
    ----------
    spacing_kji_mm : (3,) array_like
        Slice, row and column distance, millimetres.

    Returns
    -------
    tuple of float
        The same, 0.2 to 10 mm each.

    Raises
    ------
    ScanRefusedError
        If there are not three numbers, or one is not a spacing of a CT.

    Examples
    --------
    >>> checked_spacing([2.5, 1, 1])
    (2.5, 1.0, 1.0)
    """
    spacing = np.asarray(spacing_kji_mm, dtype=np.float64)
    if not (spacing.shape == (3,) and ((spacing >= 0.2) & (spacing <= 10.0)).all()):
        raise ScanRefusedError(
            "The voxel spacing is not one of a CT",
            where="spacing_kji_mm",
            expected="three numbers from 0.2 to 10 mm",
            got=str(spacing.tolist()),
            next_step="give slice, row and column distance in millimetres",
        )
    return float(spacing[0]), float(spacing[1]), float(spacing[2])
