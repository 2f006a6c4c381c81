"""What lies at a path, series by series, as `navigator inspect` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from navigator.errors import GeometryRefusedError, InputRefusedError
from navigator.io.dicom import find_series, looks_like_dicom
from navigator.io.documents.inspecting import inspect_document, looks_like_document
from navigator.io.findings import Finding, Severity, verdict_word
from navigator.io.images import image_suffix
from navigator.io.structures import open_structures, structure_rows
from navigator.io.structures.dicom_objects import is_structure_file
from navigator.io.volumes import load_scan, missing_path

if TYPE_CHECKING:
    from pathlib import Path

    from navigator.io.dicom import SeriesEntry


def inspect_path(path: Path) -> dict[str, Any]:
    """List the series at a path with their geometry, verdict and findings.

    The pixels of DICOM files are not decoded; an image file is read as a whole.

    Parameters
    ----------
    path : Path
        DICOM folder or file, .nrrd, .nii, .nii.gz or .mha; or a .json document of ours.

    Returns
    -------
    dict
        ``series`` as in the interface, and ``findings`` about files of no series; for a file of
        structures also ``structures``, with number and name of each, and what kind of file it is;
        of a document ``documents`` with its one row, and a verdict.

    Raises
    ------
    FileRefusedError
        If nothing readable is there.
    """
    if not path.exists():
        raise missing_path(path)
    if path.is_file() and _holds_named_structures(path):
        return _structure_document(path)
    if path.is_dir() or (not image_suffix(path) and looks_like_dicom(path)):
        contents = find_series(path)
        return {
            "series": [_series_row(entry) for entry in contents.series],
            "findings": [finding_row(finding) for finding in contents.findings],
        }
    if looks_like_document(path):
        return _document_listing(path)
    return {"series": [_file_row(path)], "findings": []}


def _holds_named_structures(path: Path) -> bool:
    """Tell a file of structures by what it is, without reading all of it."""
    if image_suffix(path):
        return path.name.lower().endswith(".seg.nrrd")
    return looks_like_dicom(path) and is_structure_file(path)


def _structure_document(path: Path) -> dict[str, Any]:
    """List the structures of a file."""
    try:
        file = open_structures(path)
    except InputRefusedError as error:
        refused = finding_row(_finding_from_refusal(error))
        return {"series": [], "findings": [refused], "structures": []}
    return {
        "series": [],
        "findings": [finding_row(finding) for finding in file.findings],
        "kind": file.kind,
        "drawn_on_series": list(file.series_uids),
        "structures": structure_rows(file),
    }


def finding_row(finding: Finding) -> dict[str, Any]:
    """Turn a finding into JSON.

    Parameters
    ----------
    finding : Finding
        Any finding.

    Returns
    -------
    dict
        ``code``, ``severity``, ``message``, ``files``.
    """
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "files": list(finding.files),
    }


def _series_row(entry: SeriesEntry) -> dict[str, Any]:
    """Describe one DICOM series."""
    has_geometry = entry.stack is not None and len(entry.headers) > 1
    affine = entry.stack.lps_from_index.tolist() if entry.stack and has_geometry else None
    return {
        "uid": entry.uid,
        "description": entry.description,
        "instances": len({header.source.file for header in entry.headers}),
        "shape_kji": list(entry.shape_kji),
        "lps_from_index": affine,
        "verdict": entry.verdict,
        "findings": [finding_row(finding) for finding in entry.findings],
    }


def _document_listing(path: Path) -> dict[str, Any]:
    """Describe a JSON document; one that is refused is a verdict, and ends the command so."""
    row = inspect_document(path)
    findings = row.pop("findings")
    grave = [each for each in findings if each.severity is not Severity.NOTE]
    word = {"accepted": "accepted", "confirm": "warning", "refused": "rejected"}
    row |= {"verdict": verdict_word(findings), "findings": [finding_row(each) for each in findings]}
    return {
        "verdict": word[row["verdict"]],
        "reasons": [{"code": each.code, "message": each.message} for each in grave],
        "series": [],
        "findings": [],
        "documents": [row],
    }


def _file_row(path: Path) -> dict[str, Any]:
    """Describe an image file: its refusal, if it has one, is its finding."""
    row: dict[str, Any] = {
        "uid": "",
        "description": path.name,
        "instances": 1,
        "shape_kji": None,
        "lps_from_index": None,
    }
    try:
        scan = load_scan(path)
    except GeometryRefusedError as error:
        findings: tuple[Finding, ...] = (_finding_from_refusal(error),)
    else:
        findings = scan.findings
        grid = scan.volume.grid
        row |= {
            "uid": grid.frame.uid,
            "shape_kji": list(grid.shape_kji),
            "lps_from_index": grid.lps_from_index.tolist(),
        }
    row["verdict"] = verdict_word(findings)
    row["findings"] = [finding_row(finding) for finding in findings]
    return row


def _finding_from_refusal(error: InputRefusedError) -> Finding:
    """Turn the refusal of a file into a finding."""
    refusal = error.refusal
    return Finding(
        code=refusal.code,
        severity=Severity.REFUSE,
        what=refusal.what,
        expected=refusal.expected,
        got=refusal.got,
        next_step=refusal.next_step,
    )
