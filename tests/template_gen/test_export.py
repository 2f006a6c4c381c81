"""A build leaves a whole folder that proves itself, or nothing."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zlib
from base64 import a85decode
from typing import TYPE_CHECKING

import numpy as np
import pytest

from template_gen import export
from template_gen.errors import FileRefusedError, GeometryRefusedError, InternalDefectError
from template_gen.export import build_template
from template_gen.sheet import sheet_pdf
from template_gen.solid import build_solid
from template_gen.spec import TemplateSpec, all_bores, load_spec, spec_hash
from tests.template_gen.test_rules import bore, plate_with

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"template.stl", "template.3mf", "drill.csv", "sheet.pdf", "template.json"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.hazard(45)
def test_the_manifest_names_every_file_by_its_hash(
    tmp_path: Path, guide_spec: TemplateSpec
) -> None:
    out = tmp_path / "deep" / "plate"
    manifest = build_template(guide_spec, out)
    files = contents(out)
    assert set(files) == FILES | {"manifest.json"}
    assert json.loads(files["manifest.json"]) == manifest
    assert manifest["files"] == {
        name: hashlib.sha256(files[name]).hexdigest() for name in sorted(FILES)
    }
    assert (
        manifest["spec_sha256"]
        == spec_hash(guide_spec)
        == spec_hash(load_spec(out / "template.json"))
    )
    assert (manifest["units"], manifest["serial"]) == ("mm", "G-3")
    assert manifest["checks"]["verdict"] == "accepted"
    assert (
        manifest["bores"] == manifest["checks"]["soundness"]["genus"] == len(all_bores(guide_spec))
    )
    assert manifest["triangles"] == (len(files["template.stl"]) - 84) // 50
    header = files["template.stl"][:80]
    for word in (b"G-3", b"unit=mm", spec_hash(guide_spec)[:8].encode()):
        assert word in header


@pytest.mark.hazard(59)
def test_the_same_spec_gives_the_same_bytes(tmp_path: Path, guide_spec: TemplateSpec) -> None:
    build_template(guide_spec, tmp_path / "a")
    build_template(guide_spec, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_drill_table_holds_every_axis(tmp_path: Path, guide_spec: TemplateSpec) -> None:
    build_template(guide_spec, tmp_path / "a")
    with (tmp_path / "a" / "drill.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row, axis in zip(rows, all_bores(guide_spec), strict=True):
        assert row["label"] == axis.label
        written = [float(row[name]) for name in ("x_mm", "y_mm")]
        np.testing.assert_allclose(written, axis.entry_mm[:2], atol=1e-4)
        direction = [float(row[f"direction_{name}"]) for name in "xyz"]
        np.testing.assert_allclose(direction, axis.direction, atol=1e-6)
        assert float(row["guide_length_mm"]) == pytest.approx(axis.guide_length_mm, abs=1e-4)
        assert float(row["diameter_mm"]) == axis.diameter_mm


def test_a_folder_in_use_is_left_alone(tmp_path: Path, grid_spec: TemplateSpec) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(b"x")
    for overwrite in (False, True):
        with pytest.raises(FileRefusedError, match="other files"):
            build_template(grid_spec, folder, overwrite=overwrite)
    assert contents(folder) == {"one.jpg": b"x"}
    with pytest.raises(FileRefusedError):
        build_template(grid_spec, folder / "one.jpg", overwrite=True)


def test_an_earlier_build_is_replaced_only_when_asked_and_only_when_nothing_was_added(
    tmp_path: Path, grid_spec: TemplateSpec, guide_spec: TemplateSpec
) -> None:
    out = tmp_path / "plate"
    build_template(grid_spec, out)
    with pytest.raises(FileRefusedError, match="--overwrite"):
        build_template(guide_spec, out)
    assert build_template(guide_spec, out, overwrite=True)["serial"] == "G-3"
    (out / "notes.txt").write_text("mine")
    with pytest.raises(FileRefusedError):
        build_template(grid_spec, out, overwrite=True)
    assert (out / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["plate"]


def test_an_empty_folder_is_filled(tmp_path: Path, grid_spec: TemplateSpec) -> None:
    (tmp_path / "plate").mkdir()
    build_template(grid_spec, tmp_path / "plate")
    assert len(contents(tmp_path / "plate")) == 6


@pytest.mark.hazard(43)
@pytest.mark.parametrize("stage", ["stl_bytes", "threemf_bytes", "sheet_pdf", "remeasure_mesh"])
@pytest.mark.parametrize("error", [OSError(28, "no space"), KeyboardInterrupt(), MemoryError()])
def test_a_failure_at_any_stage_leaves_the_old_plate_and_nothing_else(
    tmp_path: Path,
    grid_spec: TemplateSpec,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    error: BaseException,
) -> None:
    out = tmp_path / "plate"
    out.mkdir()
    (out / "manifest.json").write_text(json.dumps({"schema": "template-manifest/1", "files": {}}))
    before = contents(out)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(export, stage, fail)
    expected = FileRefusedError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        build_template(grid_spec, out, overwrite=True)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["plate"]


def test_a_plate_that_fails_its_own_check_is_never_handed_out(
    tmp_path: Path, grid_spec: TemplateSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "expected_volume_mm3", lambda _: 1.0)
    with pytest.raises(InternalDefectError, match="volume"):
        build_template(grid_spec, tmp_path / "a")
    monkeypatch.undo()
    other = grid_spec.model_copy(update={"serial": "OTHER"})
    monkeypatch.setattr(export, "build_solid", lambda _: build_solid(other))
    monkeypatch.setattr(export, "VOLUME_TOLERANCE", 1.0)
    with pytest.raises(InternalDefectError, match="letters"):
        build_template(grid_spec, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_an_unsound_spec_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(GeometryRefusedError):
        build_template(plate_with(bore("P1", 0, 0), bore("P2", 1, 0)), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_the_sheet_is_drawn_to_scale(grid_spec: TemplateSpec) -> None:
    """1 mm is 72 / 25.4 points: the rim, the ruler and the page are measured in the PDF itself."""
    pdf = sheet_pdf(grid_spec)
    assert pdf == sheet_pdf(grid_spec)
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert box is not None
    np.testing.assert_allclose(
        np.array(box.groups(), float), np.array([210, 297]) * 72 / 25.4, rtol=1e-5
    )
    stream = re.search(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    assert stream is not None
    drawing = zlib.decompress(a85decode(b"<~" + stream[1].strip(), adobe=True)).decode("latin-1")
    assert "Research software" in drawing
    scales = {abs(float(value)) for pair in re.findall(
        r"(-?[\d.]+) 0 0 (-?[\d.]+) -?[\d.]+ -?[\d.]+ cm", drawing) for value in pair}  # fmt: skip
    assert scales == {1.0}
    outline = re.search(r"n (-?[\d.]+ -?[\d.]+ m .*?)\sh", drawing, re.DOTALL)
    assert outline is not None
    numbers = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+) [ml]", outline[1]), float)
    size_mm = np.ptp(numbers, axis=0) * 25.4 / 72
    np.testing.assert_allclose(
        size_mm, [grid_spec.plate.width_mm, grid_spec.plate.height_mm], atol=1e-3
    )
    lines = np.array(
        re.findall(r"n (-?[\d.]+) (-?[\d.]+) m (-?[\d.]+) (-?[\d.]+) l S", drawing), float
    )
    longest = np.abs(lines[:, 2] - lines[:, 0]).max() * 25.4 / 72
    assert longest == pytest.approx(100.0, abs=1e-3)
