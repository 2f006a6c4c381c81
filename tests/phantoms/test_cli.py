"""The command answers with the exit codes, the JSON and the refusals of the interface."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from phantoms import casefiles, cli
from phantoms.recipes import CASES
from phantoms.scanner import scan_patient
from phantoms.writer import write_dicom_series

if TYPE_CHECKING:
    from phantoms.anatomy import Patient
    from phantoms.cases import PhantomCase

ROOT = Path(__file__).parents[2]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-W", "error", "-m", "phantoms.cli", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("words", [["--help"], ["list", "--help"], ["make", "--help"]])
def test_help_shows_an_example(words: list[str]) -> None:
    answer = run(*words)
    assert answer.returncode == 0
    assert "Example" in answer.stdout


def test_list_gives_one_json_object_with_every_case() -> None:
    answer = run("list", "--json")
    assert answer.returncode == 0
    content = json.loads(answer.stdout)
    assert {each["name"]: each["question"] for each in content["cases"]} == {
        name: recipe.question for name, recipe in CASES.items()
    }


def test_list_for_people_names_each_case() -> None:
    answer = run("list")
    assert all(name in answer.stdout for name in CASES)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["make", "no-such-case", "--out", "x"], "choose a case"),
        (["make", "easy"], "--out"),
        (["make", "easy", "--out", "x", "--seed", "-1"], "seed"),
        (["make", "easy", "--out", "pyproject.toml"], "not a folder"),
        (["make", "easy", "--out", "phantoms"], "not empty"),
        (["nonsense"], "nonsense"),
        (["make", "easy", "--out", "x", "--needles"], "--into"),
        (["make", "easy", "--out", "x", "--target", "1", "-2", "3"], "--into"),
        (["make", "easy", "--out", "x", "--into", "README.md"], "--target"),
        (
            ["make", "easy", "--out", "x", "--into", "README.md", "--target", "0", "-1", "2"],
            "another kind of file",
        ),
        (
            ["make", "none", "--out", "x", "--into", "README.md", "--target", "0", "-1", "2"],
            "choose a case",
        ),
        (
            [
                "make",
                "easy",
                "--out",
                "x",
                "--into",
                "docs",
                "--target",
                "0",
                "-1",
                "2",
                "--antenna-bend",
                "300",
            ],
            "--needles",
        ),
    ],
)
def test_wrong_usage_ends_with_two_and_says_why(words: list[str], said: str) -> None:
    answer = run(*words)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.mark.slow
@pytest.mark.hazard(59)
def test_make_in_another_process_writes_the_same_bytes_and_says_where(
    easy: tuple[PhantomCase, Path], tmp_path: Path
) -> None:
    out = tmp_path / "deep" / "case"
    answer = run("make", "easy", "--out", str(out), "--seed", "3", "--json")
    assert answer.returncode == 0, answer.stderr
    content = json.loads(answer.stdout)
    assert (content["case"], content["seed"]) == ("easy", 3)
    for word in ("planning", "intraop", "labels", "template", "truth"):
        assert Path(content[word]).exists()
    assert hashes(out) == hashes(easy[1])


def test_make_into_a_scan_says_what_it_wrote(patient: Patient, tmp_path: Path) -> None:
    scan = scan_patient(patient, spacing_kji_mm=(5.0, 4.0, 4.0), rng=np.random.default_rng(1))
    write_dicom_series(scan, tmp_path / "ct", patient=patient, series_description="source")
    target = [f"{value:.1f}" for value in patient.tumour_centre_mm]
    words = ["make", "plate-slipped", "--into", str(tmp_path / "ct"), "--target", *target]
    out = tmp_path / "out"
    answer = run(*words, "--needles", "--antenna-bend", "300", "--out", str(out), "--json")
    assert answer.returncode == 0, answer.stderr
    content = json.loads(answer.stdout)
    assert "labels" not in content
    assert all(Path(content[word]).exists() for word in ("planning", "intraop", "template"))
    truth = json.loads(Path(content["truth"]).read_text())
    assert truth["source"]["values_sha256"] == scan.sha256
    assert truth["needles"][0]["bend_radius_mm"] == 300.0


def stopped_inside(error: Exception) -> Exception:
    """Give the error that a library raises in the place of a Ctrl-C."""
    error.__cause__ = KeyboardInterrupt()
    return error


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (RuntimeError("broken"), 1, "A defect of ours"),
        (KeyboardInterrupt(), 130, "Interrupted"),
        (stopped_inside(RuntimeError()), 130, "Interrupted"),
    ],
)
def test_what_goes_wrong_inside_has_its_own_exit_code(  # noqa: PLR0917 - fixtures
    raised: BaseException,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(casefiles, "make_case", fail)
    monkeypatch.setattr(sys, "argv", ["phantoms", "make", "easy", "--out", str(tmp_path / "x")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == code
    spoken = capsys.readouterr()
    assert said in spoken.err
    assert "Traceback" not in spoken.err
    assert list(tmp_path.iterdir()) == []
