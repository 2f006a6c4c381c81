"""The table of objects and readers says what the marks on the tests say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from object_matrix import opened, page, readers_by_kind

TESTS = Path(__file__).parents[1]
DICOM_KINDS = (
    *("segmentation", "structure set", "plan report", "patient registration"),
    *("plate registration", "deformable registration", "plate", "report"),
)


@pytest.mark.parametrize("kind", DICOM_KINDS)
def test_every_dicom_object_is_checked_by_a_validator_an_archive_and_another_reader(
    kind: str,
) -> None:
    readers = readers_by_kind(TESTS)[kind]
    assert {"dciodvfy", "Orthanc"} < set(readers)


def test_a_mark_is_read_and_a_wrong_one_refused() -> None:
    (call,) = [
        node
        for node in ast.walk(ast.parse('@pytest.mark.opens("a", "b", by="x")\ndef test(): ...'))
        if isinstance(node, ast.Call)
    ]
    assert opened(call) == (["a", "b"], "x")
    wrong = ast.parse('pytest.mark.opens("a")', mode="eval").body
    with pytest.raises(ValueError, match="takes kinds and by="):
        opened(wrong)


def test_the_page_has_a_row_for_each_kind() -> None:
    text = page({"b": ["y"], "a": ["x", "y"]})
    assert "| kind | x | y |" in text
    assert text.index("| a | yes | yes |") < text.index("| b |  | yes |")
