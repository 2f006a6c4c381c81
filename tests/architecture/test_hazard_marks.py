"""Every hazard mark names a row that exists, and every row has one name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hazard_matrix import load_names, marks, page, shown_by_row

TESTS = Path(__file__).parents[1]


def test_there_are_sixty_rows_each_with_its_own_name() -> None:
    names = load_names()
    assert list(names) == list(range(1, 61))
    assert len(set(names.values())) == 60


def test_every_mark_in_these_tests_names_a_row() -> None:
    assert set(shown_by_row(TESTS)) <= set(load_names())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("@pytest.mark.hazard(3)\ndef test_a(): ...", [(3, "t.py::test_a")]),
        (
            "@pytest.mark.hazard(3, 4)\ndef test_a(): ...",
            [(3, "t.py::test_a"), (4, "t.py::test_a")],
        ),
        ("pytestmark = pytest.mark.hazard(5)", [(5, "t.py")]),
        (
            "@pytest.mark.hazard(6)\nclass TestA:\n    def test_b(self): ...",
            [(6, "t.py::TestA")],
        ),
        (
            "class TestA:\n    @pytest.mark.hazard(7)\n    def test_b(self): ...",
            [(7, "t.py::TestA::test_b")],
        ),
        (
            "@pytest.mark.x([pytest.param(1, marks=pytest.mark.hazard(8))])\ndef test_a(x): ...",
            [(8, "t.py::test_a")],
        ),
        ("@pytest.mark.slow\ndef test_a(): ...", []),
    ],
)
def test_marks_are_read_wherever_pytest_accepts_them(
    source: str, expected: list[tuple[int, str]]
) -> None:
    assert list(marks(ast.parse(source), "t.py")) == expected


@pytest.mark.parametrize("argument", ["", "'3'", "True", "3.0"])
def test_a_mark_without_row_numbers_is_refused(argument: str) -> None:
    tree = ast.parse(f"pytestmark = pytest.mark.hazard({argument})")
    with pytest.raises(ValueError, match="takes row numbers"):
        list(marks(tree, "t.py"))


def test_the_page_tells_shown_rows_from_unshown() -> None:
    text = page({1: "Mirrored", 2: "Flipped"}, {2: ["t.py::test_a"]})
    assert "| 1 | Mirrored | not yet |" in text
    assert "| 2 | Flipped | `t.py::test_a` |" in text
    assert "1 of 2 rows have a test." in text
