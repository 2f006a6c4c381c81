"""A located plate as JSON, and the pose read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents.jsontext import load_json
from navigator.io.documents.plan import verdict_to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from navigator.model.outcome import Verdict

PLACEMENT_SCHEMA = "placement/1"


def located_template_to_json(
    lps_from_template: RigidTransform | None,
    verdict: Verdict,
    *,
    markers: Sequence[Mapping[str, Any]],
    metrics: Mapping[str, float | None],
    template_sha256: str | None = None,
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
    template_sha256 : str or None
        Hash of the plate's spec; with the serial in ``template`` it says which plate it is.

    Returns
    -------
    dict
        Schema ``placement/1``.
    """
    pose = lps_from_template
    return {
        "schema": PLACEMENT_SCHEMA,
        **verdict_to_json(verdict),
        "frame": None if pose is None else pose.target.uid,
        "template": None if pose is None else pose.source.uid,
        "template_sha256": template_sha256,
        "lps_from_template": None if pose is None else pose.matrix.tolist(),
        "markers": [dict(marker) for marker in markers],
        **metrics,
    }


def load_placement(path: Path) -> RigidTransform:
    """Read the pose of a located plate.

    Parameters
    ----------
    path : Path
        JSON file, schema ``placement/1``.

    Returns
    -------
    RigidTransform
        ``lps_from_template``, from the plate's frame to that of the scan.

    Raises
    ------
    FileRefusedError
        If the file is not there or not JSON.
    InputRefusedError
        If the plate was not found or its pose was rejected, or a field is wrong.
    """
    document = load_json(path, PLACEMENT_SCHEMA)
    verdict = document.get("verdict")
    if verdict not in {"accepted", "warning"}:
        raise InputRefusedError(
            code="placement-rejected",
            what="The plate's pose was rejected when it was located",
            where=f"{path}: verdict",
            expected="accepted or warning",
            got=repr(verdict),
            next_step="locate the plate again in a new scan",
        )
    try:
        return RigidTransform(
            matrix=np.asarray(document["lps_from_template"], dtype=np.float64),
            target=Frame(FrameKind.LPS, str(document["frame"])),
            source=Frame(FrameKind.TEMPLATE, str(document["template"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputRefusedError(
            code="invalid-placement",
            what="The placement has a wrong or missing field",
            where=str(path),
            expected=f"a {PLACEMENT_SCHEMA} document as `navigator locate-template` writes it",
            got=f"{type(error).__name__}: {error}",
            next_step="locate the plate again",
        ) from error
