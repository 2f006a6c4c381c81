"""A registration as JSON: the rigid part, between which two scans, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

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
class DeformablePart:
    """Which files beside a registration hold its field and its expected errors.

    Parameters
    ----------
    file, errors_file : str, str or None
        Names of files in the folder of the document; no errors where the liver was not known.
    sha256, errors_sha256 : str, str or None
        Their hashes.
    least_jacobian_ratio : float
        Of the field: by how much the most compressed place shrinks.
    bones_from_planning : RigidTransform
        The motion of the bones alone, to the intraoperative scan, millimetres.
    """

    file: str
    sha256: str
    errors_file: str | None
    errors_sha256: str | None
    least_jacobian_ratio: float
    bones_from_planning: RigidTransform


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
    deformable : DeformablePart or None
        What goes before the rigid motion; None where that is all.
    notes : tuple of Finding
        Of one that was read: what a person should know of an older or newer form.
    """

    intraop_from_planning: RigidTransform
    verdict: Verdict
    metrics: Mapping[str, float | None]
    input_hashes: Mapping[str, str]
    deformable: DeformablePart | None = None
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
            "deformable": _deformable_to_json(registration.deformable),
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
        ``unknown-schema``, ``document-changed``, ``wrong-units`` or ``invalid-registration``.
    """
    opened = open_document(path, REGISTRATION_SCHEMA)
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
        deformable=_deformable_from(fields, transform, path),
        intraop_from_planning=transform,
        verdict=verdict_from_fields(fields, path),
        metrics={
            name: getattr(fields, name) for name in METRICS if name in fields.model_fields_set
        },
        input_hashes={str(name): each for name, each in fields.sha256.items()},
        notes=notes,
    )


def _deformable_to_json(part: DeformablePart | None) -> dict[str, Any] | None:
    """Write which files hold the field."""
    if part is None:
        return None
    return {
        "file": part.file,
        "sha256": part.sha256,
        "errors_file": part.errors_file,
        "errors_sha256": part.errors_sha256,
        "least_jacobian_ratio": part.least_jacobian_ratio,
        "bones_from_planning": part.bones_from_planning.matrix.tolist(),
    }


def _deformable_from(
    fields: RegistrationFields, transform: RigidTransform, path: Path
) -> DeformablePart | None:
    """Read which files hold the field; they lie beside the document and nowhere else."""
    part = fields.deformable
    if part is None:
        return None
    for name in (part.file, part.errors_file):
        if name is not None and (PurePath(name).name != name or name in {".", ".."}):
            expected = "the name of a file beside the registration"
            raise invalid("registration", path, "deformable", expected, name)
    return DeformablePart(
        file=part.file,
        sha256=part.sha256,
        errors_file=part.errors_file,
        errors_sha256=part.errors_sha256,
        least_jacobian_ratio=part.least_jacobian_ratio,
        bones_from_planning=RigidTransform(
            matrix=np.asarray(part.bones_from_planning, dtype=np.float64),
            target=transform.target,
            source=transform.source,
        ),
    )
