"""An output file never replaces an input, nor what somebody else wrote, nor passes for new."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.navigator.app.tiny_patient import write_request
from tests.navigator.cli.test_commands import registration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.navigator.app.tiny_patient import TinyPatient
    from tests.navigator.cli.conftest import Answer

    Navigator = Callable[..., Answer]

DONE, REFUSED, REJECTED = 0, 2, 3
COMMANDS = ("plan", "convert", "register", "map-points", "locate-template")


@pytest.fixture
def desk(tiny: TinyPatient, tiny_again: Path) -> Path:
    """Give the tiny patient's folder with another scan, points and a registration in it."""
    assert tiny_again.parent == tiny.folder
    registration(tiny.folder)
    text = "label,x_mm,y_mm,z_mm\nT1,1,2,3\n"
    (tiny.folder / "points.csv").write_text(text, encoding="utf-8")
    return tiny.folder


def words_of(command: str, desk: Path, out: Path) -> list[object]:
    """Give the words of a command that writes a file."""
    scan = desk / "scan.nii.gz"
    return {
        "plan": [command, desk / "request.json", "--out", out],
        "convert": [command, scan, out],
        "register": [command, scan, desk / "again.nii.gz", "--out", out, "--rigid"],
        "map-points": [
            command, desk / "registration.json", desk / "points.csv", out, "--to", "intraop",
        ],
        "locate-template": [command, scan, desk / "template.json", "--out", out],
    }[command]  # fmt: skip


INPUTS = [
    ("plan", "request.json"), ("plan", "scan.nii.gz"), ("plan", "labels.nii.gz"),
    ("plan", "template.json"), ("convert", "scan.nii.gz"), ("register", "scan.nii.gz"),
    ("register", "again.nii.gz"),
    ("map-points", "registration.json"), ("map-points", "points.csv"),
    ("locate-template", "scan.nii.gz"), ("locate-template", "template.json"),
]  # fmt: skip


@pytest.mark.hazard(43)
@pytest.mark.parametrize("way", ["name", "relative", "symbolic link", "hard link"])
@pytest.mark.parametrize(("command", "name"), INPUTS)
def test_no_command_replaces_its_own_input(
    navigator: Navigator,
    monkeypatch: pytest.MonkeyPatch,
    desk: Path,
    command: str,
    name: str,
    way: str,
) -> None:
    source, suffix = desk / name, "".join((desk / name).suffixes)
    out = desk / f"other{suffix}"
    if way == "symbolic link":
        out.symlink_to(source)
    elif way == "hard link":
        os.link(source, out)
    elif way == "relative":
        monkeypatch.chdir(desk.parent)
        out = type(desk)(desk.name) / ".." / desk.name / name
    else:
        out = source
    before = source.read_bytes()
    for extra in ((), ("--overwrite",)):
        answer = navigator(*words_of(command, desk, out), *extra, "--json")
        assert answer.code == REFUSED
        assert answer.document["error"]["code"] == "output-is-input"
        assert "stale_output" not in answer.document
        assert source.read_bytes() == before


