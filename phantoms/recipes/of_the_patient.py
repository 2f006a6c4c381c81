"""Cases whose question lies in the patient: the lesion's place, the breath, the wrong man."""

from phantoms.lesions import LesionRequest
from phantoms.recipes.recipe import PatientState, Recipe

PATIENT_CASES = (
    Recipe(
        name="easy",
        question="The patient lies 5 to 20 mm and 1 to 3 degrees off: do registration and plate "
        "pose lead each planned needle to the tumour?",
    ),
    Recipe(
        name="subcostal",
        question="Ribs or their cartilage bar the upright way to the tumour: is a way found that "
        "passes between or below them?",
        patient=PatientState(lesions=(LesionRequest(where="subcostal"),)),
    ),
    Recipe(
        name="dome-under-lung",
        question="The tumour lies in the dome, lung within 12 mm above it: does every needle stay "
        "clear of the lung?",
        patient=PatientState(lesions=(LesionRequest(where="dome", has_rim=True),)),
    ),
    Recipe(
        name="near-bowel",
        question="Stomach, duodenum or bowel lies within 10 mm of the tumour: is the zone kept off "
        "it, or is the conflict told?",
        patient=PatientState(lesions=(LesionRequest(where="near bowel"),)),
        may_decline=("plan",),
    ),
    Recipe(
        name="near-portal-vein",
        question="A portal branch of 3 mm or more runs within 5 mm of the tumour: is it left "
        "unharmed, and is its cooling told?",
        patient=PatientState(lesions=(LesionRequest(where="near portal vein"),)),
    ),
    Recipe(
        name="subcapsular",
        question="The tumour lies within 5 mm below the capsule: is the margin measured inside the "
        "liver alone, where there is room for one?",
        patient=PatientState(lesions=(LesionRequest(where="subcapsular"),)),
    ),
    Recipe(
        name="two-metastases",
        question="There are two tumours: is each planned for, and no needle's way through the "
        "other?",
        patient=PatientState(lesions=(LesionRequest(), LesionRequest(is_reachable=None, where=8))),
    ),
    Recipe(
        name="five-metastases",
        question="There are five tumours of 8 to 17 mm: is none forgotten?",
        patient=PatientState(
            lesions=(
                LesionRequest(),
                LesionRequest(is_reachable=None, where=8, diameter_mm=(10.0, 14.0), has_rim=True),
                LesionRequest(is_reachable=None, where=6, diameter_mm=(10.0, 14.0), is_oval=True),
                LesionRequest(is_reachable=None, where=4, diameter_mm=(8.0, 12.0), has_rim=True),
                LesionRequest(is_reachable=None, where=2, diameter_mm=(8.0, 12.0), is_oval=True),
            )
        ),
    ),
    Recipe(
        name="three-antennas",
        question="The tumour measures 35 mm, and zones of 36 mm across hold it with 3 mm of margin "
        "only side by side, three of them: is that found, and no smaller number believed?",
        patient=PatientState(
            lesions=(LesionRequest(diameter_mm=(35.0, 35.0), where=8, is_reachable=None),)
        ),
        wanted_margin_mm=3.0,
        antenna_setting="manufacturer table",
    ),
    Recipe(
        name="vanished-lesion",
        question="After chemotherapy the tumour shows in an older scan alone, taken in another "
        "breath: is its place carried over with its doubt, and no target made up without it?",
        patient=PatientState(has_vanished=True),
        declines=("plan",),
    ),
    Recipe(
        name="other-breath",
        question="The breath is held 10 to 25 mm otherwise than for planning and the liver has "
        "slid under the ribs: is the tumour followed, or the scan refused?",
        patient=PatientState(breath_mm=(10.0, 25.0)),
        may_decline=("register",),
    ),
    Recipe(
        name="patient-moved",
        question="The patient has moved by 25 to 35 mm and 5 to 7 degrees: does the registration "
        "still hold, or does it say that it does not?",
        patient=PatientState(shift_mm=(25.0, 35.0), turn_deg=(5.0, 7.0)),
        may_decline=("register",),
    ),
    Recipe(
        name="wrong-patient",
        question="Another patient lies on the table, scanned under the first one's name: is he "
        "told from the planned one by the pictures?",
        patient=PatientState(is_someone_else=True),
        declines=("register",),
    ),
)
