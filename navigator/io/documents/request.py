"""The plan request: what the operator asks for, checked before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from navigator.errors import FileRefusedError, InputRefusedError
from navigator.io.documents.contradictions import (
    check_no_contradiction,
    check_placement_is_of_template,
)
from navigator.io.documents.jsonreading import load_json, read_document_bytes
from navigator.io.documents.request_fields import PlanRequest

if TYPE_CHECKING:
    from pathlib import Path

REQUEST_SCHEMA = "plan-request/1"


def load_plan_request(path: Path) -> PlanRequest:
    """Read a plan request, and find the files that it names.

    Parameters
    ----------
    path : Path
        JSON file; the paths in it are relative to its folder.

    Returns
    -------
    PlanRequest
        With absolute paths of things that are there.

    Raises
    ------
    FileRefusedError
        If the request, or a file that it names, is not there.
    InputRefusedError
        If a field is missing, unknown, or of a wrong value, or if two fields contradict each
        other.
    """
    load_json(path, REQUEST_SCHEMA)
    try:
        request = PlanRequest.model_validate_json(read_document_bytes(path))
    except ValidationError as error:
        raise _refusal(path, error) from error
    check_no_contradiction(request, path)
    found = {
        field: _found(path, field, getattr(request, field))
        for field in ("scan", "structures", "template", "intraop")
        if getattr(request, field) is not None
    }
    complete = request.model_copy(update=found)
    check_placement_is_of_template(complete, path)
    return complete


def _found(request: Path, field: str, named: Path) -> Path:
    """Resolve a path against the folder of the request."""
    try:
        path = (request.parent / named).resolve()
        is_there = path.exists()
    except (OSError, ValueError):
        # a name that no disk can hold: too long, or with a byte of zero in it
        is_there = False
    if not is_there:
        raise FileRefusedError(
            code="no-such-path",
            what=f"The request names a file in `{field}` that is not there",
            where=f"{request}: {field}",
            expected="a path relative to the folder of the request",
            got=repr(str(named))[1:-1][:200],
            next_step="correct the path in the request",
        )
    return path


def _refusal(path: Path, error: ValidationError) -> InputRefusedError:
    """Turn pydantic's report into one refusal: the first fault in full, the others by name."""
    faults = error.errors(include_url=False, include_context=False)
    first = faults[0]
    field = ".".join(str(part) for part in first["loc"]) or "the whole request"
    others = sorted({".".join(str(part) for part in fault["loc"]) for fault in faults[1:]})
    also = f" (and also: {', '.join(others)})" if others else ""
    is_missing = first["type"] == "missing"
    return InputRefusedError(
        code="invalid-request",
        what=f"The plan request has a wrong or missing field{also}",
        where=f"{path}: {field}",
        expected=first["msg"].removeprefix("Value error, "),
        got="nothing" if is_missing else repr(first["input"])[:200],
        next_step=f"{'add' if is_missing else 'correct'} `{field}` in the request",
    )
