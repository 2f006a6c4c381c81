"""The eight segments of the liver, by the planes of the hepatic veins and of the portal fork.

Three upright planes run along the right, the middle and the left hepatic vein; the heights of the
right and the left portal branch part upper from lower segments; segment 4 ends at the falciform
fissure; the caudate lobe is segment 1. Real boundaries follow the portal territories and are not
flat: planes are the convention of reports, and here they are the truth.

References
----------
C. Couinaud, Le foie: etudes anatomiques et chirurgicales, Masson, 1957.
S. M. Strasberg, Nomenclature of hepatic anatomy and resections, J Hepatobiliary Pancreat Surg 12
(2005), doi:10.1007/s00534-005-0999-7.
J. H. D. Fasel et al., Segmental anatomy of the liver: poor correlation with CT, Radiology 206
(1998) 151-156, doi:10.1148/radiology.206.1.9423674 (the DOI is not checked).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phantoms.program import signed_distance_mm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from phantoms.arrays import Floats
    from phantoms.organs.liver import Liver
    from phantoms.shapes import Shape


@dataclass(frozen=True, slots=True)
class UprightPlane:
    """A plane along the body through a point: (2,) point and unit normal in x and y, mm."""

    point_xy_mm: Floats
    normal_xy: Floats

    def side(self, points_mm: Floats) -> Floats:
        """Measure how far points (n, 3) lie on the patient's left of the plane, millimetres."""
        beside: Floats = (points_mm[:, :2] - self.point_xy_mm) @ self.normal_xy
        return beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """The boundaries of the segments of one liver, body frame, millimetres."""

    right: UprightPlane
    middle: UprightPlane
    left: UprightPlane
    falciform_x_mm: float
    right_fork_z_mm: float
    caudate: Shape


def _plane_along(far_end_mm: Floats, origin_mm: Floats) -> UprightPlane:
    """Lay an upright plane from the vena cava through the far end of a vein."""
    course = far_end_mm[:2] - origin_mm[:2]
    normal = np.array([-course[1], course[0]]) / np.linalg.norm(course)
    # veins run forward from the vena cava; left of them is the patient's left
    normal = normal if normal[0] > 0.0 else -normal
    return UprightPlane(origin_mm[:2].copy(), normal)


def build_segments(liver: Liver) -> Segments:
    """Find the boundaries of a liver's segments.

    Parameters
    ----------
    liver : Liver
        The liver, body frame.

    Returns
    -------
    Segments
        Its planes, body frame, millimetres.
    """
    cava = liver.vessels.vena_cava.points_mm
    origin = cava[int(np.argmin(np.abs(cava[:, 2] + 30.0)))]
    ends = liver.vessels.far_ends_mm
    return Segments(
        right=_plane_along(ends["right hepatic vein"], origin),
        middle=_plane_along(ends["middle hepatic vein"], origin),
        left=_plane_along(ends["left hepatic vein"], origin),
        falciform_x_mm=liver.falciform_x_mm,
        right_fork_z_mm=float(ends["right portal vein"][2]),
        caudate=liver.caudate,
    )


def segments_at(segments: Segments, points_mm: ArrayLike) -> NDArray[np.int64]:
    """Tell the segment of points in the liver.

    Parameters
    ----------
    segments : Segments
        The boundaries.
    points_mm : (n, 3) array
        Points inside the liver, body frame, millimetres.

    Returns
    -------
    (n,) int array
        1 to 8, Couinaud's numbers.
    """
    points = np.asarray(points_mm, dtype=np.float64).reshape(-1, 3)
    above = points[:, 2] >= segments.right_fork_z_mm
    behind = np.where(above, 7, 6)
    before = np.where(above, 8, 5)
    right_lobe = np.where(segments.right.side(points) < 0.0, behind, before)
    lateral = np.where(segments.left.side(points) >= 0.0, 2, 3)
    left_lobe = np.where(points[:, 0] < segments.falciform_x_mm, 4, lateral)
    by_planes = np.where(segments.middle.side(points) < 0.0, right_lobe, left_lobe)
    in_caudate = signed_distance_mm(segments.caudate, points) <= 0.0
    return np.where(in_caudate, 1, by_planes)
