"""The fields of an opened document, checked against what we write."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from navigator.errors import InputRefusedError
from navigator.io.documents.written_fields import HeadFields
from navigator.io.findings import Finding, Severity
from navigator.model.outcome import Reason, Verdict, VerdictStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from navigator.io.documents.versions import OpenedDocument

Fields = TypeVar("Fields", bound=HeadFields)
MOST_NAMED = 8


def read_fields(
    opened: OpenedDocument, model: type[Fields], path: Path
) -> tuple[Fields, tuple[Finding, ...]]:
    """Read the fields of a document; of a newer one those that this release knows.

    Parameters
    ----------
    opened : OpenedDocument
        Intact, in the form of today or a newer one.
    model : type
        The fields of its kind.
    path : Path
        Its file, for the message.

    Returns
    -------
    fields : HeadFields
        Of the type of `model`, each of its type and range.
    notes : tuple of Finding
        Those of `opened`, and the fields of a newer release that were left out.

    Raises
    ------
    InputRefusedError
        ``invalid-plan``, ``invalid-registration`` or ``invalid-placement``, with the first wrong
        field.
    """
    content: Any = copy.deepcopy(dict(opened.content))
    try:
        return model.model_validate_json(json.dumps(content)), opened.notes
    except ValidationError as error:
        unknown = [each["loc"] for each in error.errors() if each["type"] == "extra_forbidden"]
        if not (opened.is_newer and unknown):
            raise invalid(opened.kind, path, *_first_fault(error)) from error
    for place in unknown:
        _remove(content, place)
    try:
        fields = model.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise invalid(opened.kind, path, *_first_fault(error)) from error
    return fields, (*opened.notes, _left_out(unknown))


def verdict_from_fields(fields: HeadFields, path: Path) -> Verdict:
    """Read the verdict of a document.

    Parameters
    ----------
    fields : HeadFields
        Of any kind.
    path : Path
        The file, for the message.

    Returns
    -------
    Verdict
        With its reasons.

    Raises
    ------
    InputRefusedError
        If a warning or a rejection gives no reason.
    """
    reasons = tuple(Reason(each.code, each.message) for each in fields.reasons)
    try:
        return Verdict(VerdictStatus(fields.verdict), reasons)
    except ValueError as error:
        kind = fields.schema_name.split("/", maxsplit=1)[0]
        raise invalid(kind, path, "reasons", "a reason for the verdict", str(error)) from error


def invalid(kind: str, path: Path, field: str, expected: str, got: str) -> InputRefusedError:
    """Refuse one field of a document of ours.

    Parameters
    ----------
    kind : str
        ``plan``, ``registration`` or ``placement``.
    path : Path
        The file.
    field : str
        The field, with dots.
    expected, got : str
        The two that do not agree.

    Returns
    -------
    InputRefusedError
        To be raised.
    """
    return InputRefusedError(
        code=f"invalid-{kind}",
        what=f"The {kind} has a wrong, missing or unknown field",
        where=f"{path}: {field}",
        expected=expected,
        got=got[:200],
        next_step="make it again with the command that writes it",
    )


def _first_fault(error: ValidationError) -> tuple[str, str, str]:
    """Name the first wrong field, what it should be and what it is."""
    fault = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in fault["loc"]) or "the whole document"
    is_missing = fault["type"] == "missing"
    expected = fault["msg"].removeprefix("Value error, ")
    return field, expected, "nothing" if is_missing else repr(fault["input"])


def _remove(content: Any, place: Sequence[int | str]) -> None:  # noqa: ANN401 - JSON
    """Take one field out of nested JSON."""
    *way, last = place
    for step in way:
        content = content[step]
    del content[last]


def _left_out(unknown: Sequence[Sequence[int | str]]) -> Finding:
    names = sorted({".".join(map(str, place)) for place in unknown})
    return Finding(
        code="fields-left-out",
        severity=Severity.NOTE,
        what="Fields of a newer release were left out",
        expected="fields that this release knows",
        got=", ".join(names[:MOST_NAMED]) + (" and more" if len(names) > MOST_NAMED else ""),
        next_step="update this software to see them",
    )
