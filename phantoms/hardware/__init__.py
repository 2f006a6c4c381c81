"""What is put on and into the patient: plate, fixer arm, needles, antennas, coaxial cannulas."""

from phantoms.hardware.closeness import Closest, needles_closest_mm
from phantoms.hardware.course import Course, course_line, directions_along, points_along
from phantoms.hardware.driving import course_of
from phantoms.hardware.fixer import FixerArm, arm_metals, arm_parts, build_arm
from phantoms.hardware.gauges import LUMEN_MM, OUTER_MM
from phantoms.hardware.kits import drive_kit
from phantoms.hardware.needles import Hub, Needle, Role, Tip, build_needle
from phantoms.hardware.placed import (
    DrivenNeedle,
    FreeNeedle,
    PlacedNeedle,
    ThreadedNeedle,
    drive_needle,
)
from phantoms.hardware.plate import (
    PlacedPlate,
    check_rigid,
    markers_lps_mm,
    plate_metals,
    plate_parts,
)
from phantoms.hardware.records import truth_of_arm, truth_of_needle
from phantoms.hardware.slack import find_bore, guide_ends_mm, play_mm, slack_tilt_rad
from phantoms.hardware.steel import needle_metals, needle_parts

__all__ = [
    "LUMEN_MM",
    "OUTER_MM",
    "Closest",
    "Course",
    "DrivenNeedle",
    "FixerArm",
    "FreeNeedle",
    "Hub",
    "Needle",
    "PlacedNeedle",
    "PlacedPlate",
    "Role",
    "ThreadedNeedle",
    "Tip",
    "arm_metals",
    "arm_parts",
    "build_arm",
    "build_needle",
    "check_rigid",
    "course_line",
    "course_of",
    "directions_along",
    "drive_kit",
    "drive_needle",
    "find_bore",
    "guide_ends_mm",
    "markers_lps_mm",
    "needle_metals",
    "needle_parts",
    "needles_closest_mm",
    "plate_metals",
    "plate_parts",
    "play_mm",
    "points_along",
    "slack_tilt_rad",
    "truth_of_arm",
    "truth_of_needle",
]
