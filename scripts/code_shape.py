"""Measure functions, classes and modules: length, ways, docstrings, annotations, units."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from code_modules import Module

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
"""Nodes that add a way through a function (McCabe 1976, DOI 10.1109/TSE.1976.233837)."""

SHAPE = re.compile(r"\(\s*[\w.+*]+\s*,[\s\w.+*,]*\)|\(\.\.\.\)|any shape")
"""How a docstring gives an array's shape: ``(n, 3)``, ``(3,)``, ``(...)``, any shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What `[tool.shape]` allows.

    Parameters
    ----------
    packages : list of str
        The packages to measure.
    max_module_lines, max_function_lines, max_complexity : int
        The longest module, the longest function body without its docstring, the most ways.
    min_documented_percent, min_annotated_percent : float
        Least shares of public names with a docstring and of functions wholly annotated.
    min_shapes_percent, min_units_percent : float
        Least shares of public takers of arrays whose docstring gives a shape, and of public
        float parameters whose name carries its unit (or is dimensionless by name).
    forbidden_names, array_types, unit_suffixes, unitless_names : list of str
        Module names that say nothing; annotations that mean an array; the units; float names
        that have none.
    """

    packages: list[str]
    max_module_lines: int
    max_function_lines: int
    max_complexity: int
    min_documented_percent: float
    min_annotated_percent: float
    min_shapes_percent: float
    min_units_percent: float
    forbidden_names: list[str]
    array_types: list[str]
    unit_suffixes: list[str]
    unitless_names: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number read from the code.

    Parameters
    ----------
    kind : str
        What was measured: a column of the table.
    where : str
        ``file:line``.
    name : str
        The module, class, function or parameter.
    value : float
        The number; for shares, 1 where the rule is kept and 0 where it is broken.
    """

    kind: str
    where: str
    name: str
    value: float


def definitions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Walk over all functions and methods with their dotted names, nested ones too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield prefix + child.name, child
        inner = f"{prefix}{child.name}." if isinstance(child, Definition | ast.ClassDef) else prefix
        yield from definitions(child, inner)


def own_nodes(function: Definition) -> Iterator[ast.AST]:
    """Walk over a function's body without the functions and classes defined inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Definition | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def complexity(function: Definition) -> int:
    """Count the ways through a function: one, and one more for each branch."""
    return 1 + sum(isinstance(node, BRANCHES) for node in own_nodes(function))


def body_lines(function: Definition) -> int:
    """Count the lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def parameters(function: Definition) -> list[ast.arg]:
    """List all parameters but `self` and `cls`."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    stars = [star for star in (given.vararg, given.kwarg) if star is not None]
    return [one for one in (*named, *stars) if one.arg not in {"self", "cls"}]


def annotation_text(node: ast.expr | None) -> str:
    """Write an annotation as source; empty where there is none."""
    return "" if node is None else ast.unparse(node)


def is_public(name: str) -> bool:
    """Tell whether no part of a dotted name starts with an underscore."""
    return not any(part.startswith("_") for part in name.split("."))


def public_nodes(module: Module) -> Iterator[tuple[str, Documented]]:
    """Walk over a module, its public classes, functions and methods; nested ones are private."""
    if not is_public(module.name):
        return
    yield module.name, module.tree
    waiting: list[tuple[str, ast.Module | ast.ClassDef]] = [("", module.tree)]
    while waiting:
        prefix, parent = waiting.pop(0)
        for child in parent.body:
            if isinstance(child, Definition | ast.ClassDef) and is_public(child.name):
                yield prefix + child.name, child
                if isinstance(child, ast.ClassDef):
                    waiting.append((f"{prefix}{child.name}.", child))


def mentions_array(node: Documented, limits: Limits) -> bool:
    """Tell whether a function's parameters or a class's fields are annotated as arrays."""
    if isinstance(node, Definition):
        annotations = [one.annotation for one in parameters(node)]
    else:
        annotations = [line.annotation for line in node.body if isinstance(line, ast.AnnAssign)]
    words = set(re.findall(r"\w+", " ".join(map(annotation_text, annotations))))
    return not words.isdisjoint(limits.array_types)


def floats_of(node: Documented) -> list[str]:
    """Name the float parameters of a function or the float fields of a class."""
    if isinstance(node, Definition):
        typed = [(one.arg, one.annotation) for one in parameters(node)]
    else:
        fields = [line for line in node.body if isinstance(line, ast.AnnAssign)]
        typed = [(annotation_text(line.target), line.annotation) for line in fields]
    return [name for name, given in typed if annotation_text(given) in {"float", "float | None"}]


def carries_unit(name: str, limits: Limits) -> bool:
    """Tell whether a float's name ends in its unit or is known to have none."""
    words = name.split("_")
    return words[-1] in limits.unit_suffixes or not set(words).isdisjoint(limits.unitless_names)


def measures_of_functions(module: Module) -> Iterator[Measure]:
    """Measure length, ways and annotations of every function."""
    for name, node in definitions(module.tree):
        where = f"{module.path}:{node.lineno}"
        yield Measure(kind="function", where=where, name=name, value=body_lines(node))
        yield Measure(kind="complexity", where=where, name=name, value=complexity(node))
        typed = node.returns is not None and all(one.annotation for one in parameters(node))
        yield Measure(kind="annotated", where=where, name=name, value=typed)


def measures_of_documents(module: Module, limits: Limits) -> Iterator[Measure]:
    """Measure what the public names say of themselves: docstrings, shapes, units."""
    for name, node in public_nodes(module):
        where = f"{module.path}:{getattr(node, 'lineno', 1)}"
        text = ast.get_docstring(node)
        yield Measure(kind="documented", where=where, name=name, value=text is not None)
        if not isinstance(node, ast.Module) and mentions_array(node, limits):
            shaped = SHAPE.search(text or "") is not None
            yield Measure(kind="shapes", where=where, name=name, value=shaped)
        for quantity in floats_of(node):
            kept = carries_unit(quantity, limits)
            yield Measure(kind="units", where=where, name=f"{name}({quantity})", value=kept)


def measures_of_module(module: Module, limits: Limits) -> Iterator[Measure]:
    """Measure one module."""
    where = f"{module.path}:1"
    yield Measure(kind="module", where=where, name=module.name, value=module.lines)
    room = module.name.rpartition(".")[2].strip("_")
    kept = room not in limits.forbidden_names
    yield Measure(kind="named", where=where, name=module.name, value=kept)
    yield from measures_of_functions(module)
    yield from measures_of_documents(module, limits)
