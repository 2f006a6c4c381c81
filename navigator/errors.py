"""Every error that this package raises on purpose.

::

    NavigatorError
    ├── InputRefusedError (also ValueError)   a file, value or request that cannot be used
    │   ├── FileRefusedError                  not there, not readable, not what its name says
    │   ├── GeometryRefusedError              a scan whose geometry is not one even stack
    │   ├── StructureRefusedError             a label, organ or lesion that is missing or misplaced
    │   └── DeviceRefusedError                an antenna, power or time without published data
    └── FrameMismatchError (also ValueError)  quantities of two frames were mixed

An expected clinical "no" (registration rejected, no bore reaches) is a value with reasons,
:class:`navigator.model.outcome.Verdict`, and never one of these.
"""

from __future__ import annotations

from dataclasses import dataclass


class NavigatorError(Exception):
    """The root of this package's errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a person needs to know when something is refused.

    Parameters
    ----------
    code : str
        Stable name of the reason, kebab-case, for programs and tests.
    what : str
        One sentence: what is wrong.
    where : str
        The file, field or object concerned.
    expected, got : str
        The two values that do not agree.
    next_step : str
        What the person does next.

    Examples
    --------
    >>> print(Refusal(code="no-label", what="The label map has no label 9", where="labels.nrrd",
    ...               expected="one of 1, 2, 5", got="9", next_step="correct `labels`"))
    The label map has no label 9 [no-label]
      where:    labels.nrrd
      expected: one of 1, 2, 5
      got:      9
      do next:  correct `labels`
    """

    code: str
    what: str
    where: str
    expected: str
    got: str
    next_step: str

    def __str__(self) -> str:
        return (
            f"{self.what} [{self.code}]\n"
            f"  where:    {self.where}\n"
            f"  expected: {self.expected}\n"
            f"  got:      {self.got}\n"
            f"  do next:  {self.next_step}"
        )


class InputRefusedError(NavigatorError, ValueError):
    """Input that the engine will not work with, and why.

    Parameters
    ----------
    code, what, where, expected, got, next_step : str
        See :class:`Refusal`, which the error carries as `refusal`.
    """

    def __init__(  # noqa: PLR0913 - the six parts of a refusal, each by name
        self, *, code: str, what: str, where: str, expected: str, got: str, next_step: str
    ) -> None:
        self.refusal = Refusal(
            code=code, what=what, where=where, expected=expected, got=got, next_step=next_step
        )
        super().__init__(str(self.refusal))


class FileRefusedError(InputRefusedError):
    """A path that does not exist, cannot be read, or is not what its name says."""


class GeometryRefusedError(InputRefusedError):
    """A scan whose slices are not one even stack, or grids that do not agree."""


class StructureRefusedError(InputRefusedError):
    """A label, organ or lesion that is missing, empty or in the wrong place."""


class DeviceRefusedError(InputRefusedError):
    """An antenna, power or time for which no published data exist."""


class FrameMismatchError(NavigatorError, ValueError):
    """Quantities of two different frames were about to be mixed.

    Parameters
    ----------
    operation : str
        What was attempted.
    expected, got : str
        The frame that was needed and the one that came.
    """

    def __init__(self, operation: str, *, expected: str, got: str) -> None:
        super().__init__(
            f"{operation}: expected frame {expected}, got {got}; "
            "map the quantity with a transform between the two frames first"
        )
