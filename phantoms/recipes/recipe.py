"""What happens in a case: to the patient, the plate and the needles, and how it is scanned."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from phantoms.lesions import LesionRequest
from phantoms.protocol import ScanProtocol, dose_for_noise

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL_NOISE_HU = 12.0
PLANNING = ScanProtocol(
    spacing_kji_mm=(1.5, 1.0, 1.0),
    thickness_mm=1.5,
    dose=dose_for_noise(USUAL_NOISE_HU, thickness_mm=1.5),
)
"""How every planning scan is taken."""
INTRAOP = ScanProtocol(
    spacing_kji_mm=(2.5, 1.0, 1.0),
    thickness_mm=2.5,
    dose=dose_for_noise(USUAL_NOISE_HU, thickness_mm=2.5),
)
"""How a scan with the plate is taken where the case says nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientState:
    """Who the patient is, and what he does between the two scans.

    Parameters
    ----------
    lesions : tuple of LesionRequest
        His metastases; the first is treated.
    has_vanished : bool
        Whether the first shows in an older scan alone.
    is_someone_else : bool
        Whether it is another patient who lies on the table.
    shift_mm, turn_deg : (low, high)
        Range of the set-up shift, millimetres and degrees.
    breath_mm : (low, high) or None
        Range of the dome's way by which breath is held otherwise than for planning, millimetres;
        None for the same breath.
    """

    lesions: tuple[LesionRequest, ...] = (LesionRequest(),)
    has_vanished: bool = False
    is_someone_else: bool = False
    shift_mm: tuple[float, float] = (5.0, 20.0)
    turn_deg: tuple[float, float] = (1.0, 3.0)
    breath_mm: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateState:
    """How the plate stands against the plan.

    Parameters
    ----------
    slip_mm : float
        How far it has slipped in its own plane.
    turned_deg : float
        How far it is turned in its own plane.
    is_turned_over : bool
        Whether its operator face lies toward the patient.
    is_another : bool
        Whether it is another plate than the one planned with.
    lost_markers : int
        How many markers have fallen out.
    stickers : int
        How many balls like its markers lie on the skin beside it.
    """

    slip_mm: float = 0.0
    turned_deg: float = 0.0
    is_turned_over: bool = False
    is_another: bool = False
    lost_markers: int = 0
    stickers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedleState:
    """What stands in the patient beside the plate.

    Parameters
    ----------
    antenna_bend_mm : float
        Bend radius of the antenna, millimetres; infinite for a straight one.
    has_crossing_antenna : bool
        Whether a second antenna, driven by hand, crosses the first in the axial picture.
    coils : int
        How many steel coils of an earlier embolisation lie round the tumour.
    """

    antenna_bend_mm: float = math.inf
    has_crossing_antenna: bool = False
    coils: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """What was coagulated in the end.

    Parameters
    ----------
    left_margin_mm : float
        Least margin of the coagulated tissue where it lay for planning, millimetres: negative
        where tumour is left.
    shrinkage_share : float
        Share by which the zone has contracted in the scan afterwards, along every line.
    """

    left_margin_mm: float
    shrinkage_share: float = 0.125


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What happens in a case.

    Parameters
    ----------
    name : str
        Name on the command line.
    question : str
        What the case asks of the software.
    patient : PatientState
        Who is treated.
    plate : PlateState
        How the plate stands.
    needles : NeedleState or None
        The needles of one ablation, driven through the plate; None where none are.
    intraop : ScanProtocol
        How the scan with the plate is taken.
    ablation : Ablation or None
        What is scanned afterwards; None where nothing is.
    wanted_margin_mm : float
        What the plan request asks for.
    antenna_setting : str
        Whose zones the plan request takes.
    declines, may_decline : tuple of str
        The tasks to which an honest method gives no answer, and those to which it need not.
    """

    name: str
    question: str
    patient: PatientState = PatientState()
    plate: PlateState = PlateState()
    needles: NeedleState | None = None
    intraop: ScanProtocol = INTRAOP
    ablation: Ablation | None = None
    wanted_margin_mm: float = 5.0
    antenna_setting: str = "in-vivo"
    declines: tuple[str, ...] = ()
    may_decline: tuple[str, ...] = ()

    @property
    def asks(self) -> Mapping[str, str]:
        """Task to ``answer``, ``decline`` or ``either``: what the leaderboard scores."""
        tasks = ["register", "pose", "plan"]
        tasks += [] if self.needles is None else ["needles"]
        tasks += [] if self.ablation is None else ["margin", "proof"]
        tasks += ["older"] if self.patient.has_vanished else []
        right = dict.fromkeys(tasks, "answer")
        right |= dict.fromkeys(self.may_decline, "either")
        return right | dict.fromkeys(self.declines, "decline")

    @property
    def fits_any_scan(self) -> bool:
        """Whether it can be played out in a real scan: rigid motion, plate and needles alone."""
        is_usual = PatientState(shift_mm=self.patient.shift_mm, turn_deg=self.patient.turn_deg)
        bare = PlateState(
            slip_mm=self.plate.slip_mm,
            turned_deg=self.plate.turned_deg,
            is_turned_over=self.plate.is_turned_over,
            lost_markers=self.plate.lost_markers,
        )
        return (
            self.patient == is_usual
            and self.plate == bare
            and self.intraop == INTRAOP
            and self.needles is None
            and self.ablation is None
        )

    @property
    def fits_the_demo(self) -> bool:
        """Whether a demonstration can plan it, move the patient rigidly and judge what it finds."""
        patient, scan = self.patient, self.intraop
        is_judged = not (patient.has_vanished or patient.is_someone_else or patient.breath_mm)
        is_plain = replace(scan, dose=INTRAOP.dose) == INTRAOP
        has_more = self.needles is not None or self.ablation is not None
        return is_judged and is_plain and not has_more and len(patient.lesions) == 1
