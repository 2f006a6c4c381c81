"""Answers against the truth: one number for each thing that can go wrong, in millimetres.

Nothing here comes from the engine: what is judged and what judges share no code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from phantoms.leaderboard.answers import (
    direction_in,
    numbers_in,
    objects_in,
    refused_answer,
)
from phantoms.motion import moved_points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phantoms.arrays import Floats

BELOW_PLATE_MM = 100.0
"""Where a pose is judged: there the needle's tip is, and an angle has grown to a distance."""
SAME_NEEDLE_MM = 15.0
"""A tip farther than this from every true tip is a needle that is not there."""
MOST_NEEDLES = 1000
"""A list that is longer is no list of needles."""


def score_registration(
    mapped_mm: Mapping[str, Floats], true_mm: Mapping[str, Floats]
) -> dict[str, float]:
    """Measure the target registration error at the truth's points.

    Parameters
    ----------
    mapped_mm, true_mm : mapping of str to (3,) array
        Where the method and where the truth put each point, LPS of the intraoperative scan,
        millimetres. The part of a label before its first hyphen is the group.

    Returns
    -------
    dict of str to float
        ``GROUP_mean_mm``, ``GROUP_p95_mm`` and ``GROUP_max_mm`` for every group.

    Raises
    ------
    MethodRefusedError
        If a point is missing or unknown.

    Examples
    --------
    >>> true = {"liver-1": np.zeros(3), "liver-2": np.zeros(3)}
    >>> score_registration({"liver-1": np.array([0, 3.0, 4]), "liver-2": np.zeros(3)}, true)
    {'liver_mean_mm': 2.5, 'liver_p95_mm': 4.75, 'liver_max_mm': 5.0}
    """
    if set(mapped_mm) != set(true_mm):
        odd = sorted(set(mapped_mm) ^ set(true_mm))
        raise refused_answer("mapped points", "the labels of the points given", ", ".join(odd[:5]))
    groups: dict[str, list[float]] = {}
    for label, place in true_mm.items():
        error = float(np.linalg.norm(mapped_mm[label] - place))
        groups.setdefault(label.split("-", 1)[0], []).append(error)
    scores = {}
    for group, errors in groups.items():
        scores[f"{group}_mean_mm"] = float(np.mean(errors))
        scores[f"{group}_p95_mm"] = float(np.percentile(errors, 95))
        scores[f"{group}_max_mm"] = float(np.max(errors))
    return scores


def score_pose(answer: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, float]:
    """Measure how far a plate's pose is off.

    Parameters
    ----------
    answer : mapping
        With ``lps_from_template``.
    truth : mapping
        ``truth.json``.

    Returns
    -------
    dict of str to float
        ``origin_mm`` at the middle of the operator face, ``below_mm`` 100 mm behind the plate,
        and ``angle_deg`` between the two rotations.

    Raises
    ------
    MethodRefusedError
        If the answer holds no matrix.
    """
    found = numbers_in(answer, "lps_from_template", (4, 4))
    true = np.asarray(truth["plate"]["lps_from_template"], dtype=np.float64)
    thickness_mm = float(truth["plate"]["thickness_mm"])
    points = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, thickness_mm + BELOW_PLATE_MM]])
    origin, below = np.linalg.norm(moved_points(found, points) - moved_points(true, points), axis=1)
    turn = found[:3, :3].T @ true[:3, :3]
    # the sine of half the angle keeps its digits where the cosine has lost them
    half_sine = np.linalg.norm(turn - np.eye(3)) / np.sqrt(8.0)
    angle = 2.0 * np.arcsin(min(float(half_sine), 1.0))
    return {
        "origin_mm": float(origin),
        "below_mm": float(below),
        "angle_deg": float(np.rad2deg(angle)),
    }


def score_needles(answer: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, float]:
    """Match the needles found with those that are there, and measure each.

    Parameters
    ----------
    answer : mapping
        With ``needles``, each with ``tip_lps_mm`` and ``direction_lps`` (hub to tip).
    truth : mapping
        ``truth.json``.

    Returns
    -------
    dict of str to float
        ``missed`` and ``invented`` needles, and over the matched ones ``tip_mean_mm``,
        ``tip_max_mm`` and ``angle_max_deg``, which are left out where none is matched.

    Raises
    ------
    MethodRefusedError
        If a needle lacks its tip or direction, or the direction is zero.
    """
    listed = objects_in(answer, "needles", most=MOST_NEEDLES)
    tips = np.array([numbers_in(each, "tip_lps_mm", (3,)) for each in listed]).reshape(-1, 3)
    ways = np.array([direction_in(each, "direction_lps") for each in listed]).reshape(-1, 3)
    there = truth["intraop"]["needles"]
    true_tips = np.array([each["tip_lps_mm"] for each in there]).reshape(-1, 3)
    true_ways = np.array([each["direction_at_tip"] for each in there]).reshape(-1, 3)
    apart = np.linalg.norm(tips[:, None] - true_tips[None], axis=2)
    pairs = [
        (found, true)
        for found, true in zip(*linear_sum_assignment(np.minimum(apart, 1e3)), strict=True)
        if apart[found, true] <= SAME_NEEDLE_MM
    ]
    scores = {"missed": float(len(there) - len(pairs)), "invented": float(len(tips) - len(pairs))}
    if pairs:
        errors = [float(apart[pair]) for pair in pairs]
        angles = [_angle_deg(ways[found], true_ways[true]) for found, true in pairs]
        scores |= {"tip_mean_mm": float(np.mean(errors)), "tip_max_mm": max(errors)}
        scores["angle_max_deg"] = max(angles)
    return scores


def _angle_deg(one: Floats, other: Floats) -> float:
    """Measure the angle between two directions of any length, degrees."""
    across = float(np.linalg.norm(np.cross(one, other)))
    return float(np.rad2deg(np.arctan2(across, float(one @ other))))


def score_margin(answer: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, float]:
    """Compare a least margin with the true one.

    Parameters
    ----------
    answer : mapping
        With ``mam_mm``: a number, or an object with ``value``.
    truth : mapping
        ``truth.json``.

    Returns
    -------
    dict of str to float
        ``mam_error_mm`` without a sign, ``mam_too_good_mm`` (0 where the method is cautious), and
        ``verdict_wrong``: 1 where tumour is left and the method says that none is, or the reverse.

    Raises
    ------
    MethodRefusedError
        If the answer holds no such number.
    """
    claimed = answer.get("mam_mm")
    inner = claimed if isinstance(claimed, dict) else {"value": claimed}
    mam = float(numbers_in(inner, "value", ()))
    true = float(truth["ablation"]["mam_mm"])
    return {
        "mam_error_mm": abs(mam - true),
        "mam_too_good_mm": max(mam - true, 0.0),
        "verdict_wrong": float((mam >= 0.0) != (true >= 0.0)),
    }
