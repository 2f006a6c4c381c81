"""What a deformable registration gives: motions, a field, expected errors, a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.imaging.displacing import displace_points, undisplace_points

if TYPE_CHECKING:
    from navigator.arrays import Floats
    from navigator.geometry.rigid import RigidTransform
    from navigator.model.displacement import DisplacementField, ErrorMap
    from navigator.model.outcome import Verdict
    from navigator.registration.whole_quality import WholeQuality


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Where body, bones and organs of the planning scan lie in the intraoperative scan.

    Parameters
    ----------
    intraop_from_planning : RigidTransform
        The body's motion.
    bones : RigidTransform
        That of the bones alone: ribs and what stands on the skin live in it.
    field : DisplacementField
        Within the planning frame, before the body's motion.
    errors : ErrorMap or None
        How far the true place of each part of the liver may be; None where it was not known.
    quality : WholeQuality
        What was measured of it.
    verdict : Verdict
        Whether it may be used.
    """

    intraop_from_planning: RigidTransform
    bones: RigidTransform
    field: DisplacementField
    errors: ErrorMap | None
    quality: WholeQuality
    verdict: Verdict

    def to_intraop(self, points_mm: Floats) -> Floats:
        """Carry points (n, 3) of the planning scan to the intraoperative scan, millimetres."""
        return self.intraop_from_planning.map_points(displace_points(self.field, points_mm))

    def to_planning(self, points_mm: Floats) -> Floats:
        """Carry points (n, 3) of the intraoperative scan to the planning scan, millimetres.

        Raises
        ------
        GeometryRefusedError
            ``field-not-invertible`` where a point does not return within 0.01 mm.
        """
        back = self.intraop_from_planning.inverse().map_points(points_mm)
        return undisplace_points(self.field, back)
