"""Write one reference page for each room of each package, to be filled from its docstrings.

The rooms are found in the source tree, so a new module is documented without a list to keep::

    python scripts/api_pages.py        # writes docs/reference/api/
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from code_modules import load_modules
from code_shape import is_public

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("navigator", "template_gen", "phantoms")


def rooms(modules: Iterable[str]) -> dict[str, list[str]]:
    """Group public modules by room: the package's own files, then each folder below it.

    Parameters
    ----------
    modules : iterable of str
        Dotted names.

    Returns
    -------
    dict of str to list of str
        Modules by room, both in the order given.
    """
    public = [name.split(".") for name in modules if is_public(name)]
    folders = {tuple(parts[:2]) for parts in public if len(parts) > 2}
    found: dict[str, list[str]] = {}
    for parts in public:
        room = parts[:2] if tuple(parts[:2]) in folders else parts[:1]
        found.setdefault(".".join(room), []).append(".".join(parts))
    return found


def page(room: str, modules: Iterable[str]) -> str:
    """Write one room's page in reStructuredText."""
    lines = [f"``{room}``", "=" * (len(room) + 4), ""]
    for name in modules:
        if name != room:
            lines += [f"``{name}``", "-" * (len(name) + 4), ""]
        lines += [f".. automodule:: {name}", "   :members:", "   :ignore-module-all:", ""]
    return "\n".join(lines)


def write_pages(root: Path = ROOT) -> Path:
    """Write all pages anew and remove those of rooms that are gone."""
    folder = root / "docs" / "reference" / "api"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for package in PACKAGES:
        names = [module.name for module in load_modules(root, package)]
        for room, modules in rooms(names).items():
            (folder / f"{room}.rst").write_text(page(room, modules), encoding="utf-8", newline="\n")
    return folder


if __name__ == "__main__":
    print(write_pages().relative_to(ROOT).as_posix())
