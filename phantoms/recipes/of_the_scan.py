"""Cases whose question lies in the scan taken with the plate."""

from dataclasses import replace

from phantoms.recipes.recipe import INTRAOP, NeedleState, PatientState, PlateState, Recipe

SCAN_CASES = (
    Recipe(
        name="tilted-gantry",
        question="The gantry was tilted by 15 degrees: are markers and tumour still where they "
        "are, or is the scan refused?",
        intraop=replace(INTRAOP, gantry_tilt_deg=15.0),
        may_decline=("register", "pose"),
    ),
    Recipe(
        name="couch-rolled",
        question="The couch is rolled by 5 degrees and the patient with it, while the plate is "
        "level: are the protractor's angles still those to gravity?",
        intraop=replace(INTRAOP, couch_roll_deg=5.0),
    ),
    Recipe(
        name="low-dose",
        question="The scan was taken at a tenth of a routine dose: are pose and registration "
        "still as sure as they claim to be?",
        intraop=replace(INTRAOP, dose=0.1),
    ),
    Recipe(
        name="truncated-field",
        question="A field of 260 mm about plate and tumour cuts the patient off at his left and "
        "behind: is what lies outside taken as unknown, and not as air?",
        intraop=replace(INTRAOP, field_of_view_mm=260.0),
    ),
    Recipe(
        name="as-in-the-room",
        question="Breath, no contrast, half a routine dose, a lost marker, a slipped plate and all "
        "needles at once: does the whole line hold, or say where it does not?",
        patient=PatientState(breath_mm=(4.0, 10.0)),
        plate=PlateState(slip_mm=4.0, lost_markers=1),
        needles=NeedleState(),
        intraop=replace(INTRAOP, phase="none", dose=0.5),
        may_decline=("register", "pose", "needles"),
    ),
)
