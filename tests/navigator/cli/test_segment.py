"""`navigator segment` writes what it found, says what it did not, and refuses what it cannot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.app.remarks import unnamed_remarks
from navigator.io.documents import load_plan_request
from navigator.io.structures import load_label_map
from navigator.io.volumes import load_scan, save_scan
from tests.navigator.segmentation.test_scan import trunk, trunk_grid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.navigator.app.tiny_patient import TinyPatient
    from tests.navigator.cli.conftest import Answer


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.nrrd"
    save_scan(trunk(trunk_grid()), path)
    return path


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz", ".mha"])
def test_the_label_map_lies_on_the_scan_with_its_names_beside_it(
    navigator: Callable[..., Answer], scan: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"labels{suffix}"
    answer = navigator("segment", scan, "--out", out, "--json")
    assert answer.code == 0
    names = json.loads((tmp_path / "labels.json").read_text(encoding="utf-8"))
    assert set(names) == set(answer.document["labels"]) | {"table"}
    grid = load_scan(scan).volume.grid
    labels = load_label_map(out, answer.document["labels"], grid)
    rows = {row["name"]: row for row in answer.document["structures"]}
    for name in labels.names:
        assert labels.mask(name).volume_ml == pytest.approx(rows[name]["volume_ml"])
    assert answer.document["verdict"] == "warning"


def test_a_refused_click_writes_nothing_and_ends_with_3(
    navigator: Callable[..., Answer], scan: Path, tmp_path: Path
) -> None:
    out = tmp_path / "labels.nrrd"
    answer = navigator("segment", scan, "--out", out, "--lesion=60,10,20", "--json")
    assert answer.code == 3
    assert answer.document["verdict"] == "rejected"
    assert answer.document["written"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scan.nrrd"]


def test_a_person_reads_one_line_a_structure(
    navigator: Callable[..., Answer], scan: Path, tmp_path: Path
) -> None:
    answer = navigator("segment", scan, "--out", tmp_path / "labels.nrrd")
    assert answer.code == 0
    assert "bowel gas" in answer.out
    assert "unknown, not free" in answer.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--lesion", "1,2"), "not-a-point"),
        (("--vessel", "1,2,nan"), "not-a-point"),
        (("--lesion", "900,0,0"), "click-outside-scan"),
        (("--backend", "magic"), "unknown-backend"),
        (("--backend-command", "x"), "unknown-backend"),
        (("--backend", "totalsegmentator", "--lesion", "1,2,3"), "clicks-unused"),
        (
            ("--backend", "totalsegmentator", "--backend-command", "no-such-program"),
            "backend-missing",
        ),
    ],
)
def test_wrong_words_are_refused_with_their_code(
    navigator: Callable[..., Answer], scan: Path, tmp_path: Path, words: tuple[str, ...], code: str
) -> None:
    answer = navigator("segment", scan, "--out", tmp_path / "labels.nrrd", *words, "--json")
    assert answer.code == 2
    assert answer.document["error"]["code"] == code
    assert not (tmp_path / "labels.nrrd").exists()


@pytest.mark.parametrize("name", ["labels.nii", "labels.png", "labels"])
def test_another_format_is_refused_before_anything_is_read(
    navigator: Callable[..., Answer], tmp_path: Path, name: str
) -> None:
    answer = navigator("segment", tmp_path / "nothing", "--out", tmp_path / name, "--json")
    assert answer.document["error"]["code"] == "unknown-format"


@pytest.mark.hazard(1)
def test_segments_for_3d_slicer_are_the_voxels_of_the_label_map(
    navigator: Callable[..., Answer], scan: Path, tmp_path: Path
) -> None:
    plain = navigator("segment", scan, "--out", tmp_path / "a.nrrd", "--json").document
    named = navigator("segment", scan, "--out", tmp_path / "b.seg.nrrd", "--json").document
    assert named["written"] == [str(tmp_path / "b.seg.nrrd")]
    assert named["labels"] == {name: name for name in plain["labels"]}
    # a third program's reading of the numbers, and of the segments' own header
    numbers = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a.nrrd")))
    segments = sitk.ReadImage(str(tmp_path / "b.seg.nrrd"))
    values = sitk.GetArrayFromImage(segments)
    keys = [key for key in segments.GetMetaDataKeys() if key.endswith("_Name")]
    assert len(keys) == len(plain["structures"])
    for key in keys:
        name = segments.GetMetaData(key)
        value = int(segments.GetMetaData(key.replace("_Name", "_LabelValue")))
        (row,) = [each for each in plain["structures"] if each["name"] == name]
        np.testing.assert_array_equal(values == value, np.isin(numbers, row["labels"]))


def test_names_that_belong_to_something_else_are_not_replaced(
    navigator: Callable[..., Answer], scan: Path, tmp_path: Path
) -> None:
    (tmp_path / "labels.json").write_text("mine", encoding="utf-8")
    answer = navigator("segment", scan, "--out", tmp_path / "labels.nrrd", "--json")
    assert answer.document["error"]["code"] == "output-exists"
    assert (tmp_path / "labels.json").read_text(encoding="utf-8") == "mine"


@pytest.mark.hazard(39)
def test_gas_is_not_the_bowel_and_a_clicked_vessel_not_all_vessels(tiny: TinyPatient) -> None:
    """A request whose labels are only parts is told that bowel and vessels are unknown."""
    request = json.loads(tiny.request.read_text(encoding="utf-8"))
    labels = request["labels"]
    labels["bowel gas"], labels["clicked vessel"] = labels.pop("bowel"), labels.pop("vessel")
    request["constraints"]["min_clearance_mm"] = {"bone": 2.0, "bowel gas": 10.0}
    tiny.request.write_text(json.dumps(request), encoding="utf-8")
    loaded = load_plan_request(tiny.request)
    grid = load_scan(loaded.scan).volume.grid
    reasons = unnamed_remarks(loaded, load_label_map(loaded.structures, loaded.labels, grid))
    assert "vessel, bowel" in reasons[0].message
