"""A located plate as JSON, and the pose read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents.field_reading import invalid, read_fields
from navigator.io.documents.integrity import sealed
from navigator.io.documents.plan import verdict_to_json
from navigator.io.documents.versions import open_document, versioned
from navigator.io.documents.written_fields import PlacementFields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from navigator.io.findings import Finding
    from navigator.model.outcome import Verdict

PLACEMENT_SCHEMA = "placement/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementDocument:
    """What the file of a located plate holds.

    Parameters
    ----------
    lps_from_template : RigidTransform
        From the plate's frame to that of the scan, millimetres.
    template_sha256 : str or None
        Hash of the plate's spec.
    input_hashes : mapping of str to str
        SHA-256 of the scan in which it was found; empty in a file of form 1.0.
    notes : tuple of Finding
        What a person should know of an older or newer form.
    """

    lps_from_template: RigidTransform
    template_sha256: str | None
    input_hashes: Mapping[str, str]
    notes: tuple[Finding, ...]


def located_template_to_json(
    lps_from_template: RigidTransform | None,
    verdict: Verdict,
    *,
    markers: Sequence[Mapping[str, Any]],
    metrics: Mapping[str, float | None],
    sha256: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Write where a plate was found in a scan.

    Parameters
    ----------
    lps_from_template : RigidTransform or None
        Its pose, millimetres; None where it was not found.
    verdict : Verdict
        Whether the pose may be used.
    markers : sequence of mapping
        ``label``, ``lps_mm`` and ``residual_mm`` of each marker found.
    metrics : mapping of str to float or None
        ``fre_mm``, ``expected_tre_mm``, ``ambiguity_ratio``.
    sha256 : mapping of str to str or None
        ``template``: hash of the plate's spec; with the serial in ``template`` it says which plate
        it is. ``scan``: hash of the scan, to which the pose is bound.

    Returns
    -------
    dict
        Schema ``placement/1``, sealed with its hashes.
    """
    pose, hashes = lps_from_template, dict(sha256 or {})
    return sealed(
        {
            **versioned(PLACEMENT_SCHEMA),
            **verdict_to_json(verdict),
            "frame": None if pose is None else pose.target.uid,
            "template": None if pose is None else pose.source.uid,
            "template_sha256": hashes.pop("template", None),
            "lps_from_template": None if pose is None else pose.matrix.tolist(),
            "markers": [dict(marker) for marker in markers],
            **metrics,
            "sha256": hashes,
        }
    )


def load_placement(path: Path) -> PlacementDocument:
    """Read the pose of a located plate, refuse it where anything in it was changed.

    Parameters
    ----------
    path : Path
        JSON file, schema ``placement/1``.

    Returns
    -------
    PlacementDocument
        With the pose.

    Raises
    ------
    FileRefusedError
        If the file is not there or not strict JSON.
    InputRefusedError
        ``placement-rejected`` where the plate was not found or its pose was rejected;
        ``unknown-schema``, ``document-changed``, ``wrong-units`` or ``invalid-placement``.
    """
    opened = open_document(path, PLACEMENT_SCHEMA)
    fields, notes = read_fields(opened, PlacementFields, path)
    if fields.verdict == "rejected":
        raise InputRefusedError(
            code="placement-rejected",
            what="The plate's pose was rejected when it was located",
            where=f"{path}: verdict",
            expected="accepted or warning",
            got=repr(fields.verdict),
            next_step="locate the plate again in a new scan",
        )
    if fields.lps_from_template is None or fields.frame is None or fields.template is None:
        expected, got = "a pose, its scan and its plate, as the verdict says", "one is missing"
        raise invalid("placement", path, "lps_from_template", expected, got)
    return PlacementDocument(
        lps_from_template=RigidTransform(
            matrix=np.asarray(fields.lps_from_template, dtype=np.float64),
            target=Frame(FrameKind.LPS, fields.frame),
            source=Frame(FrameKind.TEMPLATE, fields.template),
        ),
        template_sha256=fields.template_sha256,
        input_hashes={str(name): each for name, each in fields.sha256.items()},
        notes=notes,
    )
