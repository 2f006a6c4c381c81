"""What fiducials do not show: the error of their fit at a target (TRE)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Floats, frozen_floats
from navigator.geometry.gaussians import check_covariances, radius_of_95_percent_mm
from navigator.geometry.likeliest import slopes_by_motion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.geometry.fiducials import FiducialFit


@dataclass(frozen=True, slots=True)
class ExpectedTargetError:
    """Expected target registration error (TRE) at some points.

    Parameters
    ----------
    covariances_mm2 : (n, 3, 3) array
        Covariance of the error at each point, target frame, square millimetres.

    Raises
    ------
    ValueError
        If a matrix is not a covariance.
    """

    covariances_mm2: Floats

    def __post_init__(self) -> None:
        count = len(np.asarray(self.covariances_mm2))
        covariances = check_covariances(self.covariances_mm2, count, "covariances_mm2")
        object.__setattr__(self, "covariances_mm2", covariances)

    @property
    def rms_mm(self) -> Floats:
        """(n,) array: root mean square length of the error at each point, millimetres."""
        rms: Floats = np.sqrt(np.trace(self.covariances_mm2, axis1=1, axis2=2))
        return rms

    @property
    def radius_of_95_percent_mm(self) -> Floats:
        """(n,) array: radius of the ball that holds the error with 95 %, millimetres."""
        return radius_of_95_percent_mm(self.covariances_mm2)


def expected_target_error(fit: FiducialFit, source_mm: ArrayLike) -> ExpectedTargetError:
    """Predict the error of a fit at target points, as far as it comes from the fiducials.

    To first order: the covariance of the motion, carried to each point by its lever about the
    fit's centre. Of what else moves a target (an organ that slides, a biased localisation) a fit
    knows nothing.

    Parameters
    ----------
    fit : FiducialFit
        The fit.
    source_mm : (m, 3) array
        Target points in the source frame, millimetres.

    Returns
    -------
    ExpectedTargetError
        Covariances in the target frame.

    Raises
    ------
    ValueError
        If a value is not finite.

    References
    ----------
    The covariance: Danilchenko A, Fitzpatrick JM, 2011, doi:10.1109/TMI.2010.2091513. With one
    standard deviation for all directions and fiducials its trace is equation 46 of Fitzpatrick
    JM, West JB, Maurer CR, 1998, doi:10.1109/42.736021.

    Examples
    --------
    Four markers 10 mm from their centre, each known to 0.2 mm along every axis. At the centre the
    error is 0.1 mm along every axis. 30 mm above it a turn adds 0.2² · 30² / (10² + 10²) = 0.18
    square millimetres across, and nothing along:

    >>> from navigator.geometry.fiducials import fit_fiducials
    >>> cross = [[10, 0, 0], [-10, 0, 0], [0, 10, 0], [0, -10, 0]]
    >>> fit = fit_fiducials(cross, cross, np.tile(0.2**2 * np.eye(3), (4, 1, 1)))
    >>> error = expected_target_error(fit, [[0, 0, 0], [0, 0, 30]])
    >>> [np.diag(one).round(9).tolist() for one in error.covariances_mm2]
    [[0.01, 0.01, 0.01], [0.19, 0.19, 0.01]]
    >>> error.rms_mm.round(3), error.radius_of_95_percent_mm.round(3)
    (array([0.173, 0.624]), array([0.28 , 1.072]))
    """
    points = frozen_floats(source_mm, (None, 3), "source_mm")
    carried = points @ fit.target_from_source[:3, :3].T + fit.target_from_source[:3, 3]
    slopes = slopes_by_motion(carried, fit.centre_mm)
    covariances = slopes @ fit.motion_covariance @ slopes.transpose(0, 2, 1)
    return ExpectedTargetError(covariances)
