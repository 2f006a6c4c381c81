"""A document is bound to what it was made from: another scan or plate is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from navigator.errors import InputRefusedError
from navigator.io.documents.placement import PlacementDocument
from navigator.io.documents.plan_reading import PlanDocument
from template_gen import spec_hash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from navigator.geometry.frames import Frame
    from navigator.io.documents.registration import RegistrationDocument
    from navigator.io.volumes import LoadedScan
    from template_gen import TemplateSpec

Document: TypeAlias = "PlanDocument | RegistrationDocument | PlacementDocument"


def check_made_from(
    document: Document,
    path: Path,
    *,
    scans: Mapping[str, LoadedScan],
    template: TemplateSpec | None = None,
) -> None:
    """Refuse a document that was made from another scan, frame of reference or plate.

    Parameters
    ----------
    document : PlanDocument, RegistrationDocument or PlacementDocument
        As it was read.
    path : Path
        Its file, for the message.
    scans : mapping of str to LoadedScan
        What it shall be used with, by its part: ``scan`` and ``intraop`` of a plan, ``planning``
        and ``intraop`` of a registration, ``scan`` of a placement.
    template : TemplateSpec or None
        The plate that it shall be used with.

    Raises
    ------
    InputRefusedError
        ``other-scan``, ``other-frame`` or ``other-template``; ``origin-unknown`` where the
        document does not say what it was made from.
    """
    hashes, frames = _hashes(document), _frames(document)
    for part, scan in scans.items():
        _check_hash(path, part, "scan", hashes.get(part), scan.source_hash)
        frame, found = frames.get(part), scan.volume.grid.frame
        if frame is not None and frame != found:
            what = "The document lies in another frame of reference than the scan"
            raise _other("frame", path, part, what, (str(frame), str(found)))
    if template is not None:
        _check_hash(path, "template", "template", _template_hash(document), spec_hash(template))


def _check_hash(path: Path, part: str, kind: str, wanted: str | None, found: str) -> None:
    """Compare the hash that a document names with that of what is given."""
    if wanted is None:
        raise InputRefusedError(
            code="origin-unknown",
            what=f"The document does not say which {kind} it was made from",
            where=f"{path}: {part}",
            expected=f"the hash of its {kind}",
            got="none",
            next_step="make it again from what it shall be used with",
        )
    if wanted != found:
        what = f"The document was made from another {kind}"
        raise _other(kind, path, part, what, (wanted, found))


def _hashes(document: Document) -> Mapping[str, str]:
    if isinstance(document, PlanDocument):
        return document.plan.provenance.input_hashes
    return document.input_hashes


def _frames(document: Document) -> Mapping[str, Frame | None]:
    """Give the frame in which each part of a document lies."""
    if isinstance(document, PlanDocument):
        room = document.room
        return {"scan": document.frame, "intraop": None if room is None else room.frame}
    if isinstance(document, PlacementDocument):
        return {"scan": document.lps_from_template.target}
    transform = document.intraop_from_planning
    return {"planning": transform.source, "intraop": transform.target}


def _template_hash(document: Document) -> str | None:
    if isinstance(document, PlanDocument):
        placement = document.plan.placement
        return None if placement is None else placement.template_hash
    return document.template_sha256 if isinstance(document, PlacementDocument) else None


def _other(
    kind: str, path: Path, part: str, what: str, values: tuple[str, str]
) -> InputRefusedError:
    expected, got = values
    return InputRefusedError(
        code=f"other-{kind}",
        what=what,
        where=f"{path}: {part}",
        expected=expected,
        got=got,
        next_step=f"give the {'plate' if kind == 'template' else 'scan'} that it was made from, or "
        "make it again for this patient and this scan",
    )
