"""Whatever a foreign reader does in its child, the program goes on with one typed refusal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import SimpleITK as sitk

from navigator.errors import FileRefusedError
from navigator.io.guarded import read_guarded
from navigator.io.transforms.foreign import NATIVE_READER

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITED = (
    f"import sys; sys.path.insert(0, {str(NATIVE_READER.parent)!r})\n"
    "from native_reader import limit_this_process\n"
    "limit_this_process(int(sys.argv[2]), int(sys.argv[3]))\n"
)
only_with_limits = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no rlimits")


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., FileRefusedError]:
    """Let a reader of a given text read a file, and give the refusal."""

    def run(text: str, seconds: float = 5.0) -> FileRefusedError:
        reader, path = tmp_path / "reader.py", tmp_path / "file.h5"
        reader.write_text(text, encoding="utf-8")
        path.write_bytes(b"x")
        with pytest.raises(FileRefusedError) as error:
            read_guarded(reader, path, seconds=seconds)
        return error.value

    return run


@pytest.mark.hazard(46)
@pytest.mark.parametrize("text", ["import os; os.abort()", "raise SystemExit(3)", "1/0"])
def test_a_crash_is_a_refusal(refused: Callable[..., FileRefusedError], text: str) -> None:
    assert refused(text).refusal.code == "reader-crashed"


@pytest.mark.hazard(47)
def test_a_hang_is_a_refusal(refused: Callable[..., FileRefusedError]) -> None:
    assert refused("import time; time.sleep(60)", 0.5).refusal.code == "reader-timed-out"


@only_with_limits
@pytest.mark.hazard(47)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = bytearray(2 << 30)", "reader-crashed"),
        ("open('big', 'wb').write(bytes(4 << 20))", "reader-crashed"),
        ("while True: pass", "reader-crashed"),
        ("fs = [open('/dev/null') for _ in range(100)]", "reader-crashed"),
    ],
)
def test_memory_disk_time_and_files_are_limited(
    refused: Callable[..., FileRefusedError], text: str, code: str
) -> None:
    """Without the limit each of them would run to its end, and the answer be nonsense instead."""
    answer = "\nprint('{}')"
    limits = LIMITED.replace("int(sys.argv[3])", "1")
    assert refused(limits + text + answer).refusal.code == code


@pytest.mark.hazard(46)
@pytest.mark.parametrize(
    "text",
    ["", "print('Segmentation fault')", "print('[NaN]')", "print('[' * 100000)",
     "print('x' * (2 << 20))", "import sys; sys.stdout.buffer.write(bytes([255, 254]))"],
)  # fmt: skip
def test_an_answer_that_is_none_is_a_refusal(
    refused: Callable[..., FileRefusedError], text: str
) -> None:
    assert refused(text).refusal.code == "reader-answered-nonsense"


def test_the_reader_s_own_refusal_and_its_lack_of_memory_are_told_apart(
    refused: Callable[..., FileRefusedError],
) -> None:
    said = refused('print(\'{"error": "a bad\\\\nfile"}\')').refusal
    assert (said.code, said.got) == ("unreadable-file", "a bad file")
    assert refused("print('{\"out_of_memory\": true}')").refusal.code == "reader-out-of-memory"


def test_the_child_sees_neither_our_folder_nor_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_HOSPITAL", "secret")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    reader = tmp_path / "reader.py"
    reader.write_text(
        "import json, os, sys\n"
        "print(json.dumps([dict(os.environ), os.getcwd(), sys.path, sys.stdin.read()]))",
        encoding="utf-8",
    )
    (tmp_path / "file").write_bytes(b"")
    environment, folder, path, given = read_guarded(reader, tmp_path / "file")
    assert "TOKEN_OF_THE_HOSPITAL" not in environment
    assert not Path(folder).is_relative_to(Path.cwd())
    assert str(tmp_path) not in path
    assert given == ""


@pytest.mark.hazard(46)
def test_the_real_reader_reads_a_transform_and_refuses_a_wrong_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "transform.h5"
    sitk.WriteTransform(sitk.Euler3DTransform((1.0, 2.0, 3.0), 0.5, 0.0, 0.0), str(path))
    parts = read_guarded(NATIVE_READER, path)["parts"]
    assert parts == [["Euler3DTransform", [0.5, 0, 0, 0, 0, 0], [1, 2, 3, 0]]]
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(FileRefusedError):
        read_guarded(NATIVE_READER, path)
    assert capfd.readouterr() == ("", "")
