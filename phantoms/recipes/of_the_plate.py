"""Cases whose question lies in the plate: slipped, turned, exchanged, its markers lost."""

from phantoms.recipes.recipe import PlateState, Recipe

PLATE_CASES = (
    Recipe(
        name="plate-slipped",
        question="The plate has slipped 4 mm in its plane from the planned pose: is that seen, and "
        "are bores and depths computed anew?",
        plate=PlateState(slip_mm=4.0),
    ),
    Recipe(
        name="plate-rotated",
        question="The plate was put on turned by 180 degrees: is that told from the markers?",
        plate=PlateState(turned_deg=180.0),
    ),
    Recipe(
        name="plate-turned-over",
        question="The plate lies upside down, the operator face toward the patient: is that told "
        "from the markers, and no pose given out by which needles would be driven?",
        plate=PlateState(is_turned_over=True),
        declines=("pose",),
    ),
    Recipe(
        name="wrong-plate",
        question="Another plate lies on the patient, one column narrower than the planned one: is "
        "it refused by its markers?",
        plate=PlateState(is_another=True),
        declines=("pose",),
    ),
    Recipe(
        name="marker-lost",
        question="One marker has fallen out: is the pose still found from the others, and is the "
        "loss told?",
        plate=PlateState(lost_markers=1),
    ),
    Recipe(
        name="two-markers-lost",
        question="Two of six markers have fallen out: is the pose still told from its mirror "
        "images and turns by the four that are left, or refused?",
        plate=PlateState(lost_markers=2),
        may_decline=("pose",),
    ),
    Recipe(
        name="false-bright-spots",
        question="Four balls as bright and as large as markers lie on the skin beside the plate: "
        "does none of them pass for a marker?",
        plate=PlateState(stickers=4),
    ),
)
