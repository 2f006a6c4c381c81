"""How two scans are to be registered, and which wishes do not go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from navigator.errors import InputRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.app.choices import MaskChoice
    from navigator.app.output_files import OutputChoice

PLANNING, INTRAOP = "planning", "intraop"
"""The two scans, as a command names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterChoice:
    """How two scans are to be registered.

    Parameters
    ----------
    organ : MaskChoice or None
        Where the quality is measured, in the planning scan.
    from_transform : Path or None
        A transform of another program, to be judged instead of searching for one.
    fixed : str or None
        Which scan was that transform's fixed image: ``planning`` or ``intraop``. Its file does not
        say it, and the other way round it is the inverse.
    lesion : MaskChoice or None
        What keeps its size and shape where the liver is followed, in the planning scan.
    rigid : bool
        Whether one rigid motion is all that is wanted; without an organ it is all there is.
    picture : OutputChoice or None
        A PNG file for the check picture.
    """

    organ: MaskChoice | None = None
    from_transform: Path | None = None
    fixed: str | None = None
    lesion: MaskChoice | None = None
    rigid: bool = False
    picture: OutputChoice | None = None

    @property
    def follows_liver(self) -> bool:
        """Whether the liver is followed where it slides."""
        return self.organ is not None and self.from_transform is None and not self.rigid


def check_direction(choice: RegisterChoice) -> None:
    """Refuse a transform of which nobody says which way it points.

    A few millimetres fit nearly as well the other way round: the scans alone would not show it.

    Parameters
    ----------
    choice : RegisterChoice
        With or without a transform.

    Raises
    ------
    InputRefusedError
        ``direction-unknown``, also for a direction without a transform.
    """
    is_given = choice.from_transform is not None
    if choice.fixed in ((PLANNING, INTRAOP) if is_given else (None,)):
        return
    raise InputRefusedError(
        code="direction-unknown",
        what="The file of a transform does not say which way it points"
        if is_given
        else "A fixed image is named, and no transform that it belongs to",
        where="--from-transform, --fixed",
        expected=f"--fixed {PLANNING} or --fixed {INTRAOP} with --from-transform, else neither",
        got="no --fixed" if choice.fixed is None else f"--fixed {choice.fixed}",
        next_step="name the scan that was the fixed image; for planning_to_intraop.tfm of "
        f"`navigator export` it is {INTRAOP}",
    )


def check_lesion_is_used(choice: RegisterChoice) -> None:
    """Refuse a lesion that is to keep its shape where nothing deforms.

    Parameters
    ----------
    choice : RegisterChoice
        With or without one.

    Raises
    ------
    InputRefusedError
        ``lesion-without-organ``.
    """
    if choice.lesion is None or choice.follows_liver:
        return
    raise InputRefusedError(
        code="lesion-without-organ",
        what="A lesion can keep its shape where the liver is followed, and it is not",
        where="--lesion",
        expected="--organ, and neither --rigid nor --from-transform",
        got="a rigid registration, in which nothing changes its shape",
        next_step="give the liver's outline, or leave --lesion out",
    )
