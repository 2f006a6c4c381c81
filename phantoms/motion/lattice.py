"""Free-form displacement: a uniform cubic B-spline on a lattice, pulled back from the target.

``source = target + sum B(target) c``, and nothing moves where no node reaches. Its bounds are
rigorous (:mod:`phantoms.motion.gradients`).

References
----------
D. Rueckert et al., Nonrigid registration using free-form deformations, IEEE Trans. Med. Imaging 18
(1999), doi:10.1109/42.796284. Y. Choi, S. Lee, Injectivity conditions of 2D and 3D uniform cubic
B-spline functions, Graphical Models 62 (2000), doi:10.1006/gmod.2000.0531.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from phantoms._lattice_kernels import LATTICE_RIM
from phantoms.arrays import Floats, frozen_floats, positive
from phantoms.errors import MotionRefusedError
from phantoms.motion.gradients import largest_norm

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

Displacement: TypeAlias = "Callable[[Floats], Floats]"
"""From points (n, 3) of the target to displacements (n, 3) back to the source, millimetres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lattice:
    """A displacement that leads back from the target to the source.

    Parameters
    ----------
    origin_mm : (3,) array
        The first node, millimetres.
    pitch_mm : float
        Distance of the nodes along each axis, millimetres.
    coefficients_mm : (a, b, c, 3) array
        Coefficients along x, y, z, millimetres; beyond the lattice they count as zero.

    Attributes
    ----------
    gradient_ratio : float
        The displacement changes by less than this much per millimetre: below one.
    stretch_factor : float
        Two points of the target lie at most this many times further apart in the source.

    Raises
    ------
    MotionRefusedError
        If the bound reaches one: then the tissue might fold over itself.
    """

    origin_mm: Floats
    pitch_mm: float
    coefficients_mm: Floats
    gradient_ratio: float = field(init=False)
    stretch_factor: float = field(init=False)

    def __post_init__(self) -> None:
        coefficients = frozen_floats(self.coefficients_mm, (None, None, None, 3), "coefficients_mm")
        object.__setattr__(self, "coefficients_mm", coefficients)
        object.__setattr__(self, "origin_mm", frozen_floats(self.origin_mm, (3,), "origin_mm"))
        positive(float(min(coefficients.shape)), "Lattice.coefficients_mm: least count of nodes")
        pitch_mm = positive(self.pitch_mm, "Lattice.pitch_mm")
        bound = largest_norm(coefficients, pitch_mm, np.zeros((3, 3)))
        object.__setattr__(self, "gradient_ratio", bound)
        if not bound < 1.0:
            raise MotionRefusedError(
                "The displacement is so uneven that tissue might fold over itself",
                where="Lattice.coefficients_mm",
                expected="a change of less than 1 mm per millimetre, by a bound that is certain",
                got=f"up to {bound:.3f} mm per millimetre",
                next_step="make the displacement smaller or let it fade over a longer way",
            )
        way_back = largest_norm(coefficients, pitch_mm, np.eye(3))
        object.__setattr__(self, "stretch_factor", max(way_back, 1.0))


def displacement_range_mm(lattice: Lattice, box_mm: Floats) -> tuple[Floats, Floats]:
    """Bound the way from the source to the target for points of a box in the source.

    Parameters
    ----------
    lattice : Lattice
        The displacement.
    box_mm : (2, 3) array
        Lowest and highest corner in the source, millimetres; may be infinite.

    Returns
    -------
    least_mm, most_mm : (3,) array
        Bounds of ``target - source``, millimetres.
    """
    flat = lattice.coefficients_mm.reshape(-1, 3)
    reach = np.maximum(flat.max(axis=0), -flat.min(axis=0)).clip(0.0)
    counts = np.array(lattice.coefficients_mm.shape[:3])
    # a node reaches two pitches far
    low = (box_mm[0] - reach - lattice.origin_mm) / lattice.pitch_mm - 2.0
    high = (box_mm[1] + reach - lattice.origin_mm) / lattice.pitch_mm + 2.0
    first = np.floor(np.clip(low, 0, counts)).astype(int)
    last = np.ceil(np.clip(high, -1, counts - 1)).astype(int) + 1
    near = lattice.coefficients_mm[tuple(map(slice, first, np.maximum(last, first)))]
    near = np.vstack([near.reshape(-1, 3), np.zeros((1, 3))])
    return -near.max(axis=0), -near.min(axis=0)


def lattice_numbers(lattice: Lattice) -> Floats:
    """Write a lattice out for the kernels.

    Parameters
    ----------
    lattice : Lattice
        The displacement.

    Returns
    -------
    (n,) array
        Origin, 1 / pitch, counts of nodes, then the coefficients with a rim of zeros.
    """
    padded = np.pad(lattice.coefficients_mm, [(LATTICE_RIM, LATTICE_RIM)] * 3 + [(0, 0)])
    head = [*lattice.origin_mm, 1.0 / lattice.pitch_mm, *lattice.coefficients_mm.shape[:3]]
    return np.concatenate([head, padded.ravel()])


def fit_lattice(
    displacement_mm: Displacement, *, low_mm: ArrayLike, high_mm: ArrayLike, pitch_mm: float
) -> Lattice:
    """Lay a lattice through a smooth displacement; the lattice is then the truth.

    Each coefficient is a weighted mean of the samples round its node, so that cubics are met
    exactly and nothing far away has an influence.

    Parameters
    ----------
    displacement_mm : callable
        From points (n, 3) of the target to displacements (n, 3) back to the source, millimetres;
        zero near the rim of the box.
    low_mm, high_mm : (3,) array
        The box that holds all that moves, millimetres.
    pitch_mm : float
        Distance of the nodes, millimetres.

    Returns
    -------
    Lattice
        The truth.

    Raises
    ------
    MotionRefusedError
        If the tissue might fold.

    References
    ----------
    C. de Boor, A Practical Guide to Splines (1978), chapter XII, doi:10.1007/978-1-4612-6333-3.

    Examples
    --------
    >>> hill = lambda points: np.exp(-0.01 * (points**2).sum(axis=1))[:, None] * [0.0, 0.0, 2.0]
    >>> fit_lattice(hill, low_mm=[-40] * 3, high_mm=[40] * 3, pitch_mm=5.0).gradient_ratio < 0.6
    True
    """
    low, high = np.asarray(low_mm, dtype=np.float64), np.asarray(high_mm, dtype=np.float64)
    counts = np.ceil((high - low) / pitch_mm).astype(int) + 1
    origin = 0.5 * (low + high) - 0.5 * pitch_mm * (counts - 1)
    axes = [
        start + pitch_mm * np.arange(-1, n + 1) for start, n in zip(origin, counts, strict=True)
    ]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    found = np.asarray(displacement_mm(nodes.reshape(-1, 3)), dtype=np.float64)
    found = found.reshape(nodes.shape)
    for axis in range(3):
        windows = sliding_window_view(found, 3, axis=axis)
        found = windows @ np.array([-1.0, 8.0, -1.0]) / 6.0
    return Lattice(origin_mm=origin, pitch_mm=pitch_mm, coefficients_mm=found)
