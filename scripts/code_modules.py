"""Read a package's source files and the imports between them, without importing any of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One source file, parsed.

    Parameters
    ----------
    name : str
        Dotted name.
    path : str
        Where it lies, for messages.
    is_package : bool
        Whether it is an ``__init__.py``.
    lines : int
        Its length.
    tree : ast.Module
        What it says.
    """

    name: str
    path: str
    is_package: bool
    lines: int
    tree: ast.Module


def module_from_source(source: str, *, name: str, path: str) -> Module:
    """Parse one file."""
    return Module(
        name=name,
        path=path,
        is_package=Path(path).name == "__init__.py",
        lines=len(source.splitlines()),
        tree=ast.parse(source, path),
    )


def load_modules(root: Path, package: str) -> list[Module]:
    """Read every module of a package, in the order of their names."""
    modules = []
    for file in sorted((root / package).rglob("*.py")):
        relative = file.relative_to(root)
        parts = relative.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        source = file.read_text(encoding="utf-8")
        modules.append(module_from_source(source, name=name, path=relative.as_posix()))
    return modules


def import_cycle(modules: Iterable[Module]) -> list[str]:
    """Find modules that import each other in a circle.

    Returns
    -------
    list of str
        The names round the circle, the first repeated at the end; empty where there is none.
    """
    known = {module.name: module for module in modules}
    graph = {name: set(imported(module, known)) - {name} for name, module in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def imported(module: Module, known: Iterable[str]) -> Iterator[str]:
    """Name the known modules that a module imports when it runs, type checks apart."""
    names = set(known)
    for node in running_nodes(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute_base(node, module)
            submodules = {f"{base}.{alias.name}" for alias in node.names} & names
            yield from submodules or ({base} & names)


def running_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk over all nodes but those under ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from running_nodes(child)


def absolute_base(node: ast.ImportFrom, module: Module) -> str:
    """Resolve the module named in ``from ... import``, also a relative one."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    kept = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*kept, node.module] if node.module else kept)
