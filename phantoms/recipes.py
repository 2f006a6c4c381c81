"""The named cases, and the question that each asks.

Each recipe states a claim about the truth of its case, and a test holds the truth to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from phantoms.errors import CaseUnknownError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What happens in a case.

    Parameters
    ----------
    name : str
        Name on the command line.
    question : str
        What the case asks of the software.
    shift_mm, turn_deg : (low, high)
        Range of the patient's set-up shift, millimetres and degrees.
    slip_mm : float
        How far the plate has slipped in its own plane from where the plan wants it.
    turned_deg : float
        How far it is turned in its own plane.
    is_turned_over : bool
        Whether its operator face lies toward the patient.
    lost_markers : int
        How many markers have fallen out.
    has_needles : bool
        Whether the needles of one ablation have been driven through the plate.
    antenna_bend_mm : float
        Bend radius of the antenna, millimetres; infinite for a straight one.
    left_margin_mm : float or None
        Least margin of an ablation that is scanned afterwards, millimetres: negative where
        tumour is left; None where there is none.
    declines : tuple of str
        The tasks to which an honest method gives no answer.
    """

    name: str
    question: str
    shift_mm: tuple[float, float] = (5.0, 20.0)
    turn_deg: tuple[float, float] = (1.0, 3.0)
    slip_mm: float = 0.0
    turned_deg: float = 0.0
    is_turned_over: bool = False
    lost_markers: int = 0
    has_needles: bool = False
    antenna_bend_mm: float = math.inf
    left_margin_mm: float | None = None
    declines: tuple[str, ...] = ()

    @property
    def asks(self) -> Mapping[str, str]:
        """Task to ``answer`` or ``decline``: what the leaderboard scores."""
        tasks = ["register", "pose", "plan"]
        tasks += ["needles"] if self.has_needles else []
        tasks += [] if self.left_margin_mm is None else ["margin"]
        return {task: "decline" if task in self.declines else "answer" for task in tasks}


_RECIPES = (
    Recipe(
        name="easy",
        question="The patient lies 5 to 20 mm and 1 to 3 degrees off: do registration and plate "
        "pose lead each planned needle to the tumour?",
    ),
    Recipe(
        name="patient-moved",
        question="The patient has moved by 25 to 35 mm and 5 to 7 degrees: does the registration "
        "still hold, or does it say that it does not?",
        shift_mm=(25.0, 35.0),
        turn_deg=(5.0, 7.0),
    ),
    Recipe(
        name="plate-slipped",
        question="The plate has slipped 4 mm in its plane from the planned pose: is that seen, and "
        "are bores and depths computed anew?",
        slip_mm=4.0,
    ),
    Recipe(
        name="plate-rotated",
        question="The plate was put on turned by 180 degrees: is that told from the markers?",
        turned_deg=180.0,
    ),
    Recipe(
        name="plate-turned-over",
        question="The plate lies upside down, the operator face toward the patient: is that told "
        "from the markers?",
        is_turned_over=True,
        declines=("pose",),
    ),
    Recipe(
        name="marker-lost",
        question="One marker has fallen out: is the pose still found from the others, and is the "
        "loss told?",
        lost_markers=1,
    ),
    Recipe(
        name="needles-driven",
        question="Antenna, four fixing needles and a locating needle stand in their bores: is each "
        "found with its tip, and told from the others?",
        has_needles=True,
    ),
    Recipe(
        name="antenna-bent",
        question="The antenna is bent to a radius of 250 mm: is its tip found where it is, and not "
        "where a straight one would have it?",
        has_needles=True,
        antenna_bend_mm=250.0,
    ),
    Recipe(
        name="ablation-complete",
        question="The zone reaches 4 mm beyond the tumour everywhere: is the margin measured, and "
        "the ablation called complete?",
        left_margin_mm=4.0,
    ),
    Recipe(
        name="ablation-incomplete",
        question="The zone misses the tumour by 3 mm at one side: is the margin measured, and the "
        "remaining tumour told?",
        left_margin_mm=-3.0,
    ),
)

CASES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _RECIPES})
"""Every case by its name."""


def recipe_of(name: str) -> Recipe:
    """Find a case by name.

    Parameters
    ----------
    name : str
        Name of the case.

    Returns
    -------
    Recipe
        What happens in it.

    Raises
    ------
    CaseUnknownError
        If there is no such case.

    Examples
    --------
    >>> recipe_of("plate-slipped").slip_mm
    4.0
    """
    if name not in CASES:
        raise CaseUnknownError(
            "There is no such case",
            where="NAME",
            expected=f"one of {', '.join(CASES)}",
            got=repr(name),
            next_step="choose a case from `phantoms list`",
        )
    return CASES[name]
