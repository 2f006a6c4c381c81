"""The script that measures the code's shape counts what a person counts by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from code_modules import Module, import_cycle, module_from_source
from code_shape import Definition, body_lines, complexity, definitions, measures_of_module
from measure_shape import judge, load_limits, share

LIMITS = load_limits(Path(__file__).parents[2] / "pyproject.toml")


def module(source: str, name: str = "pkg.room", path: str = "pkg/room.py") -> Module:
    return module_from_source(source, name=name, path=path)


def first_function(source: str) -> Definition:
    return next(definitions(module(source).tree))[1]


def broken(source: str, name: str = "pkg.room") -> list[str]:
    found = judge({"pkg": [module(source, name)]}, LIMITS)[1]
    return [line.split(": ", 1)[1] for line in found]


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        ("return 1", 1),
        ("if x:\n        return 1\n    return 2", 2),
        ("if x:\n        y = 1\n    elif z:\n        y = 2\n    else:\n        y = 3", 3),
        ("for a in x:\n        while a:\n            a -= 1", 3),
        (
            "try:\n        x()\n    except KeyError:\n        y\n    except OSError:\n        z",
            3,
        ),
        ("return 1 if x else 2", 2),
        ("match x:\n        case 1:\n            y = 1\n        case _:\n            y = 2", 3),
        ("def inner():\n        if x:\n            return 1\n    return inner", 1),
    ],
)
def test_complexity_is_one_more_than_the_branches(body: str, ways: int) -> None:
    assert complexity(first_function(f"def f(x, z):\n    {body}\n")) == ways


def test_a_docstring_is_no_part_of_the_length() -> None:
    plain = "def f():\n    a = 1\n    return a\n"
    told = 'def f():\n    """Tell.\n\n    More.\n    """\n    a = 1\n    return a\n'
    assert body_lines(first_function(plain)) == body_lines(first_function(told)) == 2
    assert body_lines(first_function('def f():\n    """Tell."""\n')) == 0


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('"""Room."""\ndef f() -> int:\n    return 1\n', "f: no docstring"),
        ('"""Room."""\nclass C:\n    pass\n', "C: no docstring"),
        ("x = 1\n", "pkg.room: no docstring"),
        ('"""Room."""\ndef _f(x) -> int:\n    return x\n', "_f: not wholly annotated"),
        ('"""Room."""\ndef _f(x: int):\n    return x\n', "_f: not wholly annotated"),
        (
            '"""Room."""\ndef f(x: Floats) -> int:\n    """Take numbers."""\n',
            "f: an array without its shape in the docstring",
        ),
        (
            '"""Room."""\nclass C:\n    """Hold."""\n    x: NDArray[np.float64]\n',
            "C: an array without its shape in the docstring",
        ),
        (
            '"""Room."""\ndef f(depth: float) -> int:\n    """Take."""\n',
            "f(depth): a float whose name carries no unit",
        ),
    ],
)
def test_each_broken_rule_is_named_once(source: str, complaint: str) -> None:
    assert broken(source) == [complaint]


@pytest.mark.parametrize(
    "source",
    [
        '"""Room."""\ndef _f() -> int:\n    return 1\n',
        '"""Room."""\nclass C:\n    """Hold."""\n    def __len__(self) -> int:\n        return 1\n',
        '"""Room."""\ndef f(x: Floats) -> int:\n    """Take (n, 3) points."""\n',
        '"""Room."""\ndef f(x: Floats) -> int:\n    """Take a (3,) vector."""\n',
        '"""Room."""\ndef f(depth_mm: float, weight: float) -> int:\n    """Take."""\n',
    ],
)
def test_what_keeps_every_rule_is_not_named(source: str) -> None:
    assert broken(source) == []


def test_a_module_one_line_too_long_is_named() -> None:
    longest = '"""Room."""\n' + "x = 1\n" * (LIMITS.max_module_lines - 1)
    assert broken(longest) == []
    assert broken(longest + "x = 1\n") == ["pkg.room: 301 lines in the module, at most 300"]


@pytest.mark.parametrize("name", LIMITS.forbidden_names)
def test_a_module_name_that_says_nothing_is_named(name: str) -> None:
    assert broken('"""Room."""\n', f"pkg.{name}") == [f"pkg.{name}: a name that says nothing"]


@pytest.mark.parametrize(
    ("imports", "circle"),
    [
        ({"a": "import pkg.b", "b": ""}, []),
        ({"a": "import pkg.b", "b": "from pkg import a"}, ["pkg.a", "pkg.b"]),
        ({"a": "from .b import x", "b": "from . import a"}, ["pkg.a", "pkg.b"]),
        (
            {"a": "import pkg.b", "b": "import pkg.c", "c": "import pkg.a"},
            ["pkg.a", "pkg.b", "pkg.c"],
        ),
        ({"a": "import pkg.b", "b": "def f():\n    import pkg.a"}, ["pkg.a", "pkg.b"]),
        ({"a": "import pkg.b", "b": "if TYPE_CHECKING:\n    import pkg.a"}, []),
    ],
)
def test_a_circle_of_imports_is_found(imports: dict[str, str], circle: list[str]) -> None:
    modules = [module(text, f"pkg.{name}", f"pkg/{name}.py") for name, text in imports.items()]
    found = import_cycle(modules)
    assert sorted(set(found)) == circle
    assert not found or found[0] == found[-1]


def test_shares_count_only_their_own_kind() -> None:
    source = '"""Room."""\ndef f() -> int:\n    return 1\ndef g() -> int:\n    """Tell."""\n'
    measures = list(measures_of_module(module(source), LIMITS))
    assert share(measures, "documented") == pytest.approx(200 / 3)
    assert share(measures, "annotated") == 100.0
    assert share([], "documented") == 100.0


def test_a_share_that_is_not_a_number_is_refused() -> None:
    limits = dataclasses.replace(LIMITS, min_documented_percent=float("nan"))
    found = judge({"pkg": [module("x = 1\n")]}, limits)[1]
    assert found == ["pkg/room.py:1: pkg.room: no docstring"]
