"""What a machine lacks is named with the line that installs it, whatever crashes while looking."""

from __future__ import annotations

import ast
import os
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from navigator.app import doctor, doctor_children, doctor_machine, doctor_packages
from navigator.app.doctor import DRAWING_PACKAGES, examination, examination_lines, examine
from navigator.app.doctor_checks import Check, Status
from navigator.app.doctor_children import run_probes
from navigator.app.doctor_packages import MODULES, check_packages, least_version
from navigator.report.drawing import DEBIAN_DRAWING

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[3]
DECLARED = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Give a way to put a module of another content before the real one, for children alone."""
    shadows = tmp_path / "shadows"
    shadows.mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(shadows), str(REPOSITORY)]))

    def write(name: str, content: str) -> None:
        (shadows / f"{name}.py").write_text(content, encoding="utf-8")

    return write


@pytest.fixture(autouse=True)
def _children_find_this_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


@pytest.mark.slow
def test_this_machine_has_all_that_it_needs(tmp_path: Path) -> None:
    document = examine(tmp_path)
    checks = {check["name"]: check for check in document["checks"]}
    lacking = [check for check in document["checks"] if check["needed"] and check["status"] != "ok"]
    assert lacking == []
    assert document["verdict"] == "accepted"
    assert document["reasons"] == []
    assert {"Python", "numpy", "vtk", "memory", "cores", "writing here"} <= checks.keys()
    assert checks["numpy"]["found"] == version("numpy")
    assert set(document) == {"verdict", "reasons", "checks"}
    assert all(
        set(check) == {"name", "needed", "status", "found", "next_step"}
        for check in document["checks"]
    )
    assert list(tmp_path.iterdir()) == []


def test_every_declared_dependency_is_looked_for_under_its_module() -> None:
    pairs = [least_version(requirement) for requirement in DECLARED["dependencies"]]
    assert None not in pairs
    names = {name for name, _ in filter(None, pairs)}
    assert set(MODULES) <= names
    assert len(names) == len(DECLARED["dependencies"])


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("raise ImportError('libGL.so.1: cannot open shared object file')", Status.BROKEN),
        ("import os; os.abort()", Status.BROKEN),
        ("import os; os._exit(0)", Status.BROKEN),
        ("import sys; sys.exit('no')", Status.BROKEN),
        ("raise KeyboardInterrupt", Status.BROKEN),
        ("print('hello'); import warnings; warnings.warn('old')", Status.OK),
    ],
)
def test_a_package_that_crashes_is_told_and_the_others_are_still_tried(
    fake: Callable[[str, str], None], text: str, status: Status
) -> None:
    fake("trimesh", text)
    checks = check_packages(["jinja2>=3", "trimesh>=4.6", "rich>=13", "pytest>=8; extra == 'dev'"])
    assert [check.name for check in checks] == ["jinja2", "trimesh", "rich"]
    assert [check.status for check in checks] == [Status.OK, status, Status.OK]
    if status is Status.BROKEN:
        assert "cannot be imported" in checks[1].found
        assert '-m pip install --force-reinstall "trimesh"' in checks[1].next_step


@posix
def test_a_crash_is_told_by_its_signal(fake: Callable[[str, str], None]) -> None:
    fake("rich", "import os; os.abort()")
    answer = run_probes(["import:rich"])["import:rich"]
    assert (answer.ok, answer.found) == (False, "it ends the process (SIGABRT)")


def test_a_probe_that_hangs_ends(fake: Callable[[str, str], None]) -> None:
    fake("rich", "import time; time.sleep(600)")
    answers = run_probes(["import:rich", "import:csv"], limit_s=4.0)
    assert [answers[f"import:{name}"].ok for name in ("rich", "csv")] == [False, True]
    assert answers["import:rich"].found == "no answer within 4 s"


def test_a_child_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    answers = run_probes(["compile", "draw"])
    assert all("no child process" in answer.found for answer in answers.values())
    assert len(answers) == 2


def test_a_missing_and_an_old_package_come_with_the_line_that_installs_them() -> None:
    missing, old = check_packages(["no-such-package-here>=1.0", "pytest>=999"])
    assert (missing.status, missing.found) == (Status.MISSING, "not installed")
    assert missing.next_step.endswith('-m pip install "no-such-package-here>=1.0"')
    assert (old.status, old.found) == (Status.TOO_OLD, f"{version('pytest')}, needs 999")
    assert old.next_step.endswith('-m pip install "pytest>=999"')


def test_an_installation_without_metadata_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> None:
        raise PackageNotFoundError

    monkeypatch.setattr(doctor_packages, "requires", gone)
    monkeypatch.setattr(doctor_packages, "metadata", gone)
    (package,), python = check_packages(), doctor_packages.check_python()
    assert package.status is python.status is Status.MISSING
    assert "start.sh" in package.next_step


def test_an_older_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_packages.platform, "python_version", lambda: "3.10.4")
    check = doctor_packages.check_python()
    assert (check.status, check.next_step) == (Status.TOO_OLD, "install Python 3.11")


@pytest.mark.parametrize(
    ("broken", "probe"),
    [("numba", "compile"), ("gdcm", "decode"), ("pyvista", "draw")],
)
def test_what_cannot_be_done_is_told_and_the_rest_is(
    fake: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, broken: str, probe: str
) -> None:
    fake(broken, "raise ImportError('broken on purpose')")
    monkeypatch.setattr(doctor, "ABILITIES", {probe: doctor.ABILITIES[probe]})
    (check,) = doctor.check_abilities()
    assert check.status is Status.BROKEN
    assert check.needed
    assert check.next_step


def test_a_machine_without_the_drawing_packages_is_told_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_DIRS", "/nowhere")
    monkeypatch.setenv("LIBGL_DRIVERS_PATH", "/nowhere")
    monkeypatch.setenv("GBM_BACKENDS_PATH", "/nowhere")
    monkeypatch.setattr(doctor, "ABILITIES", {"draw": doctor.ABILITIES["draw"]})
    (check,) = doctor.check_abilities()
    if check.status is Status.OK:
        pytest.skip("the drivers of this machine cannot be hidden")
    assert DRAWING_PACKAGES in check.next_step


def test_the_drawing_packages_are_named_alike_everywhere() -> None:
    tree = ast.parse((REPOSITORY / "start.py").read_text(encoding="utf-8"))
    (started,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DEBIAN_DRAWING"
    ]
    assert started == DEBIAN_DRAWING
    assert f"apt-get install {' '.join(DEBIAN_DRAWING)}" == DRAWING_PACKAGES


def test_no_program_on_the_path_is_no_reason_to_reject(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    checks = doctor_machine.check_programs()
    assert {check.status for check in checks} == {Status.MISSING}
    assert not any(check.needed for check in checks)
    assert examination(checks)["verdict"] == "accepted"
    assert "apt-get install dicom3tools" in checks[0].next_step


def test_a_program_on_the_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / ("dciodvfy.exe" if os.name == "nt" else "dciodvfy")
    program.write_text("", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor_machine.check_programs()[0].found == str(program)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (tmp_path / "no", tmp_path / "file"):
        (check,) = doctor_machine.check_folder(folder)
        assert check.status is Status.MISSING
        assert check.next_step


@pytest.mark.hazard(44)
def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine, "LEAST_FREE_GIB", 1e9)
    written, room = doctor_machine.check_folder(tmp_path)
    assert (written.status, room.status) == (Status.OK, Status.MISSING)
    assert "free some room" in room.next_step


@pytest.mark.parametrize(
    ("memory", "status"),
    [(2 * 1024**3, Status.LOW), (4 * 1024**3, Status.OK), (None, Status.OK)],
)
def test_little_memory_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, memory: int | None, status: Status
) -> None:
    monkeypatch.setattr(doctor_machine, "_memory_bytes", lambda: memory)
    check = doctor_machine.check_memory()
    assert check.status is status
    assert examination([check])["verdict"] == ("accepted" if status is Status.OK else "warning")


def test_a_container_s_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "none").write_text("max\n", encoding="ascii")
    (tmp_path / "one").write_text(f"{1024**3}\n", encoding="ascii")
    monkeypatch.setattr(doctor_machine, "CGROUP_LIMITS", (tmp_path / "none", tmp_path / "one"))
    assert doctor_machine._memory_bytes() in (1024**3, None)


def lines_of(*checks: Check) -> str:
    return "\n".join(examination_lines(examination(checks)))


def test_the_text_names_what_is_here_shortly_and_what_is_missing_in_full() -> None:
    text = lines_of(
        Check("numpy", Status.OK, "2.0"),
        Check("vtk", Status.MISSING, "not installed", "pip install vtk"),
        Check("Orthanc", Status.MISSING, "not there", "apt-get install orthanc", needed=False),
    )
    assert text.splitlines() == [
        "here: numpy",
        "NEEDED: vtk: not installed",
        "    pip install vtk",
        "optional: Orthanc: not there",
        "    apt-get install orthanc",
        "1 of 2 needed things are in order: rejected",
    ]


def test_the_verdict_follows_the_worst_needed_thing() -> None:
    def verdict(*statuses: Status) -> Any:  # noqa: ANN401 - a word of JSON
        return examination([Check("x", each, "f", "n") for each in statuses])

    assert verdict(Status.OK)["verdict"] == "accepted"
    assert verdict(Status.OK, Status.LOW)["verdict"] == "warning"
    for bad in (Status.MISSING, Status.TOO_OLD, Status.BROKEN):
        document = verdict(Status.LOW, bad)
        assert document["verdict"] == "rejected"
        assert document["reasons"][1] == {
            "code": f"machine-{bad.value}", "message": "x: f. Do next: n",
        }  # fmt: skip


def test_it_runs_without_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for status, code in ((Status.OK, 0), (Status.MISSING, 3)):
        document = examination([Check("numpy", status, "x", "pip install numpy")])
        monkeypatch.setattr(doctor, "examine", lambda _, found=document: found)
        assert doctor.main() == code
        assert "numpy" in capsys.readouterr().out


def test_nothing_that_may_be_missing_is_imported_by_the_doctor_itself() -> None:
    rooms = [doctor, doctor_children, doctor_machine, doctor_packages]
    files = [Path(str(room.__file__)) for room in rooms]
    files += [files[0].with_name(f"doctor_{name}.py") for name in ("checks", "probes")]
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [str(node.module)]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert imported <= {*sys.stdlib_module_names, "navigator"}
        own = [line for line in file.read_text(encoding="utf-8").splitlines()
               if line.startswith("from navigator.")]  # fmt: skip
        assert all(line.startswith("from navigator.app.doctor") for line in own)
