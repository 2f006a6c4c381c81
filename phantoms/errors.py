"""Every error that this package raises on purpose.

::

    PhantomError
    ├── CaseUnknownError (also ValueError)      a case name that is not in the list
    ├── ShapeRefusedError (also ValueError)     a shape without a size, a matrix without an inverse
    ├── MotionRefusedError (also ValueError)    a motion that is not rigid or might fold
    ├── ScanRefusedError (also ValueError)      a spacing, noise or plate that cannot be scanned
    ├── HardwareRefusedError (also ValueError)  a needle that fits no bore, an arm that finds no way
    ├── SourceRefusedError (also ValueError)    a scan into which nothing can be put
    ├── OutputRefusedError (also ValueError)    a path that cannot be written
    ├── MethodRefusedError (also ValueError)    a method or an answer that cannot be scored
    ├── CaseRefusedError (also ValueError)      a case's folder that is not as it was made
    └── AnatomyError                            a seed that yields no patient
        └── LesionRefusedError (also ValueError)    a lesion that a seed has no place for
"""

from __future__ import annotations


class PhantomError(Exception):
    """The root of this package's errors."""


class RefusedError(PhantomError, ValueError):
    """Input that cannot be used.

    Parameters
    ----------
    what : str
        One sentence: what is wrong.
    where : str
        The parameter, file or object concerned.
    expected, got : str
        The two values that do not agree.
    next_step : str
        What the person does next.

    Examples
    --------
    >>> print(RefusedError("The radius is not positive", where="Sphere.radius_mm",
    ...                    expected="more than 0", got="-1.0", next_step="give a radius"))
    The radius is not positive
      where:    Sphere.radius_mm
      expected: more than 0
      got:      -1.0
      do next:  give a radius
    """

    def __init__(self, what: str, *, where: str, expected: str, got: str, next_step: str) -> None:
        self.what, self.where = what, where
        self.expected, self.got, self.next_step = expected, got, next_step
        super().__init__(
            f"{what}\n"
            f"  where:    {where}\n"
            f"  expected: {expected}\n"
            f"  got:      {got}\n"
            f"  do next:  {next_step}"
        )


class CaseUnknownError(RefusedError):
    """A case name that is not in the list."""


class ShapeRefusedError(RefusedError):
    """A shape without a size, or an affine map without an inverse."""


class MotionRefusedError(RefusedError):
    """A motion that is not rigid where it must be, might fold tissue, or lacks a group."""


class ScanRefusedError(RefusedError):
    """A spacing, noise, motion or plate that the scanner cannot take."""


class HardwareRefusedError(RefusedError):
    """A needle that does not fit its bore or its way, or an arm that finds no free way."""


class SourceRefusedError(RefusedError):
    """A scan into which nothing can be put: not an even axial stack in Hounsfield units."""


class OutputRefusedError(RefusedError):
    """A path that cannot be written."""


class MethodRefusedError(RefusedError):
    """A file of methods that cannot be used, or an answer that cannot be scored."""


class CaseRefusedError(RefusedError):
    """A folder of a case that is not as it was made, so that nothing may be judged by it."""


class AnatomyError(PhantomError):
    """A seed that yields no patient."""


class LesionRefusedError(RefusedError, AnatomyError):
    """A lesion that cannot be asked for, or that a seed has no place for."""
