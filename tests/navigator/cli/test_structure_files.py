"""`inspect` lists the structures of a file, by the names that other commands take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from tests.navigator.io.structures.balls import LIVER, TUMOUR
from tests.navigator.io.structures.writers import save, segmentation, structure_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.navigator.cli.conftest import Answer

    Navigator = Callable[..., Answer]


def test_inspect_lists_segments(navigator: Navigator, tmp_path: Path) -> None:
    path = save(segmentation({"Liver": LIVER, "GTV": TUMOUR}), tmp_path / "seg.dcm")
    document = json.loads(navigator("inspect", path, "--json").out)
    rows = [{"number": 1, "name": "Liver"}, {"number": 2, "name": "GTV"}]
    assert document["structures"] == rows
    assert "2  GTV" in navigator("inspect", path).out


def test_inspect_says_which_structures_are_none(navigator: Navigator, tmp_path: Path) -> None:
    path = save(structure_set({"Iso": [("POINT", np.zeros((1, 3)))]}), tmp_path / "rt.dcm")
    assert "encloses no volume: POINT" in navigator("inspect", path).out


def test_a_damaged_file_of_structures_is_a_finding(navigator: Navigator, tmp_path: Path) -> None:
    dataset = segmentation({"Liver": LIVER})
    dataset.PixelData = dataset.PixelData[:10]
    path = save(dataset, tmp_path / "seg.dcm")
    document = json.loads(navigator("inspect", path, "--json").out)
    assert [finding["code"] for finding in document["findings"]] == ["unreadable-file"]
    assert document["structures"] == []
