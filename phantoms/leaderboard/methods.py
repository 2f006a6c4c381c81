"""A method under test: the command lines by which it does each task."""

from __future__ import annotations

import string
import tomllib
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from phantoms.errors import MethodRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Task(Enum):
    """What a method may be asked for; the value is its table in a methods file."""

    REGISTER = "register"
    POSE = "pose"
    NEEDLES = "needles"
    MARGIN = "margin"
    PLAN = "plan"
    OLDER = "older"
    PROOF = "proof"


INPUTS: Mapping[Task, tuple[str, ...]] = MappingProxyType(
    {
        Task.REGISTER: ("planning", "intraop", "points", "labels"),
        Task.POSE: ("intraop", "template"),
        Task.NEEDLES: ("intraop", "template"),
        Task.MARGIN: ("labels", "ablation"),
        Task.PLAN: ("planning", "labels", "template", "request"),
        Task.OLDER: ("older", "planning", "points", "labels_older"),
        Task.PROOF: ("planning", "labels", "after", "ablation_after"),
    }
)
"""What a method is given for each task, and nothing else of the case."""
ANY_TASK = ("mapped", "answer", "work", "here", "python")
"""Words in braces that every command line may hold besides its task's inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a method does one task.

    Parameters
    ----------
    commands : tuple of tuple of str
        Command lines, one after another; words in braces are replaced by paths.
    prints_answer : bool
        Whether the last command prints its answer as JSON instead of writing ``{answer}``.
    """

    commands: tuple[tuple[str, ...], ...]
    prints_answer: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """A method under test.

    Parameters
    ----------
    name : str
        Name in the table.
    recipes : mapping of Task to Recipe
        The tasks that it does.
    """

    name: str
    recipes: Mapping[Task, Recipe]


def load_methods(path: Path) -> tuple[Method, ...]:
    """Read the methods that are to be compared.

    Parameters
    ----------
    path : Path
        TOML: a table ``[[method]]`` with ``name`` for each, and in it a table for each task with
        ``commands``, a list of command lines, each a list of words, and ``prints_answer``.

    Returns
    -------
    tuple of Method
        In the order of the file.

    Raises
    ------
    MethodRefusedError
        If the file cannot be read, or names a task, a key or a word in braces that there is not,
        or that is not given for the task.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _refused(path, "a TOML file", str(error).partition("\n")[0]) from error
    listed = content.get("method")
    if not isinstance(listed, list) or not listed or set(content) != {"method"}:
        raise _refused(path, "tables [[method]] and nothing else", ", ".join(content) or "nothing")
    if not all(isinstance(entry, dict) for entry in listed):
        raise _refused(path, "tables [[method]]", "method = [...] that holds something else")
    methods = tuple(_method(path, entry) for entry in listed)
    names = [method.name for method in methods]
    if len(set(names)) < len(names):
        raise _refused(path, "a name of its own for each method", ", ".join(names))
    return methods


def _method(path: Path, entry: Mapping[str, Any]) -> Method:
    """Read one method."""
    name = entry.get("name")
    if not isinstance(name, str) or not _is_cell(name):
        raise _refused(path, 'name = "..." in each [[method]], one line without "|"', repr(name))
    tasks = {task.value: task for task in Task}
    recipes = {}
    for key, table in entry.items():
        if key == "name":
            continue
        if key not in tasks:
            raise _refused(path, f"tasks out of {', '.join(tasks)}", f"{key} of {name}")
        recipes[tasks[key]] = _recipe(path, f"{key} of {name}", tasks[key], table)
    if not recipes:
        raise _refused(path, "at least one task", f"none for {name}")
    return Method(name.strip(), recipes)


def _is_cell(name: str) -> bool:
    """Tell whether a name can stand in a cell of the table."""
    return bool(name.strip()) and name.isprintable() and "|" not in name


def _recipe(
    path: Path,
    where: str,
    task: Task,
    table: Any,  # noqa: ANN401 - whatever TOML holds
) -> Recipe:
    """Read how one task is done."""
    if not isinstance(table, dict) or not set(table) <= {"commands", "prints_answer"}:
        raise _refused(path, "commands, and prints_answer where wanted", f"{table!r} in {where}")
    commands = table.get("commands")
    if not isinstance(commands, list) or not commands or not all(map(_is_command, commands)):
        raise _refused(path, 'commands = [["program", "{intraop}", ...], ...]', where)
    for word in (word for command in commands for word in command):
        _check_word(path, where, task, word)
    prints = table.get("prints_answer", False)
    if not isinstance(prints, bool):
        raise _refused(path, "prints_answer = true or false", f"{prints!r} in {where}")
    return Recipe(commands=tuple(map(tuple, commands)), prints_answer=prints)


def _is_command(command: Any) -> bool:  # noqa: ANN401 - whatever TOML holds
    if not isinstance(command, list) or not command:
        return False
    return all(isinstance(word, str) for word in command)


def _check_word(path: Path, where: str, task: Task, word: str) -> None:
    """Refuse braces that hold anything but a word that the task has, and what no program takes."""
    if "\0" in word:
        raise _refused(path, "words without NUL", f"{word!r} in {where}")
    try:
        found = list(string.Formatter().parse(word))
    except ValueError as error:
        raise _refused(path, "words whose braces are closed", f"{word!r} in {where}") from error
    known = (*INPUTS[task], *ANY_TASK)
    for _, name, form, conversion in found:
        if form or conversion:
            raise _refused(path, "braces without : and !", f"{word!r} in {where}")
        if name is not None and name not in known:
            braces = ", ".join(f"{{{each}}}" for each in known)
            raise _refused(path, braces, f"{{{name}}} in {where}")


def _refused(path: Path, expected: str, got: str) -> MethodRefusedError:
    return MethodRefusedError(
        "The file of methods cannot be used",
        where=str(path),
        expected=expected,
        got=got,
        next_step="correct the file; docs/how_to/enter_the_leaderboard.md has an example",
    )
