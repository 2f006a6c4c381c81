"""The reference holds every public module once, on the page of its room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from api_pages import PACKAGES, page, rooms
from code_modules import load_modules
from code_shape import is_public

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
