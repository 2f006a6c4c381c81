"""A registration as JSON: the rigid part, between which two scans, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents.field_reading import invalid, read_fields, verdict_from_fields
from navigator.io.documents.integrity import sealed
from navigator.io.documents.plan import verdict_to_json
from navigator.io.documents.versions import open_document, versioned
from navigator.io.documents.written_fields import HeadFields, RegistrationFields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.io.findings import Finding
    from navigator.model.outcome import Verdict

REGISTRATION_SCHEMA = "registration/1"
NOT_METRICS = {
    *HeadFields.model_fields,
    *("intraop_from_planning", "planning_frame", "intraop_frame", "sha256", "deformable"),
}
METRICS = tuple(name for name in RegistrationFields.model_fields if name not in NOT_METRICS)
"""What a registration may say of its quality; a name that is not here could not be read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationDocument:
    """What a registration file holds.

    Parameters
    ----------
    intraop_from_planning : RigidTransform
        Carries points of the planning scan to the intraoperative one, millimetres.
    verdict : Verdict
        Whether it may be used.
    metrics : mapping of str to float or None
        Measured quality by name with its unit, e.g. ``expected_tre_mm``.
    input_hashes : mapping of str to str
        SHA-256 of the two scans: the registration is bound to them.
    notes : tuple of Finding
        Of one that was read: what a person should know of an older or newer form.
    """

    intraop_from_planning: RigidTransform
    verdict: Verdict
    metrics: Mapping[str, float | None]
    input_hashes: Mapping[str, str]
    notes: tuple[Finding, ...] = ()


def registration_to_json(registration: RegistrationDocument) -> dict[str, Any]:
    """Write a registration as a document.

    Parameters
    ----------
    registration : RegistrationDocument
        Any registration.

    Returns
    -------
    dict
        Schema ``registration/1``, sealed with its hashes; the metrics stand at the top level.

    Raises
    ------
    ValueError
        If a metric has a name that the reader does not know.
    """
    unknown = sorted(set(registration.metrics) - set(METRICS))
    if unknown:
        raise ValueError(f"metrics: expected names out of {METRICS}, got {unknown}")
    transform = registration.intraop_from_planning
    return sealed(
        {
            **versioned(REGISTRATION_SCHEMA),
            **verdict_to_json(registration.verdict),
            "planning_frame": transform.source.uid,
            "intraop_frame": transform.target.uid,
            "intraop_from_planning": transform.matrix.tolist(),
            "deformable": None,
            **registration.metrics,
            "sha256": dict(sorted(registration.input_hashes.items())),
        }
    )


def load_registration(path: Path) -> RegistrationDocument:
    """Read a registration, refuse it where anything in it was changed.

    Parameters
    ----------
    path : Path
        JSON file, schema ``registration/1``.

    Returns
    -------
    RegistrationDocument
        Its rigid part between the frames of its two scans.

    Raises
    ------
    FileRefusedError
        If the file is not there or not strict JSON.
    InputRefusedError
        ``unknown-schema``, ``document-changed``, ``wrong-units``, ``deformable-unsupported`` or
        ``invalid-registration``.
    """
    opened = open_document(path, REGISTRATION_SCHEMA)
    if opened.content.get("deformable") is not None:
        raise InputRefusedError(
            code="deformable-unsupported",
            what="The registration has a deformable part, which this version would leave out",
            where=f"{path}: deformable",
            expected="null",
            got="a deformable part",
            next_step="update this software, or register again with --rigid",
        )
    fields, notes = read_fields(opened, RegistrationFields, path)
    if fields.planning_frame == fields.intraop_frame:
        expected, got = "the frames of two scans", "one frame twice"
        raise invalid("registration", path, "planning_frame, intraop_frame", expected, got)
    transform = RigidTransform(
        matrix=np.asarray(fields.intraop_from_planning, dtype=np.float64),
        target=Frame(FrameKind.LPS, fields.intraop_frame),
        source=Frame(FrameKind.LPS, fields.planning_frame),
    )
    return RegistrationDocument(
        intraop_from_planning=transform,
        verdict=verdict_from_fields(fields, path),
        metrics={
            name: getattr(fields, name) for name in METRICS if name in fields.model_fields_set
        },
        input_hashes={str(name): each for name, each in fields.sha256.items()},
        notes=notes,
    )
