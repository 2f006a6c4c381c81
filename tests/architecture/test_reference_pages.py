"""The reference holds every public module once, on the page of its room."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from api_pages import PACKAGES, page, rooms
from code_modules import load_modules
from code_shape import is_public
from document_pages import KINDS
from document_pages import page as document_page

ROOT = Path(__file__).parents[2]


def test_a_package_s_own_files_share_a_page_and_each_folder_has_its_own() -> None:
    modules = ["pkg", "pkg.errors", "pkg.model", "pkg.model.plan", "pkg.io", "pkg.io.dicom.gate"]
    assert rooms(modules) == {
        "pkg": ["pkg", "pkg.errors"],
        "pkg.model": ["pkg.model", "pkg.model.plan"],
        "pkg.io": ["pkg.io", "pkg.io.dicom.gate"],
    }


def test_private_modules_have_no_page() -> None:
    assert rooms(["pkg", "pkg._kernels", "pkg.model._cache"]) == {"pkg": ["pkg"]}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_module_stands_on_one_page(package: str) -> None:
    names = [module.name for module in load_modules(ROOT, package)]
    text = "\n".join(page(room, modules) for room, modules in rooms(names).items())
    shown = re.findall(r"^\.\. automodule:: (\S+)$", text, flags=re.MULTILINE)
    assert sorted(shown) == sorted(filter(is_public, names))


def names(value: object, way: str = "") -> set[str]:
    """List the fields of a document with dots, those of a list under `[]`."""
    if isinstance(value, list):
        return {name for item in value for name in names(item, f"{way}[]")}
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, item in value.items():
        name = f"{way}.{key}".lstrip(".")
        found |= {name} | names(item, name)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_the_documents_has_every_field_that_is_written(kind: str) -> None:
    shown = set(re.findall(r"^\| `([^`]+)` \|", document_page(), flags=re.MULTILINE))
    free = ("integrity", "clearance_mm.", "area_percent.", "sha256.")
    folder = ROOT / "tests" / "golden" / "documents" / "1.1"
    for file in folder.glob(f"{kind}*.json"):
        for name in names(json.loads(file.read_text(encoding="utf-8"))):
            assert name in shown or any(word in name for word in free), name
