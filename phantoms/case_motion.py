"""How the patient of a case has moved since the planning scan: breath, set-up, rolled couch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.breathing import breathing_motion, draw_breathing
from phantoms.motion import BodyMotion, Motion, body_chained, chained, rigid_motion, shrinkage

if TYPE_CHECKING:
    from phantoms.ablation import AblatedZone
    from phantoms.anatomy import Patient
    from phantoms.arrays import Floats
    from phantoms.recipes import PatientState

STILL = BodyMotion(dict.fromkeys(("wall", "liver", "abdomen", "lung"), Motion()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableMotion:
    """From the planning scan to a later one, LPS millimetres: the breath first, the roll last.

    Parameters
    ----------
    breath : BodyMotion
        What breathing does, as the patient lay for planning.
    set_up : (4, 4) array
        How he lies on the level couch.
    roll : (4, 4) array
        How couch and patient are rolled together.
    """

    breath: BodyMotion
    set_up: Floats
    roll: Floats

    @property
    def on_couch(self) -> BodyMotion:
        """All but the roll."""
        return body_chained(self.breath, self.set_up)

    @property
    def whole(self) -> BodyMotion:
        """All of it."""
        return body_chained(self.breath, self.set_up, self.roll)

    @property
    def rigid(self) -> Floats:
        """What is left of it (4, 4) without the breath."""
        matrix: Floats = self.roll @ self.set_up
        return matrix

    @property
    def is_rigid(self) -> bool:
        """Whether the breath is the planning scan's."""
        return all(motion.is_rigid for motion in self.breath.by_group.values())


def draw_table_motion(
    state: PatientState, patient: Patient, roll: Floats, rng: np.random.Generator, seed: int
) -> TableMotion:
    """Draw how a patient comes to lie on the table.

    Parameters
    ----------
    state : PatientState
        How far he moves, and whether he breathes otherwise.
    patient : Patient
        Who lies there.
    roll : (4, 4) array
        Of the couch, millimetres.
    rng : numpy.random.Generator
        Draws the set-up shift.
    seed : int
        Draws the breath, apart from all else.

    Returns
    -------
    TableMotion
        From his planning scan.
    """
    set_up = rigid_motion(
        rng,
        shift_mm=state.shift_mm,
        turn_deg=state.turn_deg,
        about_mm=patient.tumour_centre_mm,
    )
    return TableMotion(
        breath=_drawn_breath(state.breath_mm, patient, seed), set_up=set_up, roll=roll
    )


def _drawn_breath(breath_mm: tuple[float, float] | None, patient: Patient, seed: int) -> BodyMotion:
    """Let a patient breathe in or out, or not at all."""
    if breath_mm is None:
        return STILL
    rng = np.random.default_rng([seed, 8])
    breathes_out = bool(rng.integers(2))
    breath = draw_breathing(rng, amplitude_mm=breath_mm, breathes_out=breathes_out)
    return breathing_motion(patient, breath)


def shrunk(zone: AblatedZone, share: float, later: BodyMotion) -> BodyMotion:
    """Let the liver contract round an ablated zone before a motion.

    Parameters
    ----------
    zone : AblatedZone
        A sphere, where its tissue lay for planning.
    share : float
        Linear shrinkage.
    later : BodyMotion
        What comes after.

    Returns
    -------
    BodyMotion
        Of the liver both; of all else `later` alone.
    """
    inward = shrinkage(zone.lps_from_zone[:3, 3], radius_mm=float(zone.radii_mm.max()), share=share)
    return BodyMotion({**later.by_group, "liver": chained(inward, later.of("liver"))})
