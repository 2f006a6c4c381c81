"""Older forms of our documents, each brought to the next by one pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Form: TypeAlias = tuple[int, int]
"""Major and minor version of a document."""
Content: TypeAlias = dict[str, Any]

CURRENT: Mapping[str, Form] = {"plan": (1, 1), "registration": (1, 1), "placement": (1, 1)}
"""The form that is written, by the kind of document."""

UNITS: Mapping[str, str] = {
    "length": "mm",
    "angle": "deg",
    "power": "W",
    "time": "s",
    "share": "percent",
    "coordinates": "LPS",
}
"""The units of every plan, registration and placement, said in the document itself."""


def _with_units(content: Content) -> Content:
    """Say the units: those of form 1.0 stood in the names of the fields alone."""
    return {"units": dict(UNITS), **content}


def _with_units_and_scan(content: Content) -> Content:
    """Say the units, and that a placement of form 1.0 does not know its scan's content."""
    return {"sha256": {}, **_with_units(content)}


Step: TypeAlias = "tuple[Form, Callable[[Content], Content]]"
MIGRATIONS: Mapping[tuple[str, Form], Step] = {
    ("plan", (1, 0)): ((1, 1), _with_units),
    ("registration", (1, 0)): ((1, 1), _with_units),
    ("placement", (1, 0)): ((1, 1), _with_units_and_scan),
}
"""The form that follows each older one, and how to get there."""


def is_known(kind: str, form: Form) -> bool:
    """Tell whether a form is the current one, a minor step ahead of it, or can be migrated.

    Parameters
    ----------
    kind : str
        ``plan``, ``registration`` or ``placement``.
    form : tuple of int
        Major and minor version.

    Returns
    -------
    bool
        False for an unknown major version, and for a past form that nobody wrote.

    Examples
    --------
    >>> is_known("plan", (1, 0)), is_known("plan", (1, 7)), is_known("plan", (2, 0))
    (True, True, False)
    """
    major, minor = CURRENT[kind]
    return (form[0] == major and form[1] >= minor) or (kind, form) in MIGRATIONS


def migrated(kind: str, form: Form, content: Content) -> Content:
    """Bring a document to the current form, step by step.

    Parameters
    ----------
    kind : str
        ``plan``, ``registration`` or ``placement``.
    form : tuple of int
        Major and minor version in which it was written; a known one.
    content : dict
        The document; it is not changed.

    Returns
    -------
    dict
        In the current form, or in the newer minor form in which it came.
    """
    while (kind, form) in MIGRATIONS:
        form, step = MIGRATIONS[kind, form]
        content = step(content)
    return {**content, "schema": f"{kind}/{form[0]}", "minor": form[1]}
