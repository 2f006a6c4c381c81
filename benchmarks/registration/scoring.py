"""Mapped points against the truth, and folds of what a method does between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.registration.problem import GROUPS, LATTICE_MM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from phantoms.arrays import Floats


def score_points(mapped_mm: Floats, true_mm: Mapping[str, Floats]) -> dict[str, float]:
    """Measure the target registration error by group.

    Parameters
    ----------
    mapped_mm : (n, 3) array
        The places of all groups, one group after the other in the order of `GROUPS`, where a
        method puts them, LPS of the intraoperative scan, millimetres.
    true_mm : mapping of str to (m, 3) array
        Where they are.

    Returns
    -------
    dict of str to float
        ``GROUP_mean_mm``, ``GROUP_p95_mm`` and ``GROUP_max_mm``.

    Raises
    ------
    ValueError
        If there are not as many points as asked for, or one is no number.

    Examples
    --------
    >>> true = {"liver": np.zeros((2, 3)), "tumour": np.zeros((1, 3)), "bone": np.zeros((1, 3))}
    >>> mapped = np.array([[0, 3, 4], [0, 0, 0], [1, 0, 0], [0, 0, 2.0]])
    >>> score_points(mapped, true)["liver_mean_mm"]
    2.5
    """
    wanted = sum(len(true_mm[group]) for group in GROUPS)
    if mapped_mm.shape != (wanted, 3) or not np.isfinite(mapped_mm).all():
        raise ValueError(f"{wanted} points were asked for, got an array {mapped_mm.shape}")
    scores, first = {}, 0
    for group in GROUPS:
        true = true_mm[group]
        errors = np.linalg.norm(mapped_mm[first : first + len(true)] - true, axis=1)
        first += len(true)
        scores[f"{group}_mean_mm"] = float(errors.mean())
        scores[f"{group}_p95_mm"] = float(np.percentile(errors, 95))
        scores[f"{group}_max_mm"] = float(errors.max())
    return scores


def fold_share(mapped_mm: Floats, body: NDArray[np.bool_]) -> float:
    """Measure on what share of the body a mapping turns tissue inside out.

    Parameters
    ----------
    mapped_mm : (a, b, c, 3) array
        Where the points of a regular lattice go, x, y, z in millimetres; the lattice runs along z,
        y, x, `LATTICE_MM` apart.
    body : (a, b, c) bool array
        Which of them lie in the patient.

    Returns
    -------
    float
        Share of the lattice's cells in the body, all corners of which lie in it, where the
        Jacobian is not positive: forward differences, so that a fold one cell wide counts.
    """
    x, y, z = (np.diff(mapped_mm, axis=axis).astype(np.float64) / LATTICE_MM for axis in (2, 1, 0))
    cell = tuple(slice(None, n - 1) for n in mapped_mm.shape[:3])
    jacobian = np.einsum(
        "...i,...i->...", x[cell[:2]], np.cross(y[cell[0], :, cell[2]], z[:, cell[1], cell[2]])
    )
    whole = np.ones(jacobian.shape, dtype=bool)
    for corner in np.ndindex(2, 2, 2):
        whole &= body[tuple(slice(o, o + n) for o, n in zip(corner, jacobian.shape, strict=True))]
    return float((~(jacobian[whole] > 0.0)).mean()) if whole.any() else 0.0


def ratios(ours: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float]:
    """Divide our figures by a peer's: below one is better, for all of them.

    Examples
    --------
    >>> ratios({"liver_mean_mm": 1.0, "cpu_s": 4.0}, {"liver_mean_mm": 2.0, "cpu_s": 2.0})
    {'liver_mean_mm': 0.5, 'cpu_s': 2.0}
    """
    return {
        name: ours[name] / theirs[name] for name in ours if name in theirs and theirs[name] > 0.0
    }
