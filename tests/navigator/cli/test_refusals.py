"""Bad input ends with 2, says what, where and what to do in one message, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.navigator.app.tiny_patient import (
    DROP,
    LABELS,
    TinyPatient,
    request_document,
    write_image,
    write_request,
)
from tests.navigator.cli.test_commands import registration

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.navigator.cli.conftest import Answer

    Navigator = Callable[..., Answer]
    Tree = Callable[[Path], dict[str, int]]

ROOT = Path(__file__).parents[3]
REFUSED, INTERRUPTED = 2, 130
PARTS = ("code", "what", "where", "expected", "got", "next_step")
SPHERE_OUTSIDE = {"centre_lps_mm": [60.0, 0.0, 100.0], "diameter_mm": 10.0}


def check_refusal(answer: Answer, code: str) -> dict[str, Any]:
    """See that a refusal is complete, in words and as JSON."""
    assert answer.code == REFUSED, answer.err
    error: dict[str, Any] = answer.document["error"]
    assert error["code"] == code, error
    for part in PARTS:
        assert error[part].strip(), f"{part} is empty"
        assert error[part] in answer.err
    assert answer.document["exit_code"] == REFUSED
    assert answer.err.count("refused: ") == 1
    return error


BAD_REQUESTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "scan that is not there": ({"scan": "nowhere.nii.gz"}, "no-such-path", "nowhere.nii.gz"),
    "labels that are not there": ({"structures": "none.nrrd"}, "no-such-path", "none.nrrd"),
    "template that is not there": ({"template": "no.json"}, "no-such-path", "no.json"),
    "label without voxels": ({"labels": {**LABELS, "lung": 99}}, "label-not-there", "99"),
    "lesion outside the liver": (
        {"lesions": [{"name": "L1", "sphere": SPHERE_OUTSIDE, "margin_mm": 5.0}]},
        "lesion-outside-liver", "60.0",
    ),
    "lesion that is no structure": (
        {"lesions": [{"name": "L1", "structure": "gtv9", "margin_mm": 5.0}]},
        "invalid-request", "gtv9",
    ),
    "two lesions": (
        {"lesions": [{"name": name, "structure": "gtv", "margin_mm": 5.0} for name in "AB"]},
        "several-lesions", "A, B",
    ),
    "no margin": ({"lesions": [{"name": "L1", "structure": "gtv"}]}, "invalid-request", "margin"),
    "no gravity": ({"gravity_lps": DROP}, "invalid-request", "gravity_lps"),
    "gravity of nothing": ({"gravity_lps": [0, 0, 0]}, "invalid-request", "gravity_lps"),
    "patient on a side": ({"gravity_lps": [1, 0, 0]}, "gravity-along-protractor-axis", "1.0"),
    "no antenna": ({"antenna": DROP}, "invalid-request", "antenna"),
    "unknown antenna": ({"antenna": "Magic Wand"}, "unknown-antenna", "Magic Wand"),
    "power nobody published": ({"power_w": 77.0, "time_s": 300.0}, "power-not-published", "77"),
    "time nobody published": ({"power_w": 75.0, "time_s": 9.0}, "time-not-published", "9 s"),
    "power without time": ({"power_w": 75.0}, "power-without-time", "75"),
    "setting nobody published": ({"setting": "ex-vivo"}, "setting-not-published", "ex-vivo"),
    "setting of no kind": ({"setting": "in-vitro"}, "invalid-request", "in-vitro"),
    "unknown field": ({"colour": "red"}, "invalid-request", "colour"),
    "other schema": ({"schema": "plan-request/2"}, "unknown-schema", "plan-request/2"),
    "no obstacle": ({"labels": {"liver": 2, "gtv": 3}}, "no-obstacles", "liver"),
    "free hand without a diameter": (
        {"template": None, "antenna_diameter_mm": DROP}, "antenna-diameter-missing", "nothing",
    ),
    "a mirror for a pose": (
        {"placement": {"lps_from_template": np.diag([-1.0, 1, 1, 1]).tolist()}},
        "invalid-request", "placement",
    ),
    "words for a number": (
        {"lesions": [{"name": "L1", "structure": "gtv", "margin_mm": "5 mm"}]},
        "invalid-request", "5 mm",
    ),
    "a depth below nothing": (
        {"constraints": {"max_insertion_depth_mm": -5}}, "invalid-request", "-5",
    ),
    "a series of a file": ({"series": "1.2.3"}, "no-such-series", "1.2.3"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD_REQUESTS))
def test_a_bad_request_is_refused_whole(
    navigator: Navigator, tiny: TinyPatient, tree: Tree, name: str
) -> None:
    changes, code, said = BAD_REQUESTS[name]
    request = write_request(tiny, "bad.json", **changes)
    before = tree(tiny.folder.parent)
    for command, out in (("plan", "out.json"), ("run", "out")):
        answer = navigator(command, request, "--out", tiny.folder / out, "--json")
        error = check_refusal(answer, code)
        assert said in " ".join(error.values())
        assert tree(tiny.folder.parent) == before


@pytest.mark.hazard(41)
def test_the_margin_goal_has_no_default(navigator: Navigator, tiny: TinyPatient) -> None:
    request = write_request(tiny, "bad.json", lesions=[{"name": "L1", "structure": "gtv"}])
    answer = navigator("plan", request, "--out", tiny.folder / "out.json", "--json")
    assert "margin_mm" in check_refusal(answer, "invalid-request")["where"]


@pytest.mark.hazard(22)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("field", ["margin_mm", "gravity", "depth", "diameter"])
def test_a_number_that_is_none_is_refused(
    navigator: Navigator, tiny: TinyPatient, tree: Tree, number: str, field: str
) -> None:
    text = json.dumps(request_document())
    old, new = {
        "margin_mm": ('"margin_mm": 5.0', f'"margin_mm": {number}'),
        "gravity": ("[0, 1, 0]", f"[0, {number}, 0]"),
        "depth": ('"max_insertion_depth_mm": 150', f'"max_insertion_depth_mm": {number}'),
        "diameter": ('"antenna_diameter_mm": 2.4', f'"antenna_diameter_mm": {number}'),
    }[field]
    assert old in text
    request = tiny.folder / "bad.json"
    request.write_text(text.replace(old, new), encoding="utf-8")
    before = tree(tiny.folder)
    answer = navigator("plan", request, "--out", tiny.folder / "out.json", "--json")
    assert answer.code == REFUSED
    assert answer.document["error"]["next_step"]
    assert tree(tiny.folder) == before


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-json"), (b"{", "not-json"), (b"\xff\xfe\x00", "not-json"), (b"[]", None),
        (b'{"schema": "plan-request/1", "schema": "plan-request/1"}', "not-json"),
        (b"null", None), (b"[" * 100_000, "not-json"), (b"\x00" * 50, "not-json"),
    ],
)  # fmt: skip
def test_a_request_that_is_no_request_is_refused(
    navigator: Navigator, tiny: TinyPatient, content: bytes, code: str | None
) -> None:
    request = tiny.folder / "bad.json"
    request.write_bytes(content)
    answer = navigator("plan", request, "--out", tiny.folder / "out.json", "--json")
    check_refusal(answer, code or "unknown-schema")
    assert not (tiny.folder / "out.json").exists()


def test_a_labelled_image_on_another_grid_is_refused(
    navigator: Navigator, tiny: TinyPatient, tree: Tree
) -> None:
    write_image(np.ones((5, 6, 7), np.uint8), tiny.folder / "labels.nii.gz")
    before = tree(tiny.folder)
    answer = navigator("run", tiny.request, "--out", tiny.folder / "out", "--json")
    check_refusal(answer, "label-map-not-on-scan")
    assert tree(tiny.folder) == before


def test_a_scan_of_air_has_no_body(navigator: Navigator, tiny: TinyPatient) -> None:
    write_image(np.full((60, 60, 60), -1000, np.int16), tiny.folder / "scan.nii.gz")
    answer = navigator("plan", tiny.request, "--out", tiny.folder / "out.json", "--json")
    check_refusal(answer, "no-body")


def unreadable(folder: Path, kind: str) -> Path:
    """Make something that is no scan."""
    path = folder / "thing"
    if kind == "empty folder":
        path.mkdir()
    elif kind == "folder of text":
        path.mkdir()
        (path / "a.txt").write_text("hello", encoding="utf-8")
    elif kind == "text file":
        path.write_text("hello", encoding="utf-8")
    elif kind == "cut nifti":
        path = folder / "cut.nii.gz"
        path.write_bytes((folder / "patient" / "scan.nii.gz").read_bytes()[:3000])
    elif kind == "empty nifti":
        path = folder / "empty.nii.gz"
        path.write_bytes(b"")
    elif kind == "empty nrrd":
        path = folder / "empty.nrrd"
        path.write_bytes(b"NRRD0004\n")
    return path


@pytest.mark.parametrize(
    "kind",
    ["nothing", "empty folder", "folder of text", "text file", "cut nifti", "empty nifti",
     "empty nrrd"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["inspect", "convert", "register", "locate-template", "margin"])
def test_what_is_no_scan_is_refused_by_every_command_that_reads_one(
    navigator: Navigator, tiny: TinyPatient, tree: Tree, kind: str, command: str
) -> None:
    path, folder = unreadable(tiny.folder.parent, kind), tiny.folder
    words: dict[str, list[object]] = {
        "inspect": [path],
        "convert": [path, folder / "out.nrrd"],
        "register": [folder / "scan.nii.gz", path, "--out", folder / "out.json"],
        "locate-template": [path, folder / "template.json", "--out", folder / "out.json"],
        "margin": ["--tumour", path, "--ablation", path],
    }
    before = tree(tiny.folder.parent)
    answer = navigator(command, *words[command], "--json")
    if command == "inspect" and "series" in answer.document and answer.code != REFUSED:
        assert all(row["verdict"] == "refused" for row in answer.document["series"])
        assert any(row["findings"] for row in answer.document["series"])
    else:
        assert answer.code == REFUSED
        assert all(answer.document["error"][part] for part in PARTS)
        assert str(path) in answer.document["error"]["where"]
    assert tree(tiny.folder.parent) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--antenna", "Magic Wand", "--power-w", 60, "--time-s", 300], "unknown-antenna"),
        (["--antenna", "Medtronic Emprint", "--power-w", 61, "--time-s", 300],
         "power-not-published"),
        (["--antenna", "Medtronic Emprint", "--power-w", 75, "--time-s", 601],
         "time-not-published"),
        (["--antenna", "Medtronic Emprint", "--power-w", "nan", "--time-s", 300],
         "power-not-published"),
        (["--antenna", "Medtronic Emprint", "--power-w", 75, "--time-s", "nan"],
         "time-not-published"),
        (["--antenna", "Medtronic Emprint", "--power-w", 75, "--time-s", "inf"],
         "time-not-published"),
        (["--antenna", "Medtronic Emprint", "--power-w", 75, "--time-s", -300],
         "time-not-published"),
        (["--antenna", "Medtronic Emprint", "--power-w", 75, "--time-s", 300, "--setting", "x"],
         "unknown-setting"),
    ],
)  # fmt: skip
@pytest.mark.hazard(42)
def test_a_zone_that_was_not_published_is_refused(
    navigator: Navigator, words: list[object], code: str
) -> None:
    check_refusal(navigator("zone", *words, "--json"), code)


def test_margin_wants_one_zone_and_a_label_that_is_there(
    navigator: Navigator, tiny: TinyPatient
) -> None:
    labels = tiny.folder / "labels.nii.gz"
    check_refusal(navigator("margin", "--tumour", labels, "--json"), "one-zone-source")
    both = ("--ablation", labels, "--zones", labels)
    check_refusal(navigator("margin", "--tumour", labels, *both, "--json"), "one-zone-source")
    absent = ("--tumour", labels, "--label", "77", "--ablation", labels)
    check_refusal(navigator("margin", *absent, "--json"), "label-not-there")
    zones = ("--tumour", labels, "--label", "3", "--zones", tiny.request)
    assert navigator("margin", *zones, "--json").code == REFUSED


@pytest.mark.parametrize("wanted", ["nan", "-5", "inf"])
def test_a_wanted_margin_that_is_none_is_refused(
    navigator: Navigator, tiny: TinyPatient, wanted: str
) -> None:
    labels = tiny.folder / "labels.nii.gz"
    words = ("--tumour", labels, "--label", "3", "--ablation", labels, "--ablation-label", "2")
    answer = navigator("margin", *words, "--margin-mm", wanted, "--json")
    assert answer.code == REFUSED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("label,x,y,z\nT1,1,2,3\n", "label,x_mm,y_mm,z_mm"),
        ("label,x_mm,y_mm,z_mm\nT1,1,2,nan\n", "finite"),
        ("label,x_mm,y_mm,z_mm\nT1,1,2\n", "three"),
        ("label,x_mm,y_mm,z_mm\nT1,1;2;3\n", "three"),
        ("label,x_mm,y_mm,z_mm\n", "one point"),
        ("", "label,x_mm"),
        ("\x00\x01", "label,x_mm"),
    ],
)
def test_points_that_are_none_are_refused(
    navigator: Navigator, tmp_path: Path, tree: Tree, content: str, said: str
) -> None:
    points = tmp_path / "points.csv"
    points.write_text(content, encoding="utf-8")
    words = (registration(tmp_path), points, tmp_path / "out.csv", "--to", "intraop")
    before = tree(tmp_path)
    answer = navigator("map-points", *words, "--json")
    assert said in " ".join(check_refusal(answer, "invalid-points").values())
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("changes", "verdict", "to"),
    [
        ({}, "rejected", "intraop"),
        ({}, "accepted", "table"),
        ({"intraop_from_planning": np.diag([2.0, 1, 1, 1]).tolist()}, "accepted", "intraop"),
        ({"intraop_from_planning": np.diag([-1.0, 1, 1, 1]).tolist()}, "accepted", "intraop"),
        ({"intraop_from_planning": "unit"}, "accepted", "intraop"),
        ({"schema": "registration/9"}, "accepted", "intraop"),
        ({"verdict": "fine"}, "accepted", "intraop"),
    ],
)
@pytest.mark.hazard(1, 20)
def test_a_registration_that_is_none_carries_no_point(
    navigator: Navigator, tmp_path: Path, changes: dict[str, object], verdict: str, to: str
) -> None:
    points = tmp_path / "points.csv"
    points.write_text("label,x_mm,y_mm,z_mm\nT1,1,2,3\n", encoding="utf-8")
    document = registration(tmp_path, **{"verdict": verdict, **changes})
    answer = navigator("map-points", document, points, tmp_path / "out.csv", "--to", to, "--json")
    assert answer.code == REFUSED
    assert all(answer.document["error"][part] for part in PARTS)
    assert not (tmp_path / "out.csv").exists()


def test_an_output_that_cannot_be_written_is_refused(
    navigator: Navigator, tiny: TinyPatient, tree: Tree
) -> None:
    file, missing = tiny.folder / "scan.nii.gz", tiny.folder / "no" / "such" / "plan.json"
    before = tree(tiny.folder)
    for out in (missing, file / "plan.json"):
        answer = navigator("plan", tiny.request, "--out", out, "--json")
        check_refusal(answer, "unwritable")
    for command, out in (("run", file), ("run", file / "case"), ("demo", file)):
        words = (tiny.request,) if command == "run" else ()
        answer = navigator(command, *words, "--out", out, "--json")
        assert answer.code == REFUSED
        assert all(answer.document["error"][part] for part in PARTS)
    answer = navigator("convert", file, tiny.folder / "out.jpg", "--json")
    assert answer.code == REFUSED
    assert tree(tiny.folder) == before


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_folder_of_other_things_is_never_replaced(
    navigator: Navigator, tiny: TinyPatient, tree: Tree, command: str
) -> None:
    out = tiny.folder / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", encoding="utf-8")
    before = tree(tiny.folder)
    words = (tiny.request,) if command == "run" else ()
    for extra in ((), ("--overwrite",)):
        answer = navigator(command, *words, "--out", out, *extra, "--json")
        check_refusal(answer, "output-exists")
        assert tree(tiny.folder) == before


@pytest.mark.parametrize("seed", ["-1", "one", "1.5"])
def test_a_seed_that_is_none_is_wrong_usage(
    navigator: Navigator, tmp_path: Path, seed: str
) -> None:
    answer = navigator("demo", "--out", tmp_path / "out", "--seed", seed)
    assert answer.code == REFUSED
    assert "seed" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_where_and_changes_no_exit_code(tiny: TinyPatient) -> None:
    answer = subprocess.run(  # noqa: S603 - our own command
        [*ENTRY, "plan", str(tiny.folder / "no.json"), "--out", "x.json", "--debug"],
        cwd=tiny.folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert answer.returncode == REFUSED
    assert "Traceback" in answer.stderr


CALL = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from navigator.cli import main; main()"
ENTRY = [sys.executable, "-c", CALL]


def stopped_at(words: list[str], stage: str, how: int, folder: Path) -> tuple[int, str]:
    """Start a command in a process, stop it at a stage of its progress, give code and speech."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [*ENTRY, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"}, restore_signals=True, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if stage in line:
                break
        time.sleep(0.3)
        process.send_signal(how)
        said += process.stderr.read()
        return process.wait(timeout=60), said


