"""Point sets: the rigid motion that best carries one onto the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats, lengths
from navigator.geometry.rigid import matrix_from_rotation_and_shift

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

COLLINEARITY_LIMIT = 1e-3
"""Second over first singular value of the points: below it a turn about their line is unseen."""


def fit_rigid_matrix(
    target_mm: ArrayLike, source_mm: ArrayLike, weights: ArrayLike | None = None
) -> Floats:
    """Find the proper rigid motion of least squared residuals between paired points.

    Parameters
    ----------
    target_mm, source_mm : (n, 3) array
        Paired points, n ≥ 3, not on one line, millimetres.
    weights : (n,) array, optional
        What each squared residual counts, above 0, no unit; all the same without it.

    Returns
    -------
    (4, 4) array
        target_from_source, millimetres.

    Raises
    ------
    ValueError
        If there are fewer than three pairs, they lie on a line, or a weight is not above 0.

    References
    ----------
    Kabsch W, 1976, doi:10.1107/S0567739476001873; the proper rotation after Umeyama S, 1991,
    doi:10.1109/34.88573.
    """
    target, source = checked_pairs(target_mm, source_mm)
    weight = frozen_floats(
        np.ones(len(source)) if weights is None else weights, (len(source),), "weights"
    )
    if not (weight > 0.0).all():
        raise ValueError(f"weights: expected numbers above 0, got {weight.tolist()}")
    target_centre = np.average(target, axis=0, weights=weight)
    source_centre = np.average(source, axis=0, weights=weight)
    weighted = weight[:, None] * (source - source_centre)
    u, _, vt = np.linalg.svd((target - target_centre).T @ weighted)
    handedness = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ handedness @ vt
    return matrix_from_rotation_and_shift(rotation, target_centre - rotation @ source_centre)


def checked_pairs(target_mm: ArrayLike, source_mm: ArrayLike) -> tuple[Floats, Floats]:
    """Refuse paired points that do not show a rigid motion.

    Parameters
    ----------
    target_mm, source_mm : (n, 3) array
        Paired points, millimetres.

    Returns
    -------
    target, source : (n, 3) array
        Read-only copies.

    Raises
    ------
    ValueError
        If there are fewer than three pairs, or the source lies on a line.
    """
    target = frozen_floats(target_mm, (None, 3), "target_mm")
    source = frozen_floats(source_mm, (None, 3), "source_mm")
    if len(target) != len(source) or len(source) < 3:
        raise ValueError(
            f"paired points: expected 3 or more pairs, got {len(target)}, {len(source)}"
        )
    check_not_on_a_line(source)
    return target, source


def check_not_on_a_line(points_mm: Floats) -> None:
    """Refuse points that leave the turn about their own line unseen.

    Parameters
    ----------
    points_mm : (n, 3) array
        Points of one side of the pairs, millimetres.

    Raises
    ------
    ValueError
        If they lie on a line, or at one place.
    """
    spread = np.linalg.svd(points_mm - points_mm.mean(axis=0), compute_uv=False)
    if not spread[1] > COLLINEARITY_LIMIT * spread[0]:
        raise ValueError("paired points: expected points that span a plane, got points on a line")


def residuals_mm(matrix: Floats, target_mm: ArrayLike, source_mm: ArrayLike) -> Floats:
    """Measure how far each carried point misses its partner.

    Parameters
    ----------
    matrix : (4, 4) array
        target_from_source, millimetres.
    target_mm, source_mm : (n, 3) array
        Paired points, millimetres.

    Returns
    -------
    (n,) array
        Distances in millimetres.
    """
    carried = np.asarray(source_mm, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return lengths(carried - np.asarray(target_mm, dtype=np.float64))


def expected_tre_mm(source_mm: ArrayLike, point_mm: ArrayLike, fle_rms_mm: float) -> float:
    """Predict the target registration error of a point-based fit.

    Parameters
    ----------
    source_mm : (n, 3) array
        Fiducials, millimetres.
    point_mm : (3,) array
        The target in the same frame, millimetres.
    fle_rms_mm : float
        Fiducial localisation error: root mean square length of the 3D error, millimetres.

    Returns
    -------
    float
        Expected TRE at the point, root mean square, millimetres.

    References
    ----------
    Fitzpatrick JM, West JB, Maurer CR, 1998, doi:10.1109/42.736021, equation 46.

    Examples
    --------
    At the centre of four fiducials the error is FLE / √4:

    >>> square = [[10, 0, 0], [-10, 0, 0], [0, 10, 0], [0, -10, 0]]
    >>> round(expected_tre_mm(square, [0, 0, 0], 0.4), 6)
    0.2
    """
    source = frozen_floats(source_mm, (None, 3), "source_mm")
    centred = source - source.mean(axis=0)
    _, _, axes = np.linalg.svd(centred)
    points = centred @ axes.T
    target = axes @ (frozen_floats(point_mm, (3,), "point_mm") - source.mean(axis=0))
    total = 0.0
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        lever = float(np.sum(target[others] ** 2))
        spread = float(np.mean(np.sum(points[:, others] ** 2, axis=1)))
        total += lever / spread
    return float(fle_rms_mm * np.sqrt((1.0 + total / 3.0) / len(source)))
