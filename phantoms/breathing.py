"""Breathing with exact truth: the diaphragm drives it, and the groups of parts slide.

In the body frame every organ below the diaphragm, and the lung above it, slides along the body's
long axis, each group by its own lattice; then the wall's own expansion carries all of them alike.
The inside of the chest wall is the same at each height, so whatever slides along it stays in
touch with it, and a lung that follows the dome neither leaves a gap nor enters a rib.

References
----------
P. J. Keall et al., AAPM Task Group 76, Med. Phys. 33 (2006), doi:10.1118/1.2349696: excursion of
diaphragm, liver and kidneys. T. Rohlfing et al., Med. Phys. 31 (2004), doi:10.1118/1.1644513: the
liver moves by 12 to 26 mm (not checked against the source) and deforms on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.bounds import bounds_mm
from phantoms.errors import MotionRefusedError
from phantoms.motion import (
    BodyMotion,
    Lattice,
    Motion,
    body_chained,
    fit_lattice,
    inverse_rigid,
)
from phantoms.motion.fading import rising, within

if TYPE_CHECKING:
    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats

MOST_AMPLITUDE_MM = 30.0
PITCH_MM = 20.0
FADE_MM = 220.0
"""Beside the body all displacement fades out over this way, where nothing is painted."""
HEAD_MM, APEX_MM = 30.0, 230.0
"""Up to here above the dome the lung follows it in full; from there on it stays."""
DOME_EDGE_MM = -60.0
"""Above this the organs follow the diaphragm in full, so that they keep their distance to it."""
RECESS_MM = -140.0
"""Down to here the diaphragm moves in full, so that the lung's recess moves with it."""
FEET_MM = -300.0
"""Below this nothing moves, body frame z."""
LIVER_EDGE_MM, LIVER_FEET_MM = -150.0, -360.0
"""Between these heights the veins that leave the liver come to rest."""
CALM_MM = 25.0
"""So far to each side of the spine nothing moves sideways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breathing:
    """How deep one breath is, and what it does.

    Parameters
    ----------
    amplitude_mm : float
        How far the right dome comes down; negative where it goes up: breathing out.
    front_mm, side_mm : float
        How far belly and flanks come out, millimetres; negative with a negative amplitude.
    front_share : float
        By this share the diaphragm moves less in front than in the middle, and more behind.
    liver_compression_share : float
        The liver's lower edge lags behind its dome by this share of the amplitude.
    liver_tilt_share : float
        By this share of the amplitude the liver's left edge lags behind its right one, below.
    """

    amplitude_mm: float
    front_mm: float
    side_mm: float
    front_share: float
    liver_compression_share: float
    liver_tilt_share: float

    def __post_init__(self) -> None:
        if not abs(self.amplitude_mm) <= MOST_AMPLITUDE_MM:
            raise MotionRefusedError(
                "The breath is deeper than the model holds",
                where="Breathing.amplitude_mm",
                expected=f"-{MOST_AMPLITUDE_MM:g} to {MOST_AMPLITUDE_MM:g} mm",
                got=repr(self.amplitude_mm),
                next_step="breathe less deeply",
            )


def draw_breathing(
    rng: np.random.Generator,
    *,
    amplitude_mm: tuple[float, float] = (10.0, 25.0),
    breathes_out: bool = False,
) -> Breathing:
    """Draw a breath.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    amplitude_mm : (low, high)
        Range of the right dome's way, millimetres.
    breathes_out : bool
        Whether the dome goes up against the planning scan, not down.

    Returns
    -------
    Breathing
        Sizes inside what was measured in patients.

    Examples
    --------
    >>> 10.0 <= draw_breathing(np.random.default_rng(1)).amplitude_mm <= 25.0
    True
    """
    amplitude = rng.uniform(*amplitude_mm) * (-1.0 if breathes_out else 1.0)
    return Breathing(
        amplitude_mm=float(amplitude),
        front_mm=float(amplitude * rng.uniform(0.2, 0.32)),
        side_mm=float(amplitude * rng.uniform(0.04, 0.09)),
        front_share=float(rng.uniform(0.15, 0.3)),
        liver_compression_share=float(rng.uniform(0.1, 0.25)),
        liver_tilt_share=float(rng.uniform(0.04, 0.12)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trunk:
    """Where the trunk's cavity and skin end, body frame, millimetres."""

    half_width_mm: float
    front_mm: float
    back_mm: float
    skin_half_width_mm: float
    skin_front_mm: float

    @property
    def middle_y_mm(self) -> float:
        """Middle of the cavity, front to back, millimetres."""
        return 0.5 * (self.front_mm + self.back_mm)


def _measure_trunk(patient: Patient) -> _Trunk:
    cavity = next(part.shape for part in patient.parts if part.name == "cavity")
    low, high = bounds_mm(cavity)
    skin_low, skin_high = bounds_mm(patient.skin)
    return _Trunk(
        half_width_mm=float(high[0]),
        front_mm=float(low[1]),
        back_mm=float(high[1]),
        skin_half_width_mm=float(skin_high[0]),
        skin_front_mm=float(skin_low[1]),
    )


