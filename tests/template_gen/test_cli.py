"""The command says one JSON object, keeps its exit codes, and never shows a traceback unasked."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from template_gen import cli, export
from template_gen.meshfiles import stl_bytes
from template_gen.solid import build_solid
from template_gen.spec import TemplateSpec, load_spec, save_spec

if TYPE_CHECKING:
    from pathlib import Path

NEW = ["new", "--rows", "3", "--columns", "4", "--pitch-mm", "6", "--bore-mm", "2.1"]


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, dict[str, Any], str]:
    """Run with --json; give exit code, the one object on standard output, and standard error."""
    code = cli.run([*argv, "--json"])
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    content = json.loads(out)
    assert isinstance(content, dict)
    assert "Traceback" not in err
    return code, content, err


def test_three_commands_lead_from_nothing_to_a_checked_plate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = str(tmp_path / "plate.json"), str(tmp_path / "plate")
    code, content, _ = said(capsys, *NEW, "--out", spec)
    assert (code, content["bores"], content["markers"]) == (0, 12, 6)
    code, content, _ = said(capsys, "build", spec, "--out", out, "--needle-mm", "1.9")
    assert code == 0
    assert {"out", "serial", "spec_sha256", "units", "files", "volume_mm3", "checks"} <= set(
        content
    )
    for name in ("template.stl", "template.3mf"):
        code, content, _ = said(capsys, "check", f"{out}/{name}", "--spec", spec)
        assert (code, content["verdict"], content["reasons"]) == (0, "accepted", [])
        assert len(content["bores"]) == 12
        assert content["walls"]["web_mm"] > 0.8


def test_people_read_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(tmp_path / "plate.json")
    assert cli.run([*NEW, "--out", spec]) == 0
    assert "12 bores" in capsys.readouterr().out
    assert cli.run(["build", spec, "--out", str(tmp_path / "p")]) == 0
    out, err = capsys.readouterr()
    assert "measured back: accepted" in out
    assert "building" in err
    assert cli.run(["check", str(tmp_path / "p" / "template.stl"), "--spec", spec]) == 0
    assert "verdict: accepted" in capsys.readouterr().out


def test_a_wrong_mesh_is_exit_code_3_with_reasons(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    grid_spec: TemplateSpec,
    guide_spec: TemplateSpec,
) -> None:
    save_spec(grid_spec, tmp_path / "a.json")
    (tmp_path / "b.stl").write_bytes(stl_bytes(build_solid(guide_spec), "X"))
    mesh, spec = str(tmp_path / "b.stl"), str(tmp_path / "a.json")
    code, content, _ = said(capsys, "check", mesh, "--spec", spec)
    assert (code, content["verdict"]) == (3, "rejected")
    assert all(set(reason) == {"code", "message"} for reason in content["reasons"])
    assert cli.run(["check", mesh, "--spec", spec]) == 3
    assert "unexpected-bore" in capsys.readouterr().out


REFUSED: list[tuple[list[str], str]] = [
    ([], "usage"),
    (["drill"], "usage"),
    (["new"], "usage"),
    ([*NEW[:-1], "wide", "--out", "{tmp}/x.json"], "usage"),
    ([*NEW[:-1], "nan", "--out", "{tmp}/x.json"], "layout-refused"),
    ([*NEW[:-1], "5.5", "--out", "{tmp}/x.json"], "web-too-thin"),
    ([*NEW, "--serial", "a b", "--out", "{tmp}/x.json"], "layout-refused"),
    ([*NEW, "--min-wall-mm", "0", "--out", "{tmp}/x.json"], "printer-refused"),
    ([*NEW, "--out", "{tmp}/none/x.json"], "not-writable"),
    ([*NEW, "--out", "{tmp}/a.json"], "file-exists"),
    (["build", "{tmp}/none.json", "--out", "{tmp}/p"], "no-such-file"),
    (["build", "{tmp}/bad.json", "--out", "{tmp}/p"], "spec-refused"),
    (["build", "{tmp}/a.json", "--out", "{tmp}/full"], "folder-not-empty"),
    (["build", "{tmp}/a.json", "--out", "{tmp}/bad.json/p"], "not-writable"),
    (["build", "{tmp}/a.json", "--out", "{tmp}/p", "--needle-mm", "2.1"], "needle-does-not-pass"),
    (["build", "{tmp}/a.json", "--out", "{tmp}/p", "--needle-mm", "nan"], "needle-refused"),
    (["check", "{tmp}/none.stl", "--spec", "{tmp}/a.json"], "no-such-file"),
    (["check", "{tmp}/bad.json", "--spec", "{tmp}/a.json"], "unknown-mesh-format"),
    (["check", "{tmp}/bad.stl", "--spec", "{tmp}/a.json"], "damaged-mesh"),
]


@pytest.mark.parametrize(("argv", "code"), REFUSED)
def test_refused_input_is_exit_code_2_and_leaves_no_file(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    grid_spec: TemplateSpec,
    argv: list[str],
    code: str,
) -> None:
    save_spec(grid_spec, tmp_path / "a.json")
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "bad.stl").write_bytes(b"solid nothing")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    before = sorted(tmp_path.rglob("*"))
    exit_code, content, err = said(capsys, *(part.format(tmp=tmp_path) for part in argv))
    assert exit_code == content["exit_code"] == 2
    assert set(content["error"]) == {"code", "message", "where", "expected", "got", "next_step"}
    assert content["error"]["code"] == code
    assert content["error"]["message"]
    assert err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_defect_of_ours_is_exit_code_1_in_one_line_and_a_traceback_only_on_demand(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    grid_spec: TemplateSpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("broken\nin two lines")

    save_spec(grid_spec, tmp_path / "a.json")
    monkeypatch.setattr(export, "build_template", fail)
    argv = ["build", str(tmp_path / "a.json"), "--out", str(tmp_path / "p")]
    code, content, err = said(capsys, *argv)
    assert (code, content["exit_code"], content["error"]["code"]) == (1, 1, "internal-defect")
    assert len(err.strip().splitlines()) == 1
    assert "please report" in err
    assert cli.run([*argv, "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def wrapped_stop() -> Exception:
    """Give the error that Python raises where Ctrl-C falls into the making of a class."""
    error = RuntimeError("a class half made")
    error.__cause__ = KeyboardInterrupt()
    return error


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), wrapped_stop()])
def test_stopping_is_neither_success_nor_a_defect(
    raised: BaseException,
    tmp_path: Path,
    grid_spec: TemplateSpec,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise raised

    save_spec(grid_spec, tmp_path / "a.json")
    monkeypatch.setattr(export, "build_template", stop)
    assert cli.run(["build", str(tmp_path / "a.json"), "--out", str(tmp_path / "p")]) == 130
    capsys.readouterr()
    code, content, _ = said(capsys, "build", str(tmp_path / "a.json"), "--out", str(tmp_path / "p"))
    assert (code, content["error"]["code"], content["exit_code"]) == (130, "interrupted", 130)


def test_warnings_are_told_and_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], guide_spec: TemplateSpec
) -> None:
    bare = guide_spec.model_copy(update={"markers": ()})
    save_spec(bare, tmp_path / "a.json")
    argv = ["build", str(tmp_path / "a.json"), "--out", str(tmp_path / "p"), "--needle-mm", "1.2"]
    code, content, err = said(capsys, *argv)
    assert code == 0
    assert [item["code"] for item in content["findings"]] == ["too-few-markers"]
    assert "needle" in err


def test_options_of_new_reach_the_spec(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    options = {
        "--serial": "S-9", "--thickness-mm": "20", "--corner-radius-mm": "0", "--marker-mm": "4",
        "--printer": "fdm", "--bore-compensation-mm": "0.2", "--min-wall-mm": "1.2",
    }  # fmt: skip
    argv = [part for pair in options.items() for part in pair]
    assert cli.run([*NEW, *argv, "--out", str(path)]) == 0
    spec = load_spec(path)
    assert (spec.serial, spec.plate.thickness_mm, spec.plate.corner_radius_mm) == ("S-9", 20.0, 0.0)
    assert {marker.diameter_mm for marker in spec.markers} == {4.0}
    assert spec.printer.model_dump() == {
        "name": "fdm", "bore_compensation_mm": 0.2, "min_wall_mm": 1.2,
    }  # fmt: skip
    assert cli.run([*NEW, "--out", str(path), "--overwrite"]) == 0
    assert load_spec(path).serial == "T-0001"


@pytest.mark.parametrize("command", [[], ["new"], ["build"], ["check"]])
def test_help_holds_an_example(command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "template_gen.cli", *command, "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "xample: template-gen" in done.stdout
