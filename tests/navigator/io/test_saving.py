"""A file is replaced as a whole or stays as it was, and the version before it is kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from navigator.app.output_files import OutputChoice, check_may_write_file
from navigator.errors import FileRefusedError
from navigator.io import disk
from navigator.io.documents import save_json
from navigator.io.earlier_versions import (
    carry_earlier_versions,
    earlier_versions,
    keep_earlier_version,
)
from navigator.io.saving import replaced_when_complete, save_text

REPOSITORY = Path(__file__).parents[3]
CI_KILLS, LONG_KILLS = 30, 300
CI_OFFSETS, LONG_OFFSETS = 50, 200
posix = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")


def run_apart(*words: object) -> dict[str, int]:
    """Run a program of this folder in a process of its own; give what it found."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", *map(str, words)],
        cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=550,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@posix
@pytest.mark.hazard(43)
def test_nothing_acknowledged_is_lost_however_often_the_saver_is_killed(
    tmp_path: Path, *, long_run: bool
) -> None:
    rounds = LONG_KILLS if long_run else CI_KILLS
    found = run_apart("tests.navigator.io.killed_savers", tmp_path, rounds, 43)
    assert found["rounds"] == rounds
    assert found["told"] > 0
    assert found["left_behind"] > 0, "no kill fell into a save: this proves nothing"
    assert {key: found[key] for key in ("lost", "unreadable", "doubled", "left")} == {
        "lost": 0, "unreadable": 0, "doubled": 0, "left": 0,
    }  # fmt: skip
    assert found["kept"] >= found["told"]


@posix
@pytest.mark.hazard(44)
def test_a_disk_that_ends_at_any_offset_leaves_the_old_file_whole(
    tmp_path: Path, *, long_run: bool
) -> None:
    count = LONG_OFFSETS if long_run else CI_OFFSETS
    found = run_apart("tests.navigator.io.short_of_room", tmp_path, count)
    assert found == {
        "offsets": count + 1, "refused": count, "saved": 1, "torn": 0, "left": 0, "kept": 1,
    }  # fmt: skip


SMALL_DISK = """
set -e
mount -t tmpfs -o size=64k none "$1"
cd "$2"
"$3" - "$1" <<'END'
import json, sys
from pathlib import Path
from navigator.errors import FileRefusedError
from navigator.io.saving import save_text
folder = Path(sys.argv[1])
save_text("old", folder / "plan.json")
with (folder / "filler").open("wb", buffering=0) as stream:
    try:
        while True:
            stream.write(bytes(4096))
    except OSError:
        pass
got = ""
try:
    save_text("new" * 9000, folder / "plan.json", keep_earlier=True)
except FileRefusedError as error:
    got = error.refusal.got
names = sorted(path.name for path in folder.iterdir())
print(json.dumps([got, (folder / "plan.json").read_text(), names]))
END
"""


@posix
@pytest.mark.hazard(44)
def test_a_disk_that_is_really_full_leaves_the_old_file(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare here: a small disk of one's own cannot be made")
    done = subprocess.run(  # noqa: S603 - our own script
        [unshare, "-rm", "sh", "-c", SMALL_DISK, "sh", tmp_path, REPOSITORY, sys.executable],
        capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"a small disk of one's own cannot be mounted here: {done.stderr[:80]}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "No space left on device", "old", ["filler", "plan.json"],
    ]  # fmt: skip


@pytest.mark.hazard(44)
def test_no_work_is_started_on_a_disk_that_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)

    def nearly_full(_: Path) -> object:
        return usage._replace(free=disk.LEAST_FREE_BYTES - 1)

    monkeypatch.setattr(disk.shutil, "disk_usage", nearly_full)
    for folder in (tmp_path, tmp_path / "to" / "be" / "made"):
        with pytest.raises(FileRefusedError, match="disk-full"):
            disk.check_room(folder)
    with pytest.raises(FileRefusedError, match="disk-full"):
        check_may_write_file(OutputChoice(tmp_path / "plan.json"), inputs=[])
    disk.check_room(tmp_path, needed_bytes=1000)


def test_a_disk_that_does_not_say_how_full_it_is_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: Path) -> object:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(disk.shutil, "disk_usage", silent)
    disk.check_room(tmp_path)


def save_numbered(path: Path, *versions: int) -> list[Path | None]:
    return [save_json({"version": each}, path, keep_earlier=True) for each in versions]


def texts(paths: tuple[Path, ...]) -> list[int]:
    return [json.loads(path.read_text(encoding="utf-8"))["version"] for path in paths]


