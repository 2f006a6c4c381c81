"""Write the page that lists every field of the documents that this program writes.

The rows are read from the models that check the documents on reading, so that page and program
cannot differ::

    python scripts/document_pages.py        # writes docs/reference/documents.md
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from navigator.io.documents.migrations import CURRENT, MIGRATIONS
from navigator.io.documents.written_fields import PlacementFields, PlanFields, RegistrationFields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navigator.io.documents.written_fields import HeadFields

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "documents.md"

KINDS: dict[str, type[HeadFields]] = {
    "plan": PlanFields,
    "registration": RegistrationFields,
    "placement": PlacementFields,
}

INTRODUCTION = """\
# Fields of the documents

What `navigator plan`, `navigator register` and `navigator locate-template` write, and what they
are checked against when they are read. `[]` is each item of a list. Lengths are millimetres, angles
degrees, coordinates LPS, matrices row-major. A field that may be left out stands with "optional".
Beside these every document has `integrity`, its hashes: see
[Documents](../explanation/documents.md). This page is made from the program.

"""


def rows(schema: dict[str, Any], node: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Walk over a JSON schema and give each field with its type and range.

    Parameters
    ----------
    schema : dict
        The whole, for what it refers to.
    node : dict
        The part to be walked.
    name : str
        Of the part.

    Yields
    ------
    (str, str)
        Name with dots, type and range.
    """
    node = resolved(schema, node)
    kinds = [resolved(schema, each) for each in node.get("anyOf", ())]
    holder = next((each for each in (node, *kinds) if inner(each)), node)
    if name:
        yield name, " or ".join(map(words, kinds)) if kinds else words(node)
    for field, each in holder.get("properties", {}).items():
        needed = field in holder.get("required", ())
        for deeper, text in rows(schema, each, f"{name}.{field}".lstrip(".")):
            is_own = deeper == f"{name}.{field}".lstrip(".")
            yield deeper, text + ("" if needed or not is_own else ", optional")
    if isinstance(holder.get("items"), dict) and inner(resolved(schema, holder["items"])):
        yield from list(rows(schema, holder["items"], f"{name}[]"))[1:]


def inner(node: dict[str, Any]) -> bool:
    """Tell whether a part holds others."""
    return "properties" in node or "items" in node or "prefixItems" in node


def resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    reference = node.get("$ref")
    found: dict[str, Any] = node if reference is None else schema["$defs"][reference.split("/")[-1]]
    return found


def words(node: dict[str, Any]) -> str:
    """Write type and range of one field."""
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return ", ".join(f"`{each}`" for each in node["enum"])
    if "prefixItems" in node:
        count, (first, *_) = len(node["prefixItems"]), node["prefixItems"]
        if "prefixItems" in first:
            return f"{count} by {words(first)}"
        return f"{count} numbers{limits(first)}"
    if node.get("type") == "null":
        return "null"
    text = {"array": "list", "object": "object"}.get(node.get("type", ""), node.get("type", ""))
    named = node.get("additionalProperties")
    if isinstance(named, dict):
        text = f"object of names, each {words(named)}"
    return text + limits(node)


def limits(node: dict[str, Any]) -> str:
    """Write the range of a number, or the form of a text."""
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {node[key]:g}" for key, sign in signs.items() if key in node]
    if "pattern" in node:
        found.append(f"like `{node['pattern']}`")
    return f" ({', '.join(found)})" if found else ""


def page() -> str:
    """Write the page as Markdown."""
    parts = [INTRODUCTION]
    for kind, model in KINDS.items():
        major, minor = CURRENT[kind]
        older = sorted(form for other, form in MIGRATIONS if other == kind)
        forms = ", ".join(f"{form[0]}.{form[1]}" for form in older)
        parts.append(f"## {kind}/{major}\n\nForm {major}.{minor}; older forms read: {forms}.\n\n")
        schema = model.model_json_schema()
        parts.append("| field | what |\n|---|---|\n")
        parts += [f"| `{name}` | {text} |\n" for name, text in rows(schema, schema, "")]
        parts.append("\n")
    return "".join(parts)


def write_page() -> Path:
    """Write the page anew, whole or not at all."""
    unfinished = PAGE.with_suffix(".partial")
    unfinished.write_text(page(), encoding="utf-8", newline="\n")
    return unfinished.replace(PAGE)


if __name__ == "__main__":
    print(write_page().relative_to(ROOT).as_posix())
