"""No name and no link leads out of a folder, and nothing that never ends is opened."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navigator.errors import FileRefusedError
from navigator.io.caps import MOST_FILES, check_regular_file
from navigator.io.documents.jsonreading import read_document_bytes
from navigator.io.paths import files_below, path_inside

pytestmark = pytest.mark.hazard(51)

UNSAFE = [
    "", ".", "..", "../x", "a/../../x", "a/..", "./x", "a//x", "/etc/passwd", "//server/share",
    "a/", "\\x", "..\\x", "C:x", "C:\\x", "x:stream", "x\0.dcm", "x\n", "x\x7f", "a\tb", "x ",
    " x", "x.", "x...", "a /b", "a./b", "CON", "con.txt", "aux.tar.gz", "a/NUL", "com1", "LPT9.dcm",
    "conin$", "x" * 201, "x/" * 600 + "x", "\uff0e\uff0e/x", "a\uff0fb", "\u2024\u2024/x",
    "\u202egnp.dcm", "a\u200bb", "\ufeffx", "a\u2028b", "\ud800", "x?", "x*", "<x>", "x|y", '"x"',
]  # fmt: skip
SAFE = [
    "x", "a/b/c.dcm", "1.2.840.10008.1", "IM 0001", "console.txt", "nullify", "com10.dcm",
    ".hidden", "Lunge rechts", "Le\u0301ber", "\u809d\u810f.dcm", "a..b", "x" * 200,
]  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE, ids=lambda name: ascii(name)[:30])
def test_a_name_that_any_system_reads_otherwise_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        path_inside(tmp_path, name)
    assert refused.value.refusal.code == "unsafe-name"
    assert str(refused.value).isprintable() or "\n" in str(refused.value)


@pytest.mark.parametrize("name", SAFE)
def test_a_plain_name_is_a_path_in_the_folder(tmp_path: Path, name: str) -> None:
    path = path_inside(tmp_path, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"1")
    assert path.resolve().is_relative_to(tmp_path.resolve())


@given(st.text(alphabet="./\\ab:\0 \u202e\uff0e~%", max_size=12))
def test_whatever_the_name_the_path_is_inside_or_there_is_none(name: str) -> None:
    folder = Path("/scans/exam")
    try:
        path = path_inside(folder, name)
    except FileRefusedError:
        return
    # string arithmetic alone, no call of the code under test
    assert os.path.normpath(path).startswith("/scans/exam/")
    assert "\\" not in name


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    folder = tmp_path / "exam"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"1")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    (folder / "circle").symlink_to(folder / "circle")
    for name in ("link", "up/secret", "circle", "circle/x"):
        with pytest.raises(FileRefusedError, match="path-outside"):
            path_inside(folder, name)


def test_the_files_below_a_folder_are_listed_once_and_in_order(tmp_path: Path) -> None:
    for name in ("b.dcm", "a/2.dcm", "a/1.dcm", ".hidden", "a/.thumb", ".store/x.dcm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    (tmp_path / "again.dcm").symlink_to(tmp_path / "b.dcm")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    names = [path.relative_to(tmp_path).as_posix() for path in files_below(tmp_path)]
    assert names == [".store/x.dcm", "a/1.dcm", "a/2.dcm", "again.dcm"]
    assert files_below(tmp_path) == files_below(tmp_path)


@pytest.mark.parametrize("target", ["outside.dcm", "outside", "nowhere"])
def test_a_link_out_of_the_folder_or_to_nothing_is_refused(tmp_path: Path, target: str) -> None:
    """Left out in silence it would be a missing slice."""
    (tmp_path / "exam").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside.dcm").write_bytes(b"1")
    (tmp_path / "exam" / "1.dcm").symlink_to(
        tmp_path / ("exam/nothing" if target == "nowhere" else target)
    )
    with pytest.raises(FileRefusedError, match="path-outside"):
        files_below(tmp_path / "exam")


def test_a_folder_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam" / "1.dcm").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "exam")
    assert [path.name for path in files_below(tmp_path / "link")] == ["1.dcm"]


@pytest.mark.hazard(47)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    """Opened for reading it would wait for a writer for ever."""
    os.mkfifo(tmp_path / "1.dcm")
    (tmp_path / "2.dcm").write_bytes(b"1")
    assert [path.name for path in files_below(tmp_path)] == ["2.dcm"]
    for read in (check_regular_file, read_document_bytes):
        with pytest.raises(FileRefusedError, match="pipe"):
            read(tmp_path / "1.dcm")


@pytest.mark.hazard(47)
@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_is_not_read() -> None:
    assert stat.S_ISCHR(Path("/dev/zero").stat().st_mode)
    with pytest.raises(FileRefusedError, match="device"):
        read_document_bytes(Path("/dev/zero"))


@pytest.mark.hazard(47)
def test_a_folder_of_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("navigator.io.paths.MOST_FILES", 5)
    for number in range(6):
        (tmp_path / f"{number}.dcm").write_bytes(b"")
    with pytest.raises(FileRefusedError, match="too-many-files"):
        files_below(tmp_path)
    assert MOST_FILES >= 10_000, "a month of exams is refused, an exam of many series is not"
