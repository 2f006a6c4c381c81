"""Every named case by its name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from phantoms.errors import CaseUnknownError
from phantoms.recipes.of_the_needles import NEEDLE_CASES
from phantoms.recipes.of_the_patient import PATIENT_CASES
from phantoms.recipes.of_the_plate import PLATE_CASES
from phantoms.recipes.of_the_scan import SCAN_CASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.recipes.recipe import Recipe

CASES: Mapping[str, Recipe] = MappingProxyType(
    {recipe.name: recipe for recipe in PATIENT_CASES + PLATE_CASES + NEEDLE_CASES + SCAN_CASES}
)
"""Every case by its name, in the order of the procedure."""


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
    >>> recipe_of("plate-slipped").plate.slip_mm
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
