"""Cases whose question lies in the needles, and in what they leave behind."""

from phantoms.recipes.recipe import Ablation, NeedleState, Recipe

NEEDLE_CASES = (
    Recipe(
        name="needles-driven",
        question="Antenna, four fixing needles and a locating needle stand in their bores: is each "
        "found with its tip, and told from the others?",
        needles=NeedleState(),
    ),
    Recipe(
        name="antenna-bent",
        question="The antenna is bent to a radius of 250 mm: is its tip found where it is, and not "
        "where a straight one would have it?",
        needles=NeedleState(antenna_bend_mm=250.0),
    ),
    Recipe(
        name="antennas-crossing",
        question="A second antenna, driven by hand, crosses the first in the axial picture and "
        "passes it by 5 mm or more: are the two told apart?",
        needles=NeedleState(has_crossing_antenna=True),
    ),
    Recipe(
        name="strong-streaks",
        question="Three steel coils of an earlier embolisation lie round the tumour, their streaks "
        "across needles and liver: does everything still hold, or say that it does not?",
        needles=NeedleState(coils=3),
        may_decline=("register", "pose", "needles"),
    ),
    Recipe(
        name="ablation-complete",
        question="The zone reached 4 mm beyond the tumour everywhere, and has shrunk by an eighth "
        "since: is the margin measured, and the ablation called complete?",
        ablation=Ablation(left_margin_mm=4.0),
    ),
    Recipe(
        name="ablation-incomplete",
        question="The zone misses the tumour by 3 mm at one side, and has shrunk by an eighth "
        "since: is the margin measured, and the remaining tumour told?",
        ablation=Ablation(left_margin_mm=-3.0),
    ),
)
