"""The motion of a whole body: one motion for each group of parts, which may slide."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from phantoms.errors import MotionRefusedError
from phantoms.motion.chain import Motion, as_motion, chained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

GROUPS = ("wall", "liver", "abdomen", "lung")
"""Groups of parts that move as one: the wall with skin, fat, muscle and bone; the liver with its
vessels, lesions and gallbladder; what else lies below the diaphragm; lungs, heart and diaphragm."""


def check_group(group: str, where: str) -> str:
    """Return the name of a group after checking that there is one.

    Examples
    --------
    >>> check_group("liver", "Part.group")
    'liver'
    """
    if group not in GROUPS:
        raise MotionRefusedError(
            "No group of parts has this name",
            where=where,
            expected=" | ".join(GROUPS),
            got=repr(group),
            next_step="name the group that the part moves with",
        )
    return group


@dataclass(frozen=True, slots=True, eq=False)
class BodyMotion:
    """How each group of parts moves.

    Parameters
    ----------
    by_group : mapping of str to Motion
        A motion for each of :data:`GROUPS`, from the planning scan to this one, LPS millimetres.

    Raises
    ------
    MotionRefusedError
        If a group is missing or unknown.
    """

    by_group: Mapping[str, Motion]

    def __post_init__(self) -> None:
        for group in self.by_group:
            check_group(group, "BodyMotion.by_group")
        if missing := [group for group in GROUPS if group not in self.by_group]:
            raise MotionRefusedError(
                "A group of parts has no motion",
                where="BodyMotion.by_group",
                expected=", ".join(GROUPS),
                got="none for " + ", ".join(missing),
                next_step="say how it moves; Motion() stays in place",
            )
        object.__setattr__(self, "by_group", MappingProxyType(dict(self.by_group)))

    def of(self, group: str) -> Motion:
        """Return the motion of a group."""
        return self.by_group[check_group(group, "group")]


def as_body_motion(motion: ArrayLike | Motion | BodyMotion) -> BodyMotion:
    """Take one motion for the whole body as that of each of its groups.

    Parameters
    ----------
    motion : (4, 4) array, Motion or BodyMotion
        From the planning scan to this one, millimetres.

    Returns
    -------
    BodyMotion
        The motion by group.

    Examples
    --------
    >>> import numpy as np
    >>> as_body_motion(np.eye(4)).of("liver").is_rigid
    True
    """
    if isinstance(motion, BodyMotion):
        return motion
    one = as_motion(motion)
    return BodyMotion(dict.fromkeys(GROUPS, one))


def body_chained(*motions: ArrayLike | Motion | BodyMotion) -> BodyMotion:
    """Put motions of the body one behind the other, group by group.

    Parameters
    ----------
    *motions : (4, 4) array, Motion or BodyMotion
        The first one comes first; one for the whole body counts for each group.

    Returns
    -------
    BodyMotion
        All of their steps.
    """
    bodies = [as_body_motion(motion) for motion in motions]
    by_group: dict[str, Motion] = {}
    made: dict[tuple[Motion, ...], Motion] = {}
    for group in GROUPS:
        # groups that move alike share one motion
        parts = tuple(body.of(group) for body in bodies)
        by_group[group] = made.setdefault(parts, chained(*parts))
    return BodyMotion(by_group)
