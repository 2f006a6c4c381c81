"""The single commands say of the demonstration's DICOM what the whole line said of it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from navigator.cli import main
from tests.protocol.needle_checker import read_voxels

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.protocol.conftest import DemoRun

    Command = Callable[..., tuple[int, dict[str, Any]]]

pytestmark = pytest.mark.slow


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run ``navigator`` in this process with ``--json``."""

    def run(*words: object) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr(sys, "argv", ["navigator", *map(str, words), "--json"])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        document: dict[str, Any] = json.loads(capfd.readouterr().out)
        return int(ended.value.code or 0), document

    return run


def test_inspect_names_one_accepted_series_of_each_folder(demo: DemoRun, command: Command) -> None:
    for name, thickness in (("planning", 1.5), ("intraop", 2.5)):
        code, document = command("inspect", demo.folder / name)
        assert code == 0
        (series,) = document["series"]
        assert series["verdict"] != "refused"
        assert series["instances"] == series["shape_kji"][0]
        affine = np.array(series["lps_from_index"])
        assert np.linalg.norm(affine[:3, 0]) == pytest.approx(thickness)


@pytest.mark.hazard(1, 2, 7)
def test_convert_keeps_the_planning_scan_where_it_is(demo: DemoRun, command: Command) -> None:
    out = demo.folder.parent / f"planning{demo.seed}.nrrd"
    code, _ = command("convert", demo.folder / "planning", out)
    assert code == 0
    first, second = read_voxels(demo.folder / "planning"), read_voxels(out)
    assert first.values.size == second.values.size
    rng = np.random.default_rng(demo.seed)
    indices = rng.integers(0, first.values.shape, size=(5000, 3))
    points = first.points(indices.astype(float))
    # the two readers may run the axes the other way; the patient is the same
    expected = first.nearest(points, -2000)
    assert np.array_equal(second.nearest(points, -3000), expected)
    out.unlink()


def test_locate_template_finds_the_pose_of_the_room(demo: DemoRun, command: Command) -> None:
    out = demo.folder.parent / f"placement{demo.seed}.json"
    code, document = command(
        "locate-template", demo.folder / "intraop", demo.folder / "template.json", "--out", out
    )
    assert code == 0
    truth = demo.matrix("truth.json", "intraop_from_template")
    found = np.array(document["lps_from_template"])
    assert np.linalg.norm(found[:3, 3] - truth[:3, 3]) <= 0.3
    assert json.loads(out.read_text(encoding="utf-8"))["verdict"] == document["verdict"]
    template = demo.read("template.json")
    wanted = {m["label"]: [m["x_mm"], m["y_mm"], m["z_mm"]] for m in template["markers"]}
    assert {marker["label"] for marker in document["markers"]} <= set(wanted)
    for marker in document["markers"]:
        at = truth[:3, :3] @ wanted[marker["label"]] + truth[:3, 3]
        assert np.linalg.norm(np.subtract(marker["lps_mm"], at)) <= 0.5
    out.unlink()


@pytest.mark.hazard(13, 31)
def test_the_planning_scan_holds_no_plate(demo: DemoRun, command: Command) -> None:
    code, document = command(
        "locate-template", demo.folder / "planning", demo.folder / "template.json"
    )
    assert code == 3
    assert document["verdict"] == "rejected"


def test_register_and_map_points_carry_the_tumour(demo: DemoRun, command: Command) -> None:
    base = demo.folder.parent
    out, points, mapped = (base / f"{name}{demo.seed}" for name in ("r.json", "p.csv", "m.csv"))
    code, document = command(
        "register", demo.folder / "planning", demo.folder / "intraop", "--out", out, "--rigid"
    )
    assert code == 0, document["reasons"]
    assert document["seconds"] > 0
    centre = np.array(demo.read("truth.json")["tumour"]["centre_lps_mm"])
    points.write_text("label,x_mm,y_mm,z_mm\nT," + ",".join(map(str, centre)) + "\n", "utf-8")
    assert command("map-points", out, points, mapped, "--to", "intraop")[0] == 0
    found = np.array(
        [float(cell) for cell in mapped.read_text("utf-8").split("\n")[1].split(",")[1:]]
    )
    truth = demo.matrix("truth.json", "intraop_from_planning")
    assert np.linalg.norm(found - truth[:3, :3] @ centre - truth[:3, 3]) <= 1.5
    for path in (out, points, mapped):
        path.unlink()