def _dome_share(points: Floats, trunk: _Trunk, breath: Breathing) -> Floats:
    """Share of the amplitude by which the diaphragm moves, (n,): in x and y alone."""
    x, y = points[:, 0], points[:, 1]
    half_depth = 0.5 * (trunk.back_mm - trunk.front_mm)
    forward = np.clip((trunk.middle_y_mm - y) / half_depth, -1.0, 1.0)
    share = 1.0 - breath.front_share * np.where(forward > 0.0, forward**2, -0.4 * forward**2)
    share *= within(x, -trunk.half_width_mm, trunk.half_width_mm, FADE_MM)
    faded: Floats = share * within(y, trunk.front_mm, trunk.back_mm, FADE_MM)
    return faded


def _diaphragm_share(points: Floats) -> Floats:
    """Share of the diaphragm's way by height, (n,): lung, heart and diaphragm."""
    z = points[:, 2]
    shares: Floats = within(z, RECESS_MM, HEAD_MM, APEX_MM - HEAD_MM)
    return shares


def _abdomen_share(points: Floats) -> Floats:
    """Share of the diaphragm's way by height, (n,): the farther below it, the less."""
    z = points[:, 2]
    shares: Floats = rising((z - FEET_MM) / (DOME_EDGE_MM - FEET_MM)) * _diaphragm_share_above(z)
    return shares


def _diaphragm_share_above(z_mm: Floats) -> Floats:
    """Share of the dome's way above it, by height (n,) in millimetres."""
    return 1.0 - rising((z_mm - HEAD_MM) / (APEX_MM - HEAD_MM))


def _liver_share(points: Floats, trunk: _Trunk, breath: Breathing) -> Floats:
    """Share of the diaphragm's way, (n,): compressed and tilted, the more the lower."""
    x, z = points[:, 0], points[:, 2]
    depth = rising((-10.0 - z) / 170.0)
    leftward = np.clip(x / trunk.half_width_mm + 0.4, -0.6, 0.9)
    share = 1.0 - depth * (breath.liver_compression_share + breath.liver_tilt_share * leftward)
    below = rising((z - LIVER_FEET_MM) / (LIVER_EDGE_MM - LIVER_FEET_MM))
    shares: Floats = share * below * _diaphragm_share_above(z)
    return shares


def _slide(trunk: _Trunk, breath: Breathing, group: str) -> Lattice:
    """Build the lattice by which a group slides along z, body frame."""

    def displacement_mm(points: Floats) -> Floats:
        share = _dome_share(points, trunk, breath)
        if group == "lung":
            share = share * _diaphragm_share(points)
        elif group == "abdomen":
            share = share * _abdomen_share(points)
        else:
            share = share * _liver_share(points, trunk, breath)
        # what comes down came from above
        moved: Floats = breath.amplitude_mm * share[:, None] * np.array([0.0, 0.0, 1.0])
        return moved

    side = trunk.half_width_mm + FADE_MM
    return fit_lattice(
        displacement_mm,
        low_mm=[-side, trunk.front_mm - FADE_MM, LIVER_FEET_MM],
        high_mm=[side, trunk.back_mm + FADE_MM, APEX_MM],
        pitch_mm=PITCH_MM,
    )


def _expansion(trunk: _Trunk, breath: Breathing) -> Lattice:
    """Build the lattice by which belly and flanks come out; the spine and the back stay."""
    rest_y = trunk.back_mm - 60.0

    def displacement_mm(points: Floats) -> Floats:
        x, y, z = points.T
        height = within(z, -170.0, -60.0, 190.0)
        beyond = rising((trunk.skin_front_mm - y) / FADE_MM)
        half_width = trunk.skin_half_width_mm
        across = within(x, -0.3 * half_width, 0.3 * half_width, 1.7 * half_width)
        forward = rising((rest_y - y) / (rest_y - trunk.skin_front_mm)) * (1.0 - beyond) * across
        outward = rising((np.abs(x) - CALM_MM) / (half_width - CALM_MM))
        outward *= within(x, -half_width, half_width, FADE_MM)
        outward *= within(y, trunk.skin_front_mm, rest_y, FADE_MM)
        moved = np.zeros_like(points)
        moved[:, 0] = -breath.side_mm * np.sign(x) * outward * height
        moved[:, 1] = breath.front_mm * forward * height
        return moved

    side = trunk.skin_half_width_mm + 1.1 * FADE_MM
    return fit_lattice(
        displacement_mm,
        low_mm=[-side, trunk.skin_front_mm - FADE_MM, FEET_MM],
        high_mm=[side, trunk.back_mm + FADE_MM, 150.0],
        pitch_mm=PITCH_MM,
    )


def breathing_motion(patient: Patient, breath: Breathing) -> BodyMotion:
    """Let a patient breathe.

    Parameters
    ----------
    patient : Patient
        Who breathes.
    breath : Breathing
        How.

    Returns
    -------
    BodyMotion
        From the planning scan to the scan in the other breath state, LPS millimetres.

    Raises
    ------
    MotionRefusedError
        If the tissue might fold.
    """
    trunk = _measure_trunk(patient)
    wall = _expansion(trunk, breath)
    slides = {group: _slide(trunk, breath, group) for group in ("liver", "abdomen", "lung")}
    in_body = BodyMotion(
        {"wall": Motion((wall,))}
        | {group: Motion((slide, wall)) for group, slide in slides.items()}
    )
    return body_chained(inverse_rigid(patient.lps_from_body), in_body, patient.lps_from_body)
