"""The named cases, and the question that each asks.

Each recipe states a claim about the truth of its case, and a test holds the truth to it.
"""

from __future__ import annotations

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
    """

    name: str
    question: str
    shift_mm: tuple[float, float] = (5.0, 20.0)
    turn_deg: tuple[float, float] = (1.0, 3.0)
    slip_mm: float = 0.0
    turned_deg: float = 0.0
    is_turned_over: bool = False
    lost_markers: int = 0


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
    ),
    Recipe(
        name="marker-lost",
        question="One marker has fallen out: is the pose still found from the others, and is the "
        "loss told?",
        lost_markers=1,
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