@pytest.mark.slow
@pytest.mark.hazard(43)
@pytest.mark.parametrize(
    ("command", "stage"),
    [
        ("demo", "making a synthetic patient"),
        ("run", "reading scan"),
        ("run", "planning"),
        ("run", "writing plate and report"),
    ],
)
def test_ctrl_c_leaves_nothing(tiny: TinyPatient, tree: Tree, command: str, stage: str) -> None:
    before = tree(tiny.folder.parent)
    words = [command, *([str(tiny.request)] if command == "run" else []), "--out", "deep/out"]
    code, said = stopped_at(words, stage, signal.SIGINT, tiny.folder)
    assert code == INTERRUPTED, said
    assert "Traceback" not in said
    assert tree(tiny.folder.parent) == before


@pytest.mark.slow
@pytest.mark.hazard(43)
@pytest.mark.parametrize("stage", ["planning", "writing plate and report"])
def test_a_killed_run_leaves_no_result_and_does_not_stop_the_next(
    navigator: Navigator, tiny: TinyPatient, stage: str
) -> None:
    words = ["run", str(tiny.request), "--out", "out"]
    code, _ = stopped_at(words, stage, signal.SIGKILL, tiny.folder)
    assert code == -signal.SIGKILL
    assert not (tiny.folder / "out").exists()
    plan = tiny.folder / "plan.json"
    assert navigator("plan", tiny.request, "--out", plan).code == 0
    assert json.loads(plan.read_text(encoding="utf-8"))["schema"] == "plan/1"
