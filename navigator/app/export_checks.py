"""Whether what shall go out may: as it was written, in force, under its own names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from navigator.app.inputs import hash_of_file
from navigator.app.outputs import OUR_SCHEMAS, SUMMARY_FILE
from navigator.errors import FileRefusedError, InputRefusedError
from navigator.model.outcome import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from navigator.io.documents import RegistrationDocument
    from navigator.io.documents.plan_reading import PlanDocument
    from navigator.io.findings import Finding
    from navigator.model.plan import Plan

NOT_SEALED = "document-not-sealed"
PLAN_FILES = {"plan": "plan.json", "plan_in_room": "plan_in_room.json"}
"""Fields of a run's summary that hold plans, and the files that they were written to."""


def check_sealed(notes: Iterable[Finding], path: Path) -> None:
    """Refuse a document without hashes: a change in it cannot be seen.

    Parameters
    ----------
    notes : iterable of Finding
        What was noted while it was read.
    path : Path
        Its file.

    Raises
    ------
    InputRefusedError
        ``document-not-sealed``.
    """
    found = next((note for note in notes if note.code == NOT_SEALED), None)
    if found is None:
        return
    raise InputRefusedError(
        code=NOT_SEALED,
        what="The document carries no hashes, so nothing of it goes out",
        where=str(path),
        expected=str(found.expected),
        got=str(found.got),
        next_step="make it again with this version",
    )


def check_request(plan: Plan, request: Path | None) -> None:
    """Refuse a request that is not the one that the plan was made from: names may be swapped.

    Parameters
    ----------
    plan : Plan
        With the hash of its request.
    request : Path or None
        The request given; None is not compared.

    Raises
    ------
    InputRefusedError
        ``other-request``.
    """
    if request is None:
        return
    expected, got = plan.provenance.input_hashes.get("request"), hash_of_file(request)
    if expected != got:
        raise InputRefusedError(
            code="other-request",
            what="The plan was made from another request",
            where=str(request),
            expected=f"sha256 {expected}",
            got=f"sha256 {got}",
            next_step="give the request as it was when the plan was made, or plan again",
        )


def name_remarks(request: Path | None, names: Iterable[str]) -> tuple[Reason, ...]:
    """Warn of structures whose names nothing could be compared with.

    Parameters
    ----------
    request : Path or None
        The request, already compared with the plan.
    names : iterable of str
        What the structures are called.

    Returns
    -------
    tuple of Reason
        At most one.
    """
    named = ", ".join(names)
    if request is not None or not named:
        return ()
    text = f"no request was given: whether {named} bear the names of the plan was not checked"
    return (Reason("names-not-checked", f"{text}; look at them, or export with --request"),)


def check_in_force(document: PlanDocument, path: Path) -> None:
    """Refuse a plan that the summary of its run says is void.

    Parameters
    ----------
    document : PlanDocument
        Sealed.
    path : Path
        Its file; the summary lies beside it.

    Raises
    ------
    InputRefusedError
        ``plan-superseded``, with the file that holds.
    """
    summary = _summary_beside(path)
    in_force = summary.get("in_force")
    void = [_root(summary.get(name)) for name in PLAN_FILES if name != in_force]
    holds = None if in_force is None else _root(summary.get(str(in_force)))
    if document.root_sha256 == holds or document.root_sha256 not in void:
        return
    file = PLAN_FILES.get(str(in_force))
    raise InputRefusedError(
        code="plan-superseded",
        what="The plan does not hold any more, so it does not go out",
        where=str(path),
        expected="no plan: none of this run may be used" if file is None else file,
        got=f"{path.name}, void by {SUMMARY_FILE}",
        next_step="plan again" if file is None else f"export {path.with_name(file)}",
    )


def _summary_beside(path: Path) -> Mapping[str, Any]:
    """Read the summary of the run that wrote a plan; empty where there is none of ours."""
    try:
        found = json.loads(path.with_name(SUMMARY_FILE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    ours = isinstance(found, dict) and found.get("schema") in OUR_SCHEMAS
    return found if ours else {}


def _root(document: object) -> str | None:
    """Take the root hash of a document inside a summary."""
    seal = document.get("integrity") if isinstance(document, dict) else None
    return seal.get("root") if isinstance(seal, dict) else None


def check_usable(plan: Plan, path: Path) -> None:
    """Refuse a plan without needles or with a rejection: what lies in an archive gets used.

    Parameters
    ----------
    plan : Plan
        Any plan.
    path : Path
        Its file.

    Raises
    ------
    InputRefusedError
        ``plan-rejected``.
    """
    if plan.needles and plan.verdict.is_usable:
        return
    raise InputRefusedError(
        code="plan-rejected",
        what="The plan may not be used, so nothing of it goes out",
        where=str(path),
        expected="a plan with a needle, accepted or with a warning",
        got="; ".join(each.message for each in plan.verdict.reasons) or "no needle",
        next_step="plan again",
    )


def check_registration_usable(document: RegistrationDocument, path: Path) -> None:
    """Refuse a registration that was rejected.

    Parameters
    ----------
    document : RegistrationDocument
        Any registration.
    path : Path
        Its file.

    Raises
    ------
    InputRefusedError
        ``registration-rejected``.
    """
    if not document.verdict.is_usable:
        raise InputRefusedError(
            code="registration-rejected",
            what="The registration was rejected, so it does not go out",
            where=str(path),
            expected="an accepted registration",
            got="; ".join(each.message for each in document.verdict.reasons),
            next_step="register again on a better scan",
        )


def check_structures(plan: Plan, path: Path) -> None:
    """Refuse structures that are not those that the plan was made on.

    Parameters
    ----------
    plan : Plan
        With the hash of its structures.
    path : Path
        The file given.

    Raises
    ------
    FileRefusedError
        ``other-structures``.
    """
    expected, got = plan.provenance.input_hashes.get("structures"), hash_of_file(path)
    if expected == got:
        return
    raise FileRefusedError(
        code="other-structures",
        what="The plan was made on other structures",
        where=str(path),
        expected=f"sha256 {expected}",
        got=f"sha256 {got}",
        next_step="give the file that was used, or plan again on this one",
    )
