"""Documents of ours, opened: known version, intact, and in the form of today."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from navigator.errors import InputRefusedError
from navigator.io.documents.integrity import INTEGRITY, PRINTED_ONLY, check_integrity
from navigator.io.documents.jsonreading import parsed, read_document_bytes
from navigator.io.documents.migrations import CURRENT, UNITS, Form, is_known, migrated
from navigator.io.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA_NAME = re.compile(r"([a-z]+)/([0-9]{1,3})")
FIRST_SEALED: Form = (1, 1)
"""From this form on every document carries its hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDocument:
    """A document of ours whose fields are still to be read.

    Parameters
    ----------
    kind : str
        ``plan``, ``registration`` or ``placement``.
    form : tuple of int
        Major and minor version in which it was written.
    content : mapping
        Its fields in the form of today, without its hashes.
    root_sha256 : str or None
        Hash over the whole, verified; None for a form that had none.
    notes : tuple of Finding
        What a person should know of an older or newer form.
    """

    kind: str
    form: Form
    content: Mapping[str, Any]
    root_sha256: str | None
    notes: tuple[Finding, ...]

    @property
    def is_newer(self) -> bool:
        """Whether a newer release wrote it, which may have added fields."""
        return self.form > CURRENT[self.kind]


def versioned(schema: str) -> dict[str, Any]:
    """Give the first fields of a document to be written: its name, its version, its units.

    Parameters
    ----------
    schema : str
        e.g. ``plan/1``.

    Returns
    -------
    dict
        ``schema``, ``minor`` and ``units``.
    """
    kind, _ = schema.split("/")
    return {"schema": schema, "minor": CURRENT[kind][1], "units": dict(UNITS)}


def open_document(path: Path, schema: str) -> OpenedDocument:
    """Read a document that this program wrote, of this release, an older or a newer one.

    Parameters
    ----------
    path : Path
        JSON file.
    schema : str
        What it has to be, e.g. ``plan/1``.

    Returns
    -------
    OpenedDocument
        Intact, and migrated where it is older.

    Raises
    ------
    FileRefusedError
        If it is not there, or not strict JSON.
    InputRefusedError
        ``unknown-schema`` for another kind or an unknown version; ``document-changed`` where a
        hash is wrong or missing; ``wrong-units``.
    """
    content = read_document_bytes(path)
    document = parsed(content, path)
    kind, form = _form(document, path, schema)
    fields = {key: value for key, value in document.items() if key != INTEGRITY}
    root = None
    if INTEGRITY in document:
        root = check_integrity(content, path)
        stored = document[INTEGRITY]["sections"]
        fields = {k: v for k, v in fields.items() if k in stored or k not in PRINTED_ONLY}
    elif form >= FIRST_SEALED:
        raise _unsealed(path)
    fields = migrated(kind, form, fields)
    _check_units(fields, path)
    return OpenedDocument(
        kind=kind, form=form, content=fields, root_sha256=root, notes=_notes(kind, form, root)
    )


def _form(document: object, path: Path, schema: str) -> tuple[str, Form]:
    """Read kind and version; what is not of the wanted kind and a known version is refused."""
    found = document.get("schema") if isinstance(document, dict) else None
    minor = document.get("minor", 0) if isinstance(document, dict) else 0
    match = SCHEMA_NAME.fullmatch(found) if isinstance(found, str) else None
    kind = schema.split("/", maxsplit=1)[0]
    is_count = isinstance(minor, int) and not isinstance(minor, bool) and minor >= 0
    if match is None or match[1] != kind or not is_count:
        got = repr(found) if is_count else f"{found!r} with minor {minor!r}"
        raise _unknown(path, schema, got, "give the right file")
    form = (int(match[2]), minor)
    if not is_known(kind, form):
        raise _unknown(path, schema, f"{found!r} with minor {minor}", _way_out(kind, form))
    return kind, form


def _way_out(kind: str, form: Form) -> str:
    if form > CURRENT[kind]:
        return "a newer release wrote it: update this software, or make it again with this one"
    return "no release of this software wrote this form: make it again with this one"


def _check_units(fields: Mapping[str, Any], path: Path) -> None:
    """Refuse other units: a radian read as a degree is a needle beside the tumour."""
    found = fields.get("units")
    wrong = found if not isinstance(found, dict) else {
        key: found.get(key) for key, unit in UNITS.items() if found.get(key) != unit
    }  # fmt: skip
    if wrong != {}:
        raise InputRefusedError(
            code="wrong-units",
            what="The document is in other units than this program reads",
            where=f"{path}: units",
            expected=", ".join(f"{key} {unit}" for key, unit in UNITS.items()),
            got=str(wrong)[:200],
            next_step="make it again with the command that writes it",
        )


def _notes(kind: str, form: Form, root: str | None) -> tuple[Finding, ...]:
    """Say what an older or a newer form means for the reader."""
    notes = []
    if root is None:
        notes.append(
            Finding(
                code="document-not-sealed",
                severity=Severity.CONFIRM,
                what="The document was written before documents carried hashes",
                expected=f"{kind}/{form[0]} with `integrity`, so that any change is found",
                got=f"form {form[0]}.{form[1]}: a change since then cannot be seen",
                next_step="compare its numbers with the paper, or make it again",
            )
        )
    if form > CURRENT[kind]:
        notes.append(
            Finding(
                code="document-newer",
                severity=Severity.NOTE,
                what="A newer release wrote the document",
                expected=f"form {CURRENT[kind][0]}.{CURRENT[kind][1]}",
                got=f"form {form[0]}.{form[1]}; what this release does not know is left out",
                next_step="update this software to see all of it",
            )
        )
    return tuple(notes)


def _unknown(path: Path, schema: str, got: str, next_step: str) -> InputRefusedError:
    return InputRefusedError(
        code="unknown-schema",
        what="The document is of another kind or version",
        where=f"{path}: schema",
        expected=repr(schema),
        got=got[:200],
        next_step=next_step,
    )


def _unsealed(path: Path) -> InputRefusedError:
    return InputRefusedError(
        code="document-changed",
        what="The document has lost its hashes",
        where=f"{path}: {INTEGRITY}",
        expected="the hash of each section, as this form is written",
        got="none",
        next_step="make it again with the command that writes it",
    )
