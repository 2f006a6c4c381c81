"""Paired fiducials that are not equally well located: the likeliest rigid motion between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from navigator.arrays import Floats, frozen_floats
from navigator.geometry.gaussians import check_covariances
from navigator.geometry.likeliest import UncertainPairs, find_likeliest_motion
from navigator.geometry.pointsets import check_not_on_a_line, checked_pairs, fit_rigid_matrix
from navigator.geometry.rigid import check_rigid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

TURN_SD_LIMIT_RAD = 0.1
"""Beyond it (6°) a turn bends its levers, and an error told to first order would be too small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiducialFit:
    """A rigid motion from paired fiducials, and how sure it is.

    Parameters
    ----------
    target_from_source : (4, 4) array
        The motion, millimetres.
    centre_mm : (3,) array
        Mean of the carried fiducials, target frame, millimetres; the turns below are about it.
    motion_covariance : (6, 6) array
        Of the motion's error, a shift (x, y, z in millimetres) after a small turn (about x, y, z
        in radians), both in the target frame: mm², mm·rad and rad².
    residuals_mm : (n, 3) array
        Target less carried source of each pair, target frame, millimetres.
    fiducial_covariances_mm2 : (n, 3, 3) array
        Localisation error of each pair, that of both partners together, target frame, mm².

    Raises
    ------
    ValueError
        If the motion is not rigid and proper, or a fiducial's covariance is none.
    """

    target_from_source: Floats
    centre_mm: Floats
    motion_covariance: Floats
    residuals_mm: Floats
    fiducial_covariances_mm2: Floats

    def __post_init__(self) -> None:
        shapes: dict[str, tuple[int | None, ...]] = {
            "target_from_source": (4, 4),
            "centre_mm": (3,),
            "motion_covariance": (6, 6),
            "residuals_mm": (None, 3),
        }
        for name, shape in shapes.items():
            object.__setattr__(self, name, frozen_floats(getattr(self, name), shape, name))
        check_rigid(self.target_from_source)
        covariances = check_covariances(
            self.fiducial_covariances_mm2, len(self.residuals_mm), "fiducial_covariances_mm2"
        )
        object.__setattr__(self, "fiducial_covariances_mm2", covariances)

    @property
    def fre_not_accuracy_mm(self) -> float:
        """Root mean square residual (FRE), millimetres: it says nothing of the error elsewhere."""
        return float(np.sqrt(np.mean(np.sum(self.residuals_mm**2, axis=1))))

    @property
    def fiducial_chi_squares(self) -> Floats:
        """(n,) array: squared residual of each pair in its own standard deviations."""
        factors = np.linalg.cholesky(self.fiducial_covariances_mm2)
        white = np.linalg.solve(factors, self.residuals_mm[:, :, None])
        squares: Floats = np.sum(white**2, axis=(1, 2))
        return squares

    @property
    def chi_square(self) -> float:
        """Sum over all pairs; near `degrees_of_freedom` where the covariances are right."""
        return float(self.fiducial_chi_squares.sum())

    @property
    def degrees_of_freedom(self) -> int:
        """Coordinates less the six numbers of the motion: 3 n - 6."""
        return 3 * len(self.residuals_mm) - 6

    @property
    def misfit_probability(self) -> float:
        """Chance of so large a chi-square where pairs and covariances are right."""
        return float(chdtrc(self.degrees_of_freedom, self.chi_square))


def fit_fiducials(
    target_mm: ArrayLike,
    source_mm: ArrayLike,
    target_covariances_mm2: ArrayLike,
    source_covariances_mm2: ArrayLike | None = None,
) -> FiducialFit:
    """Find the likeliest proper rigid motion between paired points of known uncertainty.

    Errors are Gaussian, without bias, independent between points; their covariances may differ
    between points and directions. Least squares, every residual in its own standard deviations:
    first by one weight for each pair, then by Newton's method over all six numbers. Where the
    source is uncertain too, its true points are estimated along (total least squares).

    Parameters
    ----------
    target_mm, source_mm : (n, 3) array
        Paired points, n ≥ 3, on neither side on one line, millimetres.
    target_covariances_mm2 : (n, 3, 3) array
        Localisation error of each target point, target frame, square millimetres.
    source_covariances_mm2 : (n, 3, 3) array, optional
        The same of each source point in the source frame; without it the source is exact.

    Returns
    -------
    FiducialFit
        The motion with its covariance (to first order) and residuals.

    Raises
    ------
    ValueError
        If there are fewer than three pairs, points lie on a line, a covariance is not symmetric
        and positive definite, a value is not finite, the search does not settle, or the turn
        stays so unsure, or so undecided, that its error could not be told.

    References
    ----------
    Weights, and the covariance of the motion to first order: Danilchenko A, Fitzpatrick JM, 2011,
    doi:10.1109/TMI.2010.2091513.

    Examples
    --------
    Four markers, each known to 0.2 mm along every axis: their mean is known to 0.2 / √4.

    >>> cross = np.array([[10, 0, 0], [-10, 0, 0], [0, 10, 0], [0, -10, 0]])
    >>> fit = fit_fiducials(cross + [5, 0, 0], cross, np.tile(0.2**2 * np.eye(3), (4, 1, 1)))
    >>> fit.target_from_source[:3, 3].round(9)
    array([5., 0., 0.])
    >>> np.sqrt(np.diag(fit.motion_covariance)[:3]).round(9)
    array([0.1, 0.1, 0.1])
    """
    target, source = checked_pairs(target_mm, source_mm)
    check_not_on_a_line(target)
    at_target = check_covariances(target_covariances_mm2, len(target), "target_covariances_mm2")
    at_source = np.zeros_like(at_target)
    if source_covariances_mm2 is not None:
        at_source = check_covariances(source_covariances_mm2, len(source), "source_covariances_mm2")
    pairs = UncertainPairs(target=target, source=source, at_target=at_target, at_source=at_source)
    start = fit_rigid_matrix(
        target, source, 1.0 / np.trace(at_target + at_source, axis1=1, axis2=2)
    )
    matrix, last = find_likeliest_motion(pairs, start)
    inverse = np.linalg.inv(np.linalg.qr(last.slopes, mode="r"))
    covariance = inverse @ inverse.T
    turn_sd_rad = float(np.sqrt(np.linalg.eigvalsh(covariance[3:, 3:])[-1]))
    if not turn_sd_rad <= TURN_SD_LIMIT_RAD:
        raise ValueError(
            "paired points: expected points that show the turn to "
            f"{np.rad2deg(TURN_SD_LIMIT_RAD):.1f} degrees or better, got "
            f"{np.rad2deg(turn_sd_rad):.1f}: they lie too near each other, or to a line, for "
            "errors that large"
        )
    return FiducialFit(
        target_from_source=matrix,
        centre_mm=last.centre,
        motion_covariance=covariance,
        residuals_mm=last.residuals,
        fiducial_covariances_mm2=last.covariances,
    )
