"""Results of the steps in the form that goes to disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.io.documents import RegistrationDocument, located_template_to_json
from template_gen import spec_hash

if TYPE_CHECKING:
    from navigator.detection.plate import LocatedPlate
    from navigator.io.volumes import LoadedScan
    from navigator.registration.neighbourhood import LocalAgreement
    from navigator.registration.rigid import RigidRegistration
    from template_gen import TemplateSpec


def registration_document(
    registration: RigidRegistration, planning: LoadedScan, intraop: LoadedScan, seconds: float
) -> RegistrationDocument:
    """Put a registration into the form that goes to disk.

    Parameters
    ----------
    registration : RigidRegistration
        The result.
    planning, intraop : LoadedScan
        The scans that it is bound to.
    seconds : float
        How long it took.

    Returns
    -------
    RegistrationDocument
        With its metrics and the hashes of both scans.
    """
    quality = registration.quality
    return RegistrationDocument(
        intraop_from_planning=registration.intraop_from_planning,
        verdict=registration.verdict,
        metrics={
            "expected_tre_mm": _known(quality.expected_tre_mm),
            "overlap": quality.overlap,
            "inverse_consistency_mm": _known(quality.inverse_consistency_mm),
            "start_disagreement_mm": _known(quality.start_disagreement_mm),
            "correlation": quality.correlation,
            "mirror_correlation": quality.mirror_correlation,
            **_surroundings(quality.surroundings),
            "seconds": seconds,
        },
        input_hashes={"planning": planning.source_hash, "intraop": intraop.source_hash},
    )


def _surroundings(found: LocalAgreement | None) -> dict[str, float | None]:
    """Write how the target's surroundings agree; null where no target was given."""
    return {
        "target_imaged": None if found is None else found.imaged_share,
        "target_correlation": None if found is None else found.correlation,
        "target_shift_mm": None if found is None else found.distance_mm,
    }


def _known(value_mm: float) -> float | None:
    """Write an unknown (infinite) error as null: JSON has no infinity."""
    return value_mm if np.isfinite(value_mm) else None


def located_document(
    located: LocatedPlate, spec: TemplateSpec | None = None, scan: LoadedScan | None = None
) -> dict[str, Any]:
    """Put a plate's pose into the form that goes to disk.

    Parameters
    ----------
    located : LocatedPlate
        Found or not.
    spec : TemplateSpec or None
        The plate that was looked for: its hash is written, for a serial alone may be given to
        two plates.
    scan : LoadedScan or None
        Where it was looked for: its hash is written, for the pose is bound to it.

    Returns
    -------
    dict
        As ``navigator locate-template`` prints it.
    """
    found = located.lps_from_template is not None
    return located_template_to_json(
        located.lps_from_template,
        located.verdict,
        sha256={
            **({} if spec is None else {"template": spec_hash(spec)}),
            **({} if scan is None else {"scan": scan.source_hash}),
        },
        markers=[
            {
                "label": marker.label,
                "lps_mm": marker.lps_mm.tolist(),
                "residual_mm": marker.residual_mm,
            }
            for marker in located.markers
        ],
        metrics={
            "fre_mm": located.fre_mm if found else None,
            "expected_tre_mm": located.expected_tre_mm if found else None,
            "ambiguity_ratio": located.ambiguity_ratio if found else None,
        },
    )
