"""What a JSON document is, whether it is intact, and what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.io.documents.jsonreading import schema_of
from navigator.io.documents.placement import PLACEMENT_SCHEMA, load_placement
from navigator.io.documents.plan import PLAN_SCHEMA
from navigator.io.documents.plan_reading import load_plan
from navigator.io.documents.registration import REGISTRATION_SCHEMA, load_registration
from navigator.io.documents.request import REQUEST_SCHEMA, load_plan_request
from navigator.io.documents.versions import open_document
from navigator.io.documents.zones import LIST_SCHEMA, load_zones
from navigator.io.findings import Finding, Severity
from template_gen import TemplateGenError, load_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

READERS: Mapping[str, Callable[[Path], object]] = {
    PLAN_SCHEMA: load_plan,
    REGISTRATION_SCHEMA: load_registration,
    PLACEMENT_SCHEMA: load_placement,
    REQUEST_SCHEMA: load_plan_request,
    LIST_SCHEMA: lambda path: load_zones(path, Frame(FrameKind.LPS, "as given")),
    "template-spec/1": load_spec,
}
"""What `navigator inspect` reads in full; of other documents it says that they were not checked."""

SEALED = (PLAN_SCHEMA, REGISTRATION_SCHEMA, PLACEMENT_SCHEMA)


def looks_like_document(path: Path) -> bool:
    """Tell by its name whether a file is a JSON document.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    bool
        True for ``.json``, but for the markups of another program.
    """
    return path.suffix.casefold() == ".json" and not path.name.casefold().endswith(".mrk.json")


def inspect_document(path: Path) -> dict[str, Any]:
    """Describe a JSON document as `navigator inspect` prints it.

    Parameters
    ----------
    path : Path
        A ``.json`` file.

    Returns
    -------
    dict
        ``schema``, ``minor``, ``integrity`` (``intact``, ``broken``, ``none`` or ``unchecked``),
        ``root_sha256``, ``document_verdict`` (what the document says of itself), ``made_from``
        (hashes), ``verdict`` (``accepted``, ``confirm`` or ``refused``) and its findings.

    Raises
    ------
    FileRefusedError
        If it is not strict JSON.
    """
    found = schema_of(path)
    row: dict[str, Any] = {
        "file": path.name,
        "schema": found,
        "minor": None,
        "integrity": "none",
        "root_sha256": None,
        "document_verdict": None,
        "made_from": {},
    }
    if not found:
        return {**row, "findings": (_no_document(),)}
    findings: tuple[Finding, ...] = ()
    try:
        if found.split("/", maxsplit=1)[0] in {each.split("/")[0] for each in SEALED}:
            row["integrity"] = "unchecked"
            opened = open_document(path, _schema_like(found))
            row |= {"minor": opened.form[1], "root_sha256": opened.root_sha256}
            row["integrity"] = "none" if opened.root_sha256 is None else "intact"
            row["document_verdict"] = opened.content.get("verdict")
            row["made_from"] = _made_from(opened.content)
            findings = opened.notes
        findings = _findings_of_fields(path, found) or findings
    except (InputRefusedError, TemplateGenError) as error:
        if getattr(error, "refusal", None) is None:
            raise
        refused = _refused(error)
        if refused.code == "document-changed":
            row["integrity"] = "broken"
        # a pose that was rejected is a sound document that says so
        findings = findings if refused.code == "placement-rejected" else (refused, *findings)
    return {**row, "findings": findings}


def _findings_of_fields(path: Path, found: str) -> tuple[Finding, ...]:
    """Read all fields; give what the reader notes, or that there is none for this kind."""
    reader = READERS.get(found)
    if reader is None:
        return (_not_checked(found),)
    notes: tuple[Finding, ...] = getattr(reader(path), "notes", ())
    return notes


def _schema_like(found: str) -> str:
    """Give the schema of the kind that a document says it is."""
    kind = found.split("/", maxsplit=1)[0]
    return next(each for each in SEALED if each.split("/")[0] == kind)


def _made_from(content: Mapping[str, Any]) -> dict[str, str]:
    """Collect the hashes of what a document was made from."""
    provenance = content.get("provenance")
    hashes = provenance.get("sha256") if isinstance(provenance, dict) else content.get("sha256")
    found = {str(k): v for k, v in hashes.items()} if isinstance(hashes, dict) else {}
    plate = content.get("template_sha256")
    return {**found, **({"template": plate} if isinstance(plate, str) else {})}


def _refused(error: Exception) -> Finding:
    """Turn a refusal into a finding."""
    refusal: Any = getattr(error, "refusal", None)
    return Finding(
        code=refusal.code,
        severity=Severity.REFUSE,
        what=f"{refusal.what} ({refusal.where})",
        expected=refusal.expected,
        got=refusal.got,
        next_step=refusal.next_step,
    )


def _not_checked(found: str) -> Finding:
    return Finding(
        code="document-not-checked",
        severity=Severity.CONFIRM,
        what="The document is of a kind that is written and not read",
        expected="one of " + ", ".join(sorted(READERS)),
        got=found[:200],
        next_step="look at it yourself",
    )


def _no_document() -> Finding:
    return Finding(
        code="unknown-schema",
        severity=Severity.REFUSE,
        what="The file is JSON, but no document of this program",
        expected="`schema` at the top, such as plan/1",
        got="none",
        next_step="give a plan, registration, placement, request or template spec",
    )
