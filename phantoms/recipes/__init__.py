"""The named cases, and the question that each asks.

Each recipe states a claim about the truth of its case, and a test holds the truth to it.
"""

from phantoms.recipes.lookup import CASES, recipe_of
from phantoms.recipes.recipe import (
    INTRAOP,
    PLANNING,
    Ablation,
    NeedleState,
    PatientState,
    PlateState,
    Recipe,
)

__all__ = [
    "CASES",
    "INTRAOP",
    "PLANNING",
    "Ablation",
    "NeedleState",
    "PatientState",
    "PlateState",
    "Recipe",
    "recipe_of",
]
