"""A registration as JSON: the rigid part, between which two scans, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents.jsontext import load_json
from navigator.io.documents.plan import verdict_to_json
from navigator.model.outcome import Reason, Verdict, VerdictStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REGISTRATION_SCHEMA = "registration/1"
NOT_METRICS = (
    *("schema", "verdict", "reasons", "intraop_from_planning", "planning_frame"),
    *("intraop_frame", "sha256", "deformable"),
)


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
    """

    intraop_from_planning: RigidTransform
    verdict: Verdict
    metrics: Mapping[str, float | None]
    input_hashes: Mapping[str, str]


def registration_to_json(registration: RegistrationDocument) -> dict[str, Any]:
    """Write a registration as a document.

    Parameters
    ----------
    registration : RegistrationDocument
        Any registration.

    Returns
    -------
    dict
        Schema ``registration/1``; the metrics stand at the top level.

    Raises
    ------
    ValueError
        If a metric has the name of another field.
    """
    clash = sorted(set(registration.metrics) & set(NOT_METRICS))
    if clash:
        raise ValueError(f"metrics: expected names of their own, got {clash}")
    transform = registration.intraop_from_planning
    return {
        "schema": REGISTRATION_SCHEMA,
        **verdict_to_json(registration.verdict),
        "planning_frame": transform.source.uid,
        "intraop_frame": transform.target.uid,
        "intraop_from_planning": transform.matrix.tolist(),
        "deformable": None,
        **registration.metrics,
        "sha256": dict(sorted(registration.input_hashes.items())),
    }


def load_registration(path: Path) -> RegistrationDocument:
    """Read a registration.

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
        If the file is not there or not JSON.
    InputRefusedError
        If a field is missing, or the matrix is not a proper rigid motion.
    """
    document = load_json(path, REGISTRATION_SCHEMA)
    try:
        transform = RigidTransform(
            matrix=np.asarray(document["intraop_from_planning"], dtype=np.float64),
            target=Frame(FrameKind.LPS, str(document["intraop_frame"])),
            source=Frame(FrameKind.LPS, str(document["planning_frame"])),
        )
        verdict = Verdict(
            VerdictStatus(document["verdict"]),
            tuple(Reason(str(r["code"]), str(r["message"])) for r in document["reasons"]),
        )
        metrics = {
            name: None if value is None else float(value)
            for name, value in document.items()
            if name not in NOT_METRICS
        }
        hashes = {str(name): str(value) for name, value in document["sha256"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputRefusedError(
            code="invalid-registration",
            what="The registration has a wrong or missing field",
            where=str(path),
            expected=f"a {REGISTRATION_SCHEMA} document as `navigator register` writes it",
            got=f"{type(error).__name__}: {error}",
            next_step="register the two scans again",
        ) from error
    if document.get("deformable") is not None:
        raise InputRefusedError(
            code="deformable-unsupported",
            what="The registration has a deformable part, which this version would leave out",
            where=f"{path}: deformable",
            expected="null",
            got="a deformable part",
            next_step="update this software, or register again with --rigid",
        )
    return RegistrationDocument(
        intraop_from_planning=transform, verdict=verdict, metrics=metrics, input_hashes=hashes
    )
