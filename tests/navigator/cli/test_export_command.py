"""`navigator export` writes what the files allow, and says what it left out and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.navigator.app.tiny_patient import TinyPatient
    from tests.navigator.cli.conftest import Answer

    Navigator = Callable[..., Answer]

DONE, REFUSED = 0, 2


@pytest.fixture
def plan(navigator: Navigator, tiny: TinyPatient) -> Path:
    """Plan the tiny patient."""
    out = tiny.folder / "plan-to-export.json"
    assert navigator("plan", tiny.request, "--out", out).code == DONE
    return out


def test_an_image_file_has_files_for_slicer_alone(
    navigator: Navigator, tiny: TinyPatient, plan: Path, tmp_path: Path
) -> None:
    out = tmp_path / "objects"
    answer = navigator("export", plan, "--request", tiny.request, "--out", out, "--json")
    assert answer.code == DONE
    manifest: dict[str, Any] = json.loads(answer.out)
    assert manifest == json.loads((out / "manifest.json").read_text("utf-8"))
    on_disk = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert set(manifest["written"]) == on_disk
    assert {each["what"] for each in manifest["left_out"]} == {"DICOM objects"}
    assert not (out / "dicom").exists()
    assert (out / "slicer" / "structures.seg.nrrd").is_file()
    assert manifest["identity"] == "none: no DICOM objects"


def test_scan_and_structures_can_be_named_without_a_request(
    navigator: Navigator, tiny: TinyPatient, plan: Path, tmp_path: Path
) -> None:
    scan, labels = tiny.folder / "scan.nii.gz", tiny.folder / "labels.nii.gz"
    answer = navigator(
        *("export", plan, "--scan", scan, "--structures", labels, "--label", "liver=2"),
        *("--label", "gtv=3", "--label", "liver=3", "--out", tmp_path / "o"),
    )
    assert answer.code == DONE
    assert "left out: DICOM objects, planning scan: it is no DICOM series" in answer.out
    masks = sorted(path.name for path in (tmp_path / "o" / "slicer" / "masks").iterdir())
    assert masks == ["01_liver.nii.gz", "02_gtv.nii.gz", "03_planned_ablation_zone_N1.nii.gz"]


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--request", "r.json", "--scan", "s"),
        ("--request", "r.json", "--label", "liver=2"),
        ("--scan", "s", "--structures", "l.nrrd"),
        ("--scan", "s", "--structures", "l.nrrd", "--label", "liver"),
        ("--scan", "s", "--time", "yesterday"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: tuple[str, ...], navigator: Navigator, tmp_path: Path
) -> None:
    answer = navigator("export", tmp_path / "plan.json", *options, "--out", tmp_path / "o")
    assert answer.code == REFUSED
    assert "options-disagree" in answer.err
    assert not (tmp_path / "o").exists()
