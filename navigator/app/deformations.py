"""Deformable registrations between memory and disk, and points carried through them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from navigator.app.output_files import OutputChoice, check_may_write_file, save_document
from navigator.errors import InputRefusedError
from navigator.imaging.displacing import displace_points, read_errors, undisplace_points
from navigator.io.deformations import (
    ERRORS_SUFFIX,
    FIELD_SUFFIX,
    has_content,
    load_errors,
    load_field,
    part_of,
    save_errors,
    save_field,
)
from navigator.io.documents import (
    RegistrationDocument,
    load_registration,
    registration_to_json,
)
from navigator.io.documents.registration import DeformablePart
from navigator.io.earlier_versions import keep_part
from navigator.io.saving import refused_if_unwritable
from navigator.registration.uncertainty import MEAN_OF_RADIUS95

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from navigator.arrays import Floats
    from navigator.io.volumes import LoadedScan
    from navigator.model.displacement import DisplacementField, ErrorMap
    from navigator.registration.registered import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMotion:
    """A registration that was read, with its field where it has one.

    Parameters
    ----------
    document : RegistrationDocument
        The rigid motion, the verdict, the hashes.
    field : DisplacementField or None
        What goes before the rigid motion.
    errors : ErrorMap or None
        How far the true places may be.
    """

    document: RegistrationDocument
    field: DisplacementField | None
    errors: ErrorMap | None

    def to_intraop(self, points_mm: Floats) -> Floats:
        """Carry points (n, 3) of the planning scan to the intraoperative one, millimetres."""
        moved = points_mm if self.field is None else displace_points(self.field, points_mm)
        return self.document.intraop_from_planning.map_points(moved)

    def to_planning(self, points_mm: Floats) -> Floats:
        """Carry points (n, 3) of the intraoperative scan to the planning one, millimetres."""
        back = self.document.intraop_from_planning.inverse().map_points(points_mm)
        return back if self.field is None else undisplace_points(self.field, back)

    def expected_95_mm(self, planning_points_mm: Floats) -> list[float | None]:
        """Say within which radius the true place of planning points (n, 3) lies; None: unknown."""
        if self.errors is None:
            return [None] * len(planning_points_mm)
        radii = read_errors(self.errors, planning_points_mm)
        return [round(float(each), 2) if np.isfinite(each) else None for each in radii]


def check_may_write_parts(out: OutputChoice, *, inputs: Iterable[Path]) -> None:
    """Refuse files beside a registration that would replace an input or somebody else's work.

    Parameters
    ----------
    out : OutputChoice
        The document: where an earlier one lies there, the parts that it names may be replaced.
    inputs : iterable of Path
        What the command reads.

    Raises
    ------
    FileRefusedError
        As :func:`navigator.app.output_files.check_may_write_file`.
    """
    reading = tuple(inputs)
    for part, own in zip(_parts_of(out.path), _own_parts(out.path), strict=True):
        may_replace = out.overwrite or own == part.name
        check_may_write_file(OutputChoice(part, may_replace), inputs=reading)


def _own_parts(out: Path) -> tuple[str | None, str | None]:
    """Name the field and the errors that an earlier registration of this name says are its own."""
    part = _earlier_part(out)
    return (None, None) if part is None else (part.file, part.errors_file)


def _earlier_part(out: Path) -> DeformablePart | None:
    """Read what the registration that lies at a path says of its field."""
    try:
        return load_registration(out).deformable if out.is_file() else None
    except InputRefusedError:
        return None


def keep_earlier_parts(out: Path) -> tuple[Path, ...]:
    """Keep field and errors of the registration that is about to be replaced.

    Its document is kept too when it is replaced, and finds them by their content.

    Parameters
    ----------
    out : Path
        Where the registration lies, or will lie.

    Returns
    -------
    tuple of Path
        The files beside it that are kept now, still under their names.
    """
    part = _earlier_part(out)
    named = () if part is None else (
        (part.file, part.sha256), (part.errors_file, part.errors_sha256)
    )  # fmt: skip
    kept = []
    for name, sha256 in named:
        if name is None or sha256 is None:
            continue
        place = out.with_name(name)
        if has_content(place, sha256):
            with refused_if_unwritable(place):
                keep_part(place, sha256)
            kept.append(place)
    return tuple(kept)


def _parts_of(out: Path) -> tuple[Path, Path]:
    """Name the field and the errors of a registration."""
    stem = out.name.removesuffix(".json")
    return out.with_name(stem + FIELD_SUFFIX), out.with_name(stem + ERRORS_SUFFIX)


def save_deformable(
    found: Registration,
    scans: tuple[LoadedScan, LoadedScan],
    out: Path,
    *,
    began_s: float,
    others: Mapping[str, str],
) -> dict[str, Any]:
    """Write a deformable registration: its field and errors first, the document last.

    Parameters
    ----------
    found : Registration
        The result.
    scans : tuple of LoadedScan
        Planning and intraoperative scan.
    out : Path
        The document; the other two files lie beside it under its name.
    began_s : float
        When the registration began, seconds of the clock that measures them.
    others : mapping of str to str
        Hashes of what else went in, by name.

    Returns
    -------
    dict
        The document as it is printed.

    Raises
    ------
    FileRefusedError
        If one of the files cannot be written.
    """
    field_path, errors_path = _parts_of(out)
    keep_earlier_parts(out)
    field_sha256 = save_field(found.field, field_path)
    errors_sha256 = None if found.errors is None else save_errors(found.errors, errors_path)
    quality = found.quality
    document = RegistrationDocument(
        intraop_from_planning=found.intraop_from_planning,
        verdict=found.verdict,
        metrics={
            "expected_tre_mm": _mean_error_mm(found.errors),
            "overlap": quality.overlap,
            "inverse_consistency_mm": _known(quality.inverse_consistency_mm),
            "start_disagreement_mm": _known(quality.start_disagreement_mm),
            "correlation": quality.correlation,
            "target_imaged": quality.liver_share,
            "seconds": round(time.perf_counter() - began_s, 2),
        },
        input_hashes={
            name: scan.source_hash
            for name, scan in zip(("planning", "intraop"), scans, strict=True)
        }
        | dict(others),
        deformable=DeformablePart(
            file=field_path.name,
            sha256=field_sha256,
            errors_file=None if errors_sha256 is None else errors_path.name,
            errors_sha256=errors_sha256,
            least_jacobian_ratio=quality.least_jacobian_ratio,
            bones_from_planning=found.bones,
        ),
    )
    return save_document(registration_to_json(document), out)


def _mean_error_mm(errors: ErrorMap | None) -> float | None:
    """Give the mean expected error over the liver."""
    if errors is None or not np.isfinite(errors.radius95_mm).any():
        return None
    return round(MEAN_OF_RADIUS95 * float(np.nanmean(errors.radius95_mm)), 3)


def _known(value_mm: float) -> float | None:
    return value_mm if np.isfinite(value_mm) else None


def load_motion(document: RegistrationDocument, path: Path) -> WholeMotion:
    """Read what a registration names beside itself.

    Parameters
    ----------
    document : RegistrationDocument
        As it was read.
    path : Path
        Its file.

    Returns
    -------
    WholeMotion
        Complete: a field that is missing or was changed is refused, never left out.

    Raises
    ------
    FileRefusedError
        ``missing-field`` or ``field-changed``.
    """
    part, frame = document.deformable, document.intraop_from_planning.source
    if part is None:
        return WholeMotion(document=document, field=None, errors=None)
    place = part_of(path, part.file, part.sha256)
    field = load_field(place, sha256=part.sha256, frame=frame)
    errors = None
    if part.errors_file is not None and part.errors_sha256 is not None:
        place = part_of(path, part.errors_file, part.errors_sha256)
        errors = load_errors(place, sha256=part.errors_sha256, frame=frame)
    return WholeMotion(document=document, field=field, errors=errors)
