"""A plan as objects for archives and as files for 3D Slicer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from navigator.app.export_dicom import write_dicom_objects
from navigator.app.export_files import Written, exported_structures
from navigator.app.export_inputs import ExportCase, ExportChoice, load_export_case
from navigator.app.export_slicer import write_slicer_files
from navigator.app.inputs import hash_of_file
from navigator.app.outputs import (
    MANIFEST_FILE,
    check_may_write,
    folder_when_complete,
    read_summary,
)
from navigator.errors import InputRefusedError
from navigator.io.documents import save_json, verdict_to_json
from navigator.io.objects import (
    Subject,
    default_pseudonym,
    identified_subject,
    pseudonymous_subject,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from navigator.app.export_files import WhoseObjects

EXPORT_SCHEMA = "export/1"


def export_plan(
    choice: ExportChoice,
    out: Path,
    *,
    whose: WhoseObjects,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Write a plan, its structures and its motions for other programs.

    Parameters
    ----------
    choice : ExportChoice
        What goes out.
    out : Path
        Folder to make.
    whose : WhoseObjects
        Under which name, and with which date.
    overwrite : bool
        Whether an earlier export may be replaced.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    dict
        The manifest, as it was written to ``manifest.json``.

    Raises
    ------
    InputRefusedError
        If the plan may not be used, or something does not belong to it; nothing is written.
    """
    check_may_write(out, overwrite=overwrite, inputs=choice.paths)
    progress("reading plan, scans and structures")
    case = load_export_case(choice)
    subject = _subject(case, whose)
    structures, empty = exported_structures(case)
    with folder_when_complete(out, overwrite=overwrite) as folder:
        written = Written(folder)
        for name in empty:
            written.leave_out(f"structure {name}", "it has no voxel on this scan")
        if subject is None:
            written.leave_out("DICOM objects", f"planning scan: {case.planning.why_not}")
        else:
            progress("writing DICOM objects")
            write_dicom_objects(case, choice, structures, subject, written)
        progress("writing files for 3D Slicer")
        write_slicer_files(case, structures, written)
        save_json(_manifest(case, subject, written), folder / MANIFEST_FILE)
    return read_summary(out)


def _subject(case: ExportCase, whose: WhoseObjects) -> Subject | None:
    """Decide what stands in the Patient and Study modules."""
    source, made = case.planning.source, whose.made
    if source is None:
        return None
    if not whose.is_identified:
        name = whose.pseudonym or default_pseudonym(case.planning.scan.source_hash)
        return pseudonymous_subject(source, name, made)
    _check_identified(whose.pseudonym, made)
    return identified_subject(source, made)


def _check_identified(pseudonym: str | None, made: datetime | None) -> None:
    """Refuse an identified export that could not be filed as what it is."""
    if pseudonym is None and made is not None:
        return
    raise InputRefusedError(
        code="identified-needs-time" if made is None else "identified-and-pseudonym",
        what="Objects for a patient's record carry the patient's name and when they were made",
        where="--identified",
        expected="--identified with --time, without --pseudonym",
        got="no --time" if made is None else "a pseudonym too",
        next_step="add --time now, and leave --pseudonym out",
    )


def _manifest(case: ExportCase, subject: Subject | None, written: Written) -> dict[str, Any]:
    """List what was written, whose it is, and what was left out and why."""
    frame = case.planning.scan.volume.grid.frame.uid
    return {
        "schema": EXPORT_SCHEMA,
        **verdict_to_json(case.plan.verdict),
        "plan": case.document_id,
        "frame": frame,
        "coordinates": "LPS, mm",
        "identity": _identity_words(subject),
        "files": [
            {
                "path": each.path,
                "kind": each.kind,
                "opens_in": each.opens_in,
                "sha256": hash_of_file(written.folder / each.path),
            }
            for each in written.files
        ],
        "left_out": [{"what": what, "why": why} for what, why in written.left_out],
    }


def _identity_words(subject: Subject | None) -> str:
    """Say whose name stands in the objects; the name itself only where it is a pseudonym."""
    if subject is None:
        return "none: no DICOM objects"
    if subject.is_identified:
        return "the patient's own, from the planning scan"
    return f"pseudonym {subject.attributes['PatientID']}"
