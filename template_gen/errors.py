"""Every error that this package raises on purpose.

::

    TemplateGenError
    ├── TemplateRefusedError (also ValueError)   input that no safe plate can be made from
    │   ├── FileRefusedError                     a path that is not there, or not what it should be
    │   ├── SpecRefusedError                     a spec that cannot be read or contradicts itself
    │   ├── GeometryRefusedError                 a plate that would break, or hold a wrong bore
    │   └── MeshRefusedError                     a mesh file that is damaged or in a wrong unit
    └── InternalDefectError                      our own result failed our own check

A mesh that could be read but is not the plate asked for is a verdict
(:class:`template_gen.remeasure.MeshVerdict`), not an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from template_gen.findings import Finding


class TemplateGenError(Exception):
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
        The file, field, bore or marker concerned.
    expected, got : str
        The two values that do not agree.
    next_step : str
        What the person does next.

    Examples
    --------
    >>> print(Refusal(code="no-file", what="There is no such file", where="plate.json",
    ...               expected="a template spec", got="nothing", next_step="correct the path"))
    There is no such file [no-file]
      where:    plate.json
      expected: a template spec
      got:      nothing
      do next:  correct the path
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


class TemplateRefusedError(TemplateGenError, ValueError):
    """Input that no safe plate can be made from, and why.

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


class FileRefusedError(TemplateRefusedError):
    """A path that does not exist, cannot be used, or would be overwritten."""


class SpecRefusedError(TemplateRefusedError):
    """A template spec that cannot be read or contradicts itself."""


class GeometryRefusedError(TemplateRefusedError):
    """A plate that would break, or that would guide a needle wrongly.

    Parameters
    ----------
    findings : tuple of Finding
        Every rule that the spec breaks; the message is that of the first.
    """

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        first = findings[0]
        more = f" (and {len(findings) - 1} more findings)" if len(findings) > 1 else ""
        super().__init__(
            code=first.code,
            what=first.what + more,
            where=_shortened(first.labels) or "plate",
            expected=first.expected,
            got=first.got,
            next_step=first.next_step,
        )


def _shortened(labels: tuple[str, ...]) -> str:
    """Name eight at most: a person reads this, and `findings` holds them all."""
    more = f" and {len(labels) - 8} more" if len(labels) > 8 else ""
    return ", ".join(labels[:8]) + more


class MeshRefusedError(TemplateRefusedError):
    """A mesh file that is damaged, empty, or not in millimetres."""


class InternalDefectError(TemplateGenError):
    """Our own plate failed our own check; nothing was written."""


def was_stopped(error: BaseException) -> bool:
    """Tell whether Ctrl-C stands behind an error that some library raised in its place.

    Python itself does so before 3.12: a Ctrl-C that falls into the making of a class comes out
    as a ``RuntimeError``. Only what was raised *from* a Ctrl-C counts; an error met while
    cleaning up after one is a failure of its own.

    Parameters
    ----------
    error : BaseException
        What a command ended with.

    Returns
    -------
    bool
        True for Ctrl-C itself as well.

    Examples
    --------
    >>> was_stopped(KeyboardInterrupt()), was_stopped(RuntimeError("broken"))
    (True, False)
    """
    behind: BaseException | None = error
    seen: set[int] = set()
    while behind is not None and id(behind) not in seen:
        if isinstance(behind, KeyboardInterrupt):
            return True
        seen.add(id(behind))
        behind = behind.__cause__
    return False