@pytest.mark.hazard(43)
def test_a_slice_of_the_scan_is_not_replaced(navigator: Navigator, tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    folder.mkdir()
    (folder / "slice.dcm").write_bytes(b"slice")
    answer = navigator("convert", folder, folder / "slice.dcm", "--overwrite", "--json")
    assert answer.document["error"]["code"] == "output-is-input"
    assert (folder / "slice.dcm").read_bytes() == b"slice"


FOREIGN = {".json": '{"schema": "thesis/1"}', ".csv": "mine", ".nrrd": "mine"}


def suffix_of(command: str) -> str:
    return {"convert": ".nrrd", "map-points": ".csv"}.get(command, ".json")


@pytest.mark.hazard(43)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", ["file", "folder", "link to nowhere", "not JSON"])
def test_what_somebody_else_wrote_is_not_replaced(
    navigator: Navigator, desk: Path, command: str, kind: str
) -> None:
    out = desk / f"mine{suffix_of(command)}"
    if kind == "folder":
        out.mkdir()
    elif kind == "link to nowhere":
        out.symlink_to(desk / "nowhere")
    else:
        out.write_text(FOREIGN[out.suffix] if kind == "file" else "{", encoding="utf-8")
    answer = navigator(*words_of(command, desk, out), "--json")
    assert answer.code == REFUSED
    error = answer.document["error"]
    assert error["code"] == "output-exists"
    assert ("--overwrite" in error["next_step"]) == (kind in ("file", "not JSON"))
    if kind == "file":
        assert out.read_text(encoding="utf-8") == FOREIGN[out.suffix]
        assert navigator(*words_of(command, desk, out), "--overwrite").code in (DONE, REJECTED)
        assert out.read_bytes() != FOREIGN[out.suffix].encode()


@pytest.mark.parametrize("command", ["plan", "register", "locate-template"])
def test_the_same_command_may_be_given_again(
    navigator: Navigator, desk: Path, command: str
) -> None:
    out = desk / "ours.json"
    codes = {navigator(*words_of(command, desk, out)).code for _ in range(2)}
    assert codes in ({DONE}, {REJECTED})


@pytest.mark.parametrize("command", ["convert", "map-points"])
def test_a_file_that_names_no_author_is_replaced_only_when_asked(
    navigator: Navigator, desk: Path, command: str
) -> None:
    out = desk / f"ours{suffix_of(command)}"
    words = words_of(command, desk, out)
    assert navigator(*words).code == DONE
    first = out.read_bytes()
    refused = navigator(*words, "--json")
    assert refused.document["error"]["code"] == "output-exists"
    assert navigator(*words, "--overwrite").code == DONE
    assert out.read_bytes() == first


def test_an_earlier_plan_in_the_folder_of_the_scan_is_no_slice(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    folder = tiny.folder / "both"
    folder.mkdir()
    shutil.copy(tiny.folder / "scan.nii.gz", folder)
    out = folder / "registration.json"
    out.write_text(json.dumps({"schema": "registration/1"}), encoding="utf-8")
    answer = navigator("register", folder, folder, "--out", out, "--json")
    assert answer.document["error"]["code"] not in ("output-is-input", "output-exists")


@pytest.mark.hazard(18)
def test_a_plan_that_stays_from_before_is_named(navigator: Navigator, tiny: TinyPatient) -> None:
    out = tiny.folder / "plan.json"
    fresh = navigator("plan", tiny.request, "--out", out, "--json")
    assert "stale_output" not in fresh.document
    before = out.read_bytes()
    walled = write_request(
        tiny, "walled.json",
        constraints={"min_clearance_mm": {"bone": 100.0}, "max_tilt_deg": 4},
    )  # fmt: skip
    refused = write_request(tiny, "refused.json", antenna="Magic Wand")
    for request, code in ((walled, REJECTED), (refused, REFUSED)):
        answer = navigator("plan", request, "--out", out, "--json")
        assert (answer.code, answer.document["stale_output"]) == (code, str(out))
        assert f"{out} was there before and is NOT of this command" in answer.err
        assert out.read_bytes() == before
        plain = navigator("plan", request, "--out", out)
        assert "NOT of this command" in plain.err


def test_run_does_not_replace_the_folder_of_its_own_scan(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    names = sorted(path.name for path in tiny.folder.iterdir())
    summary = {"schema": "demo-summary/1", "written": [*names, "summary.json"]}
    (tiny.folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    answer = navigator("run", tiny.request, "--out", tiny.folder, "--overwrite", "--json")
    assert answer.document["error"]["code"] == "output-is-input"
    assert sorted(path.name for path in tiny.folder.iterdir()) == sorted([*names, "summary.json"])


@pytest.mark.parametrize("option", ["--planning-series", "--intraop-series"])
def test_register_takes_the_series_of_each_scan(
    navigator: Navigator, desk: Path, option: str
) -> None:
    words = words_of("register", desk, desk / "out.json")
    answer = navigator(*words, option, "1.2.3", "--json")
    error = answer.document["error"]
    assert (error["code"], error["got"]) == ("no-such-series", "1.2.3")