@pytest.mark.hazard(43)
def test_each_version_that_is_replaced_is_kept_in_order(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    kept = save_numbered(path, *range(12))
    folder = tmp_path / "earlier"
    assert kept == [None, *(folder / f"plan.{number:04d}.json" for number in range(1, 12))]
    assert texts((path,)) == [11]
    assert texts(earlier_versions(path)) == list(range(11))


def test_the_same_again_is_no_version(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    assert save_numbered(path, 1, 1, 1) == [None, None, None]
    assert not (tmp_path / "earlier").exists()
    save_numbered(path, 2, 2, 1, 2)
    assert texts(earlier_versions(path)) == [1, 2, 1]


def test_a_version_that_a_person_deleted_does_not_come_back_under_its_number(
    tmp_path: Path,
) -> None:
    path = tmp_path / "plan.json"
    save_numbered(path, 1, 2, 3, 4)
    (tmp_path / "earlier" / "plan.0001.json").unlink()
    save_numbered(path, 5)
    assert texts(earlier_versions(path)) == [2, 3, 4]
    assert [each.name for each in earlier_versions(path)][-1] == "plan.0004.json"


def test_two_documents_of_one_folder_keep_their_versions_apart(tmp_path: Path) -> None:
    first, second = tmp_path / "plan.json", tmp_path / "plan.0001.json"
    save_numbered(first, 1, 2)
    save_numbered(second, 8, 9)
    assert texts(earlier_versions(first)) == [1]
    assert texts(earlier_versions(second)) == [8]


def test_what_else_lies_in_the_folder_of_versions_is_left_alone(tmp_path: Path) -> None:
    path, folder = tmp_path / "plan.json", tmp_path / "earlier"
    folder.mkdir()
    for name in ("plan.1.json", "plan.0007.json", "notes.txt", "plan.0008.json.bak"):
        (folder / name).write_text('{"version": 0}', encoding="utf-8")
    save_numbered(path, 1, 2)
    assert (folder / "plan.0008.json").exists()
    assert texts(earlier_versions(path)) == [0, 1]


@pytest.mark.hazard(43)
def test_a_disk_that_gives_a_file_one_name_only_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "plan.json"
    save_numbered(path, 1, 2, 3)
    assert texts(earlier_versions(path)) == [1, 2]
    assert sorted(each.name for each in (tmp_path / "earlier").iterdir()) == [
        "plan.0001.json", "plan.0002.json",
    ]  # fmt: skip


def test_a_save_that_fails_after_the_version_was_kept_keeps_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    save_numbered(path, 1)

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", broken)
        for _ in range(3):
            with pytest.raises(FileRefusedError, match="Input/output error"):
                save_numbered(path, 2)
    assert texts((path,)) == [1]
    save_numbered(path, 2)
    assert texts(earlier_versions(path)) == [1]
    assert texts((path,)) == [2]


@pytest.mark.hazard(43)
def test_versions_go_along_into_the_folder_that_replaces_their_own(tmp_path: Path) -> None:
    old = tmp_path / "old" / "plan.json"
    old.parent.mkdir()

    def carried(*coming: int) -> list[int]:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        save_numbered(folder / "plan.json", *coming)
        carry_earlier_versions(old, folder / "plan.json")
        return texts(earlier_versions(folder / "plan.json"))

    assert carried() == carried(1) == []
    save_numbered(old, 1)
    assert carried(1) == []
    assert carried(2) == carried() == [1]
    save_numbered(old, 2, 3)
    assert carried(3) == [1, 2]
    assert carried(4) == carried() == [1, 2, 3]


def test_there_is_nothing_to_keep_where_nothing_is(tmp_path: Path) -> None:
    assert keep_earlier_version(tmp_path / "plan.json") is None
    (tmp_path / "plan.json").mkdir()
    assert keep_earlier_version(tmp_path / "plan.json") is None


@pytest.mark.hazard(51)
@pytest.mark.parametrize("place", ["file", "nowhere", "folder of versions"])
def test_no_save_goes_through_a_link(tmp_path: Path, place: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other, path = elsewhere / "other.json", tmp_path / "plan.json"
    other.write_text("theirs", encoding="utf-8")
    if place == "folder of versions":
        save_numbered(path, 1)
        (tmp_path / "earlier").symlink_to(elsewhere)
    else:
        path.symlink_to(other if place == "file" else elsewhere / "nothing.json")
    with pytest.raises(FileRefusedError, match="output-is-link"):
        save_numbered(path, 2)
    assert [each.name for each in elsewhere.iterdir()] == ["other.json"]
    assert other.read_text(encoding="utf-8") == "theirs"
    assert path.is_symlink() == (place != "folder of versions")


@posix
def test_a_folder_that_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    save_numbered(path, 1)
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            # who may do everything is told no by the system call itself
            def denied(*_: object) -> None:
                raise PermissionError(13, "Permission denied")

            monkeypatch.setattr(Path, "write_bytes", denied)
        with pytest.raises(FileRefusedError, match="Permission denied"):
            save_numbered(path, 2)
    finally:
        tmp_path.chmod(0o700)
    assert texts((path,)) == [1]


@pytest.fixture
def dead() -> int:
    """Give the number of a process that has ended."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


@posix
def test_what_a_killed_writer_left_is_taken_away_and_nothing_else(
    tmp_path: Path, dead: int
) -> None:
    kept = [
        f".plan.json.{os.getppid()}.part", f".other.json.{dead}.part", f".plan.json.{dead}",
        f".planXjson.{dead}.part", ".plan.json.part", ".plan.json.9x.part",
    ]  # fmt: skip
    for name in (*kept, f".plan.json.{dead}.part", f".plan.json.{dead}.part.nrrd"):
        (tmp_path / name).write_text("half", encoding="utf-8")
    save_text("whole", tmp_path / "plan.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "plan.json"])


def test_the_name_is_on_the_disk_before_the_save_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    sync, replace = os.fsync, Path.replace

    def syncing(handle: int) -> None:
        told.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")  # noqa: PTH112
        sync(handle)

    def replacing(source: Path, target: Path) -> Path:
        told.append("replace")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", replacing)
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("what a handle is of cannot be told here")
    save_text("one", tmp_path / "plan.json")
    assert told == ["file", "replace", "folder"]


@pytest.mark.parametrize("number", [22, 95])
def test_a_disk_that_cannot_sync_folders_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    sync = os.fsync

    def no_folders(handle: int) -> None:
        if os.fstat(handle).st_mode & 0o040000:
            raise OSError(number, "cannot")
        sync(handle)

    monkeypatch.setattr(os, "fsync", no_folders)
    save_text("one", tmp_path / "plan.json")
    assert (tmp_path / "plan.json").read_text(encoding="utf-8") == "one"


def test_a_writer_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def breaking_off() -> None:
        with replaced_when_complete(tmp_path / "x.nrrd", ".nrrd") as part:
            part.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaking_off()
    assert list(tmp_path.iterdir()) == []
