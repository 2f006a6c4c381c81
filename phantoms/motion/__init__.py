"""Motion of the patient with exact truth: rigid, free-form, and different by group of parts.

A motion is made of its way back from the target to the source, so that painting is exact; the way
there is found by Newton's method to 1e-9 mm.
"""

from phantoms.motion.body import GROUPS, BodyMotion, as_body_motion, body_chained
from phantoms.motion.chain import Motion, as_motion, chained, moved_points, pulled_back
from phantoms.motion.fields import PointPair, field_on_grid, point_pairs
from phantoms.motion.lattice import Lattice, fit_lattice
from phantoms.motion.local import needle_push, shrinkage
from phantoms.motion.rigid import (
    inverse_rigid,
    random_direction,
    rigid_about,
    rigid_motion,
    rotation_about,
)

__all__ = [
    "GROUPS",
    "BodyMotion",
    "Lattice",
    "Motion",
    "PointPair",
    "as_body_motion",
    "as_motion",
    "body_chained",
    "chained",
    "field_on_grid",
    "fit_lattice",
    "inverse_rigid",
    "moved_points",
    "needle_push",
    "point_pairs",
    "pulled_back",
    "random_direction",
    "rigid_about",
    "rigid_motion",
    "rotation_about",
    "shrinkage",
]
